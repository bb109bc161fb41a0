"""The techniques of a recipe, one after the other, on a network."""

from collections.abc import Callable

import keras
import numpy as np

from datasets.errors import ModelError
from keras_models.compression.catalogue import technique
from keras_models.compression.contract import Float32s
from keras_models.compression.recipes import Compression


def compressed(
    model: keras.Model,
    compression: Compression,
    pictures: Callable[[], Float32s],
) -> keras.Model:
    """A cheaper model of fresh layers, at the parent's own resolution.

    Args:
        pictures: gives calibration pictures as the model takes them; asked only where
            a technique looks at some.
    Raises:
        ModelError: a technique does not apply, or not at that strength.
    """
    made = model
    for step in compression.steps:
        known = technique(step.technique)
        if why := known.applies(made):
            raise ModelError.of(
                model.name, f"{known.name} does not apply ({why.rstrip('.')})"
            )
        _, *shape = made.inputs[0].shape
        seen = pictures() if known.needs_pictures else _none(shape)
        made = known.apply(made, step.strength, seen, step.repairs)
    return made


def _none(shape: list[int]) -> Float32s:
    return np.empty((0, *shape), np.float32)
