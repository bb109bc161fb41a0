"""Masks and clusters against numpy's own sorting, and against another library's."""

from importlib.util import find_spec

import numpy as np
import pytest

from datasets.errors import InputError
from keras_models.compression import clustering, magnitude, two_four
from keras_models.compression.catalogue import TECHNIQUES
from keras_models.compression.contract import Float32s
from keras_models.compression.kernels import kernels
from keras_models.compression.tfmot import PACKAGES, done_by_tfmot
from tests.convert.small import network

SHAPES = ((3, 3, 3, 16), (1, 1, 16, 30), (30, 10), (3, 3, 8, 12))
NONE = np.empty((0, 32, 32, 3), np.float32)


def _weights(*shapes: tuple[int, ...]) -> list[Float32s]:
    generator = np.random.default_rng(0)
    return [generator.normal(size=shape).astype(np.float32) for shape in shapes]


@pytest.mark.parametrize("strength", [0.1, 0.5, 0.9, 0.999])
def test_the_smallest_weights_go(strength: float) -> None:
    (kernel,) = _weights((3, 3, 8, 12))
    kept = magnitude.mask(kernel, strength)
    count = max(round(kernel.size * (1 - strength)), 1)
    largest = np.sort(np.abs(kernel).ravel())[::-1][:count]
    assert kept.sum() == count
    np.testing.assert_array_equal(np.sort(np.abs(kernel[kept]))[::-1], largest)


def test_one_threshold_for_all_kernels() -> None:
    """Of two layers the one of small weights loses all but its largest."""
    model = network()
    convolution, *_ = (one for one in kernels(model))
    convolution.variable.assign(1e-6 * convolution.values)
    own = TECHNIQUES["magnitude_global"].apply(model, 0.6, NONE)
    first, *others = kernels(own)
    assert np.count_nonzero(first.values) == 1
    total = sum(one.values.size for one in kernels(own))
    left = sum(np.count_nonzero(one.values) for one in others)
    assert left == round(total * (1 - np.float32(0.6)))


@pytest.mark.parametrize("axis", [-2, -1, 0])
def test_two_of_four_stay(axis: int) -> None:
    (kernel,) = _weights((3, 3, 10, 12))
    kept = np.moveaxis(two_four.mask(kernel, axis), axis, -1)
    values = np.moveaxis(np.abs(kernel), axis, -1)
    for start in range(0, values.shape[-1], 4):
        group, own = values[..., start : start + 4], kept[..., start : start + 4]
        assert (own.sum(axis=-1) == min(2, group.shape[-1])).all()
        least = np.where(own, group, np.inf).min(axis=-1)
        most = np.where(own, -np.inf, group).max(axis=-1)
        assert (least >= most).all()


def test_clusters_are_few_near_and_keep_zeros() -> None:
    (kernel,) = _weights((3, 3, 30, 64))
    kernel = kernel * magnitude.mask(kernel, 0.3)
    own = clustering.clustered(kernel, 16)
    assert len(np.unique(own[own != 0])) <= 16
    np.testing.assert_array_equal(own == 0, kernel == 0)
    steps = np.linspace(kernel.min(), kernel.max(), 16, dtype=np.float32)
    plain = np.abs(kernel[..., None] - steps).min(axis=-1)
    assert np.square(own - kernel).sum() < np.square(plain).sum()


def test_k_means_is_at_a_fixed_point() -> None:
    """Each centroid is the mean of what is nearest to it: Lloyd's condition."""
    (kernel,) = _weights((64, 64))
    own = clustering.clustered(kernel, 8)
    for value in np.unique(own):
        assert np.isclose(kernel[own == value].mean(), value, atol=1e-5)
    values = np.unique(own)
    nearest = values[np.abs(kernel[..., None] - values).argmin(axis=-1)]
    np.testing.assert_array_equal(nearest, own)


def test_a_strength_of_clustering_is_bits() -> None:
    counts = [clustering.centroids_of(one) for one in (0.75, 0.875, 0.90625, 0.96875)]
    assert counts == [256, 16, 8, 2]
    with pytest.raises(InputError, match="of 32 bits a weight"):
        clustering.centroids_of(0.3)


@pytest.mark.slow
def test_masks_are_those_of_tensorflow_model_optimization() -> None:
    """The library itself, in its process, on the same kernels."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed: pip install reswise[tfmot]")
    sent = _weights(*SHAPES)
    back = done_by_tfmot("magnitude", 0.35, sent)
    for kernel, own in zip(sent, back, strict=True):
        np.testing.assert_array_equal(own, kernel * magnitude.mask(kernel, 0.35))
    back = done_by_tfmot("two_four", 0.5, sent)
    for kernel, own in zip(sent, back, strict=True):
        np.testing.assert_array_equal(own, kernel * two_four.mask(kernel, -2))
    back = done_by_tfmot("clustering", 0.875, sent)
    for kernel, own in zip(sent, back, strict=True):
        centroids = np.unique(own)
        assert len(centroids) <= 16
        np.testing.assert_array_equal(own, clustering.assigned(kernel, centroids))
