"""Weight clustering: the weights of each kernel take k values, which a zip packs well.

The centroids are those of k-means in one dimension (Lloyd 1982), begun at equal steps
between the smallest and the largest weight (Han et al. 2016, arXiv:1510.00149) and by
the cube root of the weights' density (Panter and Dite 1951); the one of the smaller
error is taken. A weight that is 0 stays 0, so that masks survive.

The strength is the part of a weight's 32 bits that is taken away: 0.875 leaves 4 bits,
which is 16 centroids.
"""

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.errors import InputError
from keras_models.compression.contract import Float32s, check_strength
from keras_models.compression.kernels import Change, Kernel, OnKernels

Float64s = NDArray[np.float64]

_BITS = 32
_MOST_BITS = 16
_ROUNDS = 100
_BINS = 512


def centroids_of(strength: float) -> int:
    """How many values a strength leaves.

    Raises:
        InputError: fewer than 2, or more than anybody needs.
    """
    bits = _BITS * (1 - strength)
    if not 1 <= round(bits, 6) <= _MOST_BITS:
        raise InputError(
            "strength",
            f"{strength:g}",
            "1 to 16, such as 0.875 for 4 bits, 16 centroids",
            fault=f"leaves {bits:g} of 32 bits a weight",
        )
    return round(2**bits)


def clustered(weights: Float32s, centroids: int) -> Float32s:
    """Each weight as the nearest centroid; zeros as they are.

    A kernel of no more values than centroids stays as it is.
    """
    held = weights != 0
    values = np.sort(weights[held].ravel().astype(np.float64))
    if len(np.unique(values)) <= centroids:
        return weights
    nearest = assigned(weights, _means(values, centroids).astype(np.float32))
    return np.where(held, nearest, np.float32(0)).astype(np.float32)


def assigned(weights: Float32s, centroids: Float32s) -> Float32s:
    """Each weight as the nearest centroid.

    Args:
        centroids: ascending.
    """
    edges = (centroids[1:].astype(np.float64) + centroids[:-1]) / 2
    return np.asarray(centroids[np.searchsorted(edges, weights)])


def _means(values: Float64s, count: int) -> Float64s:
    """Ascending centroids of sorted values: the better of two beginnings."""
    steps = np.linspace(values[0], values[-1], count)
    ends = [_lloyd(values, begun) for begun in (steps, _dense_steps(values, count))]
    errors = [float(np.square(_nearest(values, end) - values).sum()) for end in ends]
    return ends[int(np.argmin(errors))]


def _dense_steps(values: Float64s, count: int) -> Float64s:
    """Closer together where many weights are: by the cube root of their density."""
    heights, edges = np.histogram(values, bins=_BINS)
    reached = np.concatenate([[0.0], np.cumsum(np.cbrt(heights))])
    wanted = (np.arange(count) + 0.5) / count * reached[-1]
    return np.asarray(np.interp(wanted, reached, edges))


def _lloyd(values: Float64s, centroids: Float64s) -> Float64s:
    """Centroids moved to the means of their clusters; of an empty one the old stays."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    for _ in range(_ROUNDS):
        edges = np.searchsorted(values, (centroids[1:] + centroids[:-1]) / 2)
        ends = np.concatenate([[0], edges, [len(values)]])
        sizes = np.diff(ends)
        means = np.diff(sums[ends]) / np.maximum(sizes, 1)
        moved = np.where(sizes > 0, means, centroids)
        if np.array_equal(moved, centroids):
            break
        centroids = moved
    return centroids


def _nearest(values: Float64s, centroids: Float64s) -> Float64s:
    edges = (centroids[1:] + centroids[:-1]) / 2
    return np.asarray(centroids[np.searchsorted(edges, values)])


class Clustering(OnKernels):
    """K-means of each kernel's weights."""

    name = "clustering"
    what = "the weights of each kernel take a few values (k-means)"
    strength_is = "the part of a weight's 32 bits taken away: 0.875 is 16 centroids"
    strengths = (0.75, 0.8125, 0.84375, 0.875, 0.90625)
    keeps = "zeros, biases and batch norm, to the bit"

    def change(self, model: keras.Model, strength: float) -> Change:
        del model
        check_strength(self.name, strength)
        centroids = centroids_of(strength)

        def values_of(kernel: Kernel) -> Float32s:
            return clustered(kernel.values, centroids)

        return values_of
