"""One layer and a sample of what it takes and gives: what its splits are made from."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float64s = NDArray[np.float64]

_PIXELS = 20_000  # enough for the covariance of channels
_LARGE = 256


@dataclass(frozen=True)
class Seen:
    """A layer, and a sample of what it takes and gives."""

    layer: Any  # Conv2D of one group, or Dense
    taken: NDArray[np.float32]  # (n, taps x channels) patches
    given: NDArray[np.float32]  # (n, filters), before activation
    scale: Float64s  # (filters,)

    def halves(self) -> tuple["Seen", "Seen"]:
        """Of the first pictures and of the others: rows are in their order."""
        middle = len(self.taken) // 2
        first, second = (
            Seen(self.layer, self.taken[part], self.given[part], self.scale)
            for part in (slice(middle), slice(middle, None))
        )
        return first, second

    @cached_property
    def kernel(self) -> Float64s:
        """(height, width, channels, filters); a dense layer's is 1 x 1."""
        kernel = np.asarray(self.layer.kernel, np.float64)
        return kernel if kernel.ndim == 4 else kernel[None, None]

    @cached_property
    def principal(self) -> tuple[Float64s, Float64s]:
        """(filters, all) directions of the scaled outputs, their variances, descending.

        Where there are more filters than numbers in a patch, found among the patches.
        """
        inputs = self.taken.shape[1]
        if inputs >= len(self.scale):
            covariance = _covariance(self.given) * np.outer(self.scale, self.scale)
            values, directions = _eigen(covariance)
            return directions, values
        values, axes = _eigen(_covariance(self.taken))
        roots = np.sqrt(values)[:, None] * axes.T
        mixed = roots @ (self.kernel.reshape(inputs, -1) * self.scale)
        values, axes = _eigen(mixed @ mixed.T)
        norms = np.sqrt(values + 1e-12 * max(values[0], 1e-30))
        return mixed.T @ axes / norms, values

    @cached_property
    def roots(self) -> tuple[Float64s, Float64s]:
        """The root of the channels' covariance, mean over the taps, and its inverse."""
        channels = self.kernel.shape[2]
        rows = self.taken.reshape(-1, channels)[:_PIXELS]
        values, axes = _eigen(_covariance(rows))
        values = values + 1e-6 * max(float(values.mean()), 1e-12)
        return (axes * np.sqrt(values)) @ axes.T, (axes / np.sqrt(values)) @ axes.T

    @cached_property
    def whitened(self) -> Float64s:
        """The kernel as whitened inputs and scaled outputs see it."""
        kernel = np.einsum("abio,ij->abjo", self.kernel, self.roots[0])
        return np.asarray(kernel * self.scale)

    @cached_property
    def columns(self) -> Float64s:
        """(height x channels, all): left singular vectors times values, rows first."""
        height, _, channels, _ = self.kernel.shape
        flat = self.whitened.transpose(0, 2, 1, 3).reshape(height * channels, -1)
        values, vectors = _eigen(flat @ flat.T)
        return vectors * np.sqrt(values)

    @cached_property
    def entrances(self) -> Float64s:
        """(channels, channels): directions of whitened inputs, the largest first."""
        flat = self.whitened.transpose(2, 0, 1, 3).reshape(self.kernel.shape[2], -1)
        return _eigen(flat @ flat.T)[1]


def _eigen(matrix: Float64s) -> tuple[Float64s, Float64s]:
    """Eigenvalues, descending and not below 0, and eigenvectors as columns.

    Large ones in float32, for time: what is left of small directions does not matter,
    since all that is made of them is fitted afterwards.
    """
    kind = np.float32 if len(matrix) > _LARGE else np.float64
    values, vectors = np.linalg.eigh(matrix.astype(kind))
    descending = vectors[:, ::-1].astype(np.float64)
    return values[::-1].astype(np.float64).clip(0), descending


def _covariance(rows: NDArray[np.float32]) -> Float64s:
    centred = rows - rows.mean(axis=0)
    return np.asarray(centred.T @ centred, np.float64) / len(rows)
