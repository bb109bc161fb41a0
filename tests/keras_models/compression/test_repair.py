"""Repairs give back what was spoilt, and change nothing where nothing was."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import layers
from numpy.typing import NDArray

from keras_models.compression.contract import ALL_REPAIRS, NO_REPAIRS, Repairs
from keras_models.compression.repair import Counterpart, repair
from keras_models.compression.surgery import rewritten

BIAS = replace(NO_REPAIRS, bias=True)
NORM = replace(NO_REPAIRS, batch_norm=True)


def _pixels(count: int = 20) -> NDArray[np.float32]:
    drawn = np.random.default_rng(1).normal(size=(count, 8, 8, 3))
    return drawn.astype(np.float32)


def _model() -> keras.Model:
    keras.utils.set_random_seed(2)
    taken = keras.Input((8, 8, 3))
    x = layers.Conv2D(6, 3, activation="relu", name="plain")(taken)
    x = layers.Conv2D(5, 3, use_bias=False, name="bare")(x)
    x = layers.ReLU()(layers.BatchNormalization(name="norm")(x))
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(taken, layers.Dense(4, "softmax", name="scores")(x))
    generator = np.random.default_rng(3)
    norm = model.get_layer("norm")
    norm.set_weights([generator.uniform(0.5, 2, 5) for _ in range(4)])
    return model


def _scores(model: keras.Model) -> NDArray[np.float32]:
    return np.asarray(model.predict(_pixels(), verbose=0))


@pytest.mark.parametrize("repairs", [BIAS, NORM, ALL_REPAIRS])
def test_an_unspoilt_copy_stays_as_it_is(repairs: Repairs) -> None:
    model = _model()
    copy = rewritten(model, {})
    repair(model, copy, _pixels(), repairs)
    np.testing.assert_allclose(_scores(copy), _scores(model), atol=1e-6)


def test_shifted_biases_and_statistics_come_back() -> None:
    model = _model()
    copy = rewritten(model, {})
    for name, tensor, by in (("plain", 1, 0.3), ("norm", 2, -0.4), ("scores", 1, 0.2)):
        weights = copy.get_layer(name).get_weights()
        weights[tensor] = weights[tensor] + by * np.arange(len(weights[tensor]))
        copy.get_layer(name).set_weights(weights)
    assert np.abs(_scores(copy) - _scores(model)).max() > 0.01
    repair(model, copy, _pixels(), NO_REPAIRS)
    assert np.abs(_scores(copy) - _scores(model)).max() > 0.01
    repair(model, copy, _pixels(), BIAS)
    np.testing.assert_allclose(_scores(copy), _scores(model), atol=1e-5)


def _normalised(model: keras.Model) -> NDArray[np.float32]:
    maps = keras.Model(model.inputs, model.get_layer("norm").output)
    return np.asarray(maps.predict(_pixels(), verbose=0))


def test_a_scaled_kernel_comes_back_by_its_batch_norm() -> None:
    """Its variance is measured anew; a bias alone cannot do that."""
    model = _model()
    left = {}
    for repairs in (BIAS, NORM):
        copy = rewritten(model, {})
        bare = copy.get_layer("bare")
        bare.set_weights([1.7 * bare.get_weights()[0]])
        repair(model, copy, _pixels(), repairs)
        left[repairs] = np.abs(_normalised(copy) - _normalised(model)).max()
    assert left[NORM] < 0.01 < left[BIAS]


def test_channels_that_are_left_are_held_against_their_own() -> None:
    """A layer of some of the parent's channels, in another order."""
    model, kept = _model(), np.array([4, 1, 3])
    taken = keras.Input((8, 8, 3))
    x = layers.Conv2D(6, 3, activation="relu", name="plain")(taken)
    x = layers.Conv2D(3, 3, use_bias=False, name="bare")(x)
    cheaper = keras.Model(taken, layers.BatchNormalization(name="norm")(x))
    cheaper.get_layer("plain").set_weights(model.get_layer("plain").get_weights())
    kernel = model.get_layer("bare").get_weights()[0][..., kept]
    cheaper.get_layer("bare").set_weights([0.5 * kernel])
    norm = model.get_layer("norm")
    cheaper.get_layer("norm").set_weights([w[kept] for w in norm.get_weights()])
    stands_for = {cheaper.get_layer("norm"): Counterpart(norm, kept)}
    repair(model, cheaper, _pixels(), NORM, stands_for)
    wanted = keras.Model(model.inputs, norm.output).predict(_pixels(), verbose=0)
    np.testing.assert_allclose(
        cheaper.predict(_pixels(), verbose=0), wanted[..., kept], atol=0.01
    )
