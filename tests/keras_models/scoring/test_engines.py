"""One conversion serves several resolutions only where it runs and answers alike."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_models.rebuilding import rebuild
from keras_models.scoring.engines import LitertEngine, checked_flatbuffer, serves
from tests.keras_models.user_models import SIDE, image, tail


def _attention(maps: Any) -> Any:
    rows = layers.Reshape((-1, 4))(layers.Conv2D(4, 4, strides=4)(maps))
    rows = layers.MultiHeadAttention(1, 4)(rows, rows)
    return layers.Dense(3, "softmax")(layers.GlobalAveragePooling1D()(rows))


SIZES_INSIDE: dict[str, Callable[[Any], Any]] = {
    "groups": lambda maps: tail(layers.GroupNormalization(1)(maps)),
    "attention": _attention,
    "roll": lambda maps: tail(ops.roll(maps, 2, axis=1)),
}


@pytest.mark.parametrize("name", SIZES_INSIDE)
def test_a_file_that_fits_one_size_is_not_used_at_another(name: str) -> None:
    keras.utils.set_random_seed(2)
    taken = image(24, 24, 3)
    model = keras.Model(taken, SIZES_INSIDE[name](taken))
    lower = rebuild(model, SIDE)
    native = checked_flatbuffer("mine@24", model)
    assert serves(native, model)
    own = checked_flatbuffer("mine@16", lower)
    used = native if serves(native, lower) else own
    drawn = np.random.default_rng(3).uniform(-1, 1, (2, SIDE, SIDE, 3))
    images = drawn.astype(np.float32)
    found = LitertEngine(used, SIDE, 1).scores(images)
    assert np.abs(found - np.asarray(lower(images))).max() < 1e-4
    assert serves(own, lower)
    assert name != "attention" or used is own
