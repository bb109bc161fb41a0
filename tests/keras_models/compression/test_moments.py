"""Moments against numpy over all patches, and patches against the layer itself."""

import keras
import numpy as np
import pytest
from keras import layers
from numpy.typing import NDArray

from datasets.errors import InputError
from keras_models.compression.moments import draw, layer_moments, patches


def _pixels(count: int = 5, side: int = 11) -> NDArray[np.float32]:
    drawn = np.random.default_rng(1).normal(size=(count, side, side, 3))
    return drawn.astype(np.float32)


CONVOLUTIONS = (
    layers.Conv2D(4, 3, padding="same"),
    layers.Conv2D(4, 3, strides=2, padding="same"),
    layers.Conv2D(4, (2, 5), strides=(2, 1), padding="same"),
    layers.Conv2D(4, 3, dilation_rate=2, padding="same"),
    layers.Conv2D(4, (3, 2), strides=2),
)


@pytest.mark.parametrize("layer", CONVOLUTIONS)
def test_patches_times_kernel_are_what_the_layer_gives(layer: layers.Conv2D) -> None:
    maps = _pixels()
    given = np.asarray(layer(maps))
    everywhere = draw(given.shape, given[0].size, np.random.default_rng(0))
    rows = patches(layer, maps, everywhere)
    kernel = np.asarray(layer.kernel).reshape(-1, 4)
    np.testing.assert_allclose(rows @ kernel, given.reshape(-1, 4), atol=1e-4)


def _model() -> keras.Model:
    taken = keras.Input((11, 11, 3))
    x = layers.Conv2D(4, 3, name="conv")(taken)
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
    return keras.Model(taken, layers.Dense(2, name="dense")(x))


def test_moments_are_those_of_numpy() -> None:
    """numpy.cov over every place of every picture; more than one batch of them."""
    model, pictures = _model(), _pixels(40)
    conv, dense = model.get_layer("conv"), model.get_layer("dense")
    found = layer_moments(model, [conv, dense], pictures, places=81)
    given = np.asarray(conv(pictures)).reshape(-1, 4).astype(np.float64)
    moments = found[conv].given
    assert moments is not None
    assert moments.count == 40 * 81
    np.testing.assert_allclose(moments.mean, given.mean(axis=0), atol=1e-5)
    wanted = np.cov(given.T, bias=True)
    np.testing.assert_allclose(moments.covariance, wanted, atol=1e-4)
    taken = found[conv].taken
    assert taken is not None
    assert taken.second.shape == (27, 27)
    np.testing.assert_allclose(taken.second[0, 0], 1, atol=0.1)  # normal pixels
    last = found[dense].given
    assert last is not None
    assert last.count == 40
    scores = model.predict(pictures, verbose=0)
    np.testing.assert_allclose(last.mean, scores.mean(axis=0), atol=1e-5)


def test_places_are_drawn_by_the_seed_alone() -> None:
    model, pictures = _model(), _pixels()
    conv = model.get_layer("conv")

    def second(seed: int) -> NDArray[np.float64]:
        found = layer_moments(model, [conv], pictures, places=7, seed=seed)[conv]
        assert found.taken is not None
        assert found.taken.count == 5 * 7
        return found.taken.second

    np.testing.assert_array_equal(second(1), second(1))
    assert np.any(second(1) != second(2))


def test_what_has_no_patches_is_refused_in_one_line() -> None:
    model = _model()
    with pytest.raises(InputError, match="at least one"):
        layer_moments(model, model.layers[1:2], _pixels(0))
    with pytest.raises(InputError, match="Conv2D of one group") as refused:
        layer_moments(model, model.layers[2:3], _pixels())
    assert "\n" not in str(refused.value)
