"""Half-precision models: float32 copies, held against the model as it was loaded."""

from collections.abc import Iterator

import keras
import numpy as np
import pytest
from keras import layers

from datasets.errors import InputError
from keras_models.loading import from_model
from tests.keras_models import user_models as models


@pytest.fixture(params=["mixed_float16", "mixed_bfloat16"])
def policy(request: pytest.FixtureRequest) -> Iterator[str]:
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy("float32")


def _nested() -> keras.Model:
    taken = models.image()
    numbers = layers.Normalization(mean=[120.0] * 3, variance=[4000.0] * 3)
    block = models.nested(layers.Conv2D(4, 3), layers.BatchNormalization())
    x = layers.GlobalAveragePooling2D()(block(numbers(taken)))
    x = layers.Dense(3, kernel_initializer="he_normal")(x)
    return keras.Model(taken, layers.Activation("softmax", dtype="float32")(x))


def test_a_copy_in_float32_is_measured_and_said(policy: str) -> None:
    keras.utils.set_random_seed(1)
    model = _nested()
    keras.config.set_dtype_policy("float32")
    source = from_model(model)
    images = models.pixels()
    loaded = np.asarray(model(images, training=False), np.float32)
    found = np.asarray(source.model(images, training=False))
    assert 0 < np.abs(found - loaded).max() < 2e-2  # another precision, same network
    assert np.abs(source.own_scores(images) - found).max() < 1e-6
    assert all(layer.compute_dtype == "float32" for layer in source.own.layers)
    for mine, theirs in zip(source.own.weights, model.weights, strict=True):
        assert np.array_equal(np.asarray(mine), np.asarray(theirs))
    assert f"float32 copy of a {policy} model" in source.remarks[0]


def test_float16_pixels_and_outputs(policy: str) -> None:
    del policy
    taken = models.image(dtype="float16")
    model = keras.Model(taken, models.tail(layers.Rescaling(1 / 255)(taken)))
    source = from_model(model)
    assert str(source.model.outputs[0].dtype) == "float32"
    assert str(source.model.inputs[0].dtype) == "float32"


@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize`")
def test_quantised_models_are_refused() -> None:
    model = models.entered(layers.Rescaling(1 / 255))()
    model.quantize("int8")
    with pytest.raises(InputError, match=r"quantised .*float model"):
        from_model(model)
