"""What computes scores: Keras itself, or the float .tflite of the model by LiteRT.

The .tflite is faster on a CPU by far (WORKSPACE.md, decision 4) and as faithful: a
sweep compares both on some pictures of every rung before it trusts it.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.errors import ModelError
from keras_models.framework import silent

Images = NDArray[np.float32]
Scores = NDArray[np.float32]

AGREEMENT = 1e-4  # largest difference of a score between engine and Keras


class Engine(Protocol):
    """Images, normalised, (n, R, R, 3) -> scores (n, classes)."""

    def scores(self, images: Images) -> Scores: ...


@dataclass(frozen=True)
class KerasEngine:
    """The model as it is, on whatever backend Keras runs."""

    model: keras.Model

    def scores(self, images: Images) -> Scores:
        return np.asarray(self.model.predict_on_batch(images), np.float32)


class LitertEngine:
    """One image after the other through a .tflite; batches are no faster there.

    Not for two threads at once: `EnginePool` holds one for each.
    """

    def __init__(self, flatbuffer: bytes, resolution: int, threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        with silent():  # LiteRT names its delegate on standard error
            self._interpreter: Any = Interpreter(
                model_content=flatbuffer, num_threads=threads
            )
            self._input = self._interpreter.get_input_details()[0]["index"]
            shape = [1, resolution, resolution, 3]
            self._interpreter.resize_tensor_input(self._input, shape, strict=False)
            self._interpreter.allocate_tensors()
        self._output = self._interpreter.get_output_details()[0]["index"]

    def scores(self, images: Images) -> Scores:
        return np.stack([self._one(image) for image in images])

    def _one(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        self._interpreter.set_tensor(self._input, image[None])
        self._interpreter.invoke()
        return np.asarray(self._interpreter.get_tensor(self._output)[0])


def litert_available() -> bool:
    """Whether models can be converted and run here: TensorFlow backend and LiteRT."""
    from importlib.util import find_spec

    installed = find_spec("ai_edge_litert") is not None
    return installed and keras.backend.backend() == "tensorflow"


def float_flatbuffer(model: keras.Model) -> bytes:
    """The model as a float32 .tflite with batch 1. Needs the TensorFlow backend.

    The converter takes the traced function itself: a quarter of the time of
    `from_keras_model`, which writes a SavedModel and reads it back, and the same bits.
    """
    import tensorflow as tf

    resolution = model.inputs[0].shape[1]
    image = tf.TensorSpec((1, resolution, resolution, 3), tf.float32, name="image")
    with silent():
        traced = tf.function(lambda image: model(image, training=False))
        concrete = traced.get_concrete_function(image)
        converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
        return bytes(converter.convert())


def serves(flatbuffer: bytes, model: keras.Model) -> bool:
    """Whether a file converted at one resolution also gives the scores at another.

    Sizes that a conversion made constants, as in GroupNormalization and attention, let
    it fail on other maps, or answer otherwise.
    """
    resolution = model.inputs[0].shape[1]
    drawn = np.random.default_rng(resolution).uniform(
        -1, 1, (2, resolution, resolution, 3)
    )
    images = (drawn * [[[[1.0]]], [[[127.5]]]]).astype(np.float32)  # small and large
    try:
        scores = LitertEngine(flatbuffer, resolution, 1).scores(images)
    except (RuntimeError, ValueError):  # LiteRT cannot resize it, or run it so
        return False
    expected = np.asarray(model(images, training=False), np.float32)
    if scores.shape != expected.shape:
        return False
    return bool(np.allclose(scores, expected, rtol=0, atol=AGREEMENT, equal_nan=True))


def checked_flatbuffer(rung: str, model: keras.Model) -> bytes:
    """`float_flatbuffer` of a model that LiteRT can run.

    Args:
        rung: such as mobilenet_v2@160, for the error.
    Raises:
        InputError: it does not convert, or does not run.
    """
    resolution = model.inputs[0].shape[1]
    try:
        flatbuffer = float_flatbuffer(model)
        LitertEngine(flatbuffer, resolution, 1).scores(
            np.zeros((1, resolution, resolution, 3), "f")
        )
    except Exception as error:  # the converter raises a class for each of its faults
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError.of(
            rung, f"LiteRT cannot run it ({first_line})", "", "Use `engine=keras`."
        ) from error
    return flatbuffer
