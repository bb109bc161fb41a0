"""How much the scores suffer from an error in each channel that a layer gives.

To second order a small error e in a layer's outputs moves the scores by the divergence
KL = 1/2 e^T F e, F being the Fisher information (Amari 1998). Of F the diagonal is
taken, and errors at different places as independent:
1. For each calibration picture a class is drawn from the network's own scores.
2. The gradient of its log-probability at every layer's outputs is squared, and summed
   over the places of the map.
So errors of layers of all kinds and sizes are in one unit, and no label is asked for.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.errors import InputError
from keras_models.compression.repair import without_activation
from keras_models.compression.running import result
from keras_models.graphs.calls import Calls, calls

Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]

PICTURES = 48
_BATCH = 8
_LEAST = 1e-3  # of the mean of a layer's channels: none is free to be wrong


def sensitivities(
    model: keras.Model, layers: Sequence[keras.Layer], pictures: Float32s, seed: int = 0
) -> dict[keras.Layer, Float64s]:
    """For each layer, before its activation: (channels,) Fisher information a picture.

    Args:
        pictures: as the model takes them; the first PICTURES are used.
    Raises:
        InputError: Keras runs on another backend than TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise InputError(
            "KERAS_BACKEND", keras.backend.backend(), "tensorflow",
            "Low rank takes its gradients from TensorFlow.",
        )  # fmt: skip
    graph, rng = calls(model), np.random.default_rng(seed)
    found: dict[keras.Layer, Any] = dict.fromkeys(layers, 0.0)
    used = pictures[:PICTURES]
    linear = {layer: without_activation(layer) for layer in layers}
    for start in range(0, len(used), _BATCH):
        batch = used[start : start + _BATCH]
        for layer, squares in _squared_gradients(graph, linear, batch, rng):
            found[layer] = found[layer] + squares / len(used)
    return {layer: sums + _LEAST * np.mean(sums) for layer, sums in found.items()}


def _squared_gradients(
    graph: Calls, linear: dict[Any, Any], batch: Float32s, rng: np.random.Generator
) -> list[tuple[Any, Float64s]]:
    import tensorflow as tf

    maps: dict[int, Any] = {0: tf.constant(batch)}
    watched: list[tuple[Any, Any]] = []
    with tf.GradientTape() as tape:
        for call in graph.calls:
            layer = call.operation
            outputs = result(call, maps, linear.get(layer, layer))
            if layer in linear:
                tape.watch(outputs[0])
                watched.append((layer, outputs[0]))
                if linear[layer] is not layer:
                    outputs = [layer.activation(outputs[0])]
            maps.update(zip(call.outputs, outputs, strict=True))
        scores = _probabilities(maps[graph.outputs[0]])
        drawn = _drawn(np.asarray(scores, np.float64), rng)
        chosen = tf.gather(scores, drawn, batch_dims=1)
        loss = tf.reduce_sum(tf.math.log(chosen + 1e-12))
    gradients = tape.gradient(loss, [outputs for _, outputs in watched])
    return [
        (layer, _squares(gradient, outputs.shape[-1]))
        for (layer, outputs), gradient in zip(watched, gradients, strict=True)
    ]


def _squares(gradient: Any, channels: int) -> Float64s:
    if gradient is None:  # the scores do not depend on it
        return np.zeros(channels)
    rows = np.asarray(gradient).reshape(-1, channels)
    return np.asarray(np.square(rows, dtype=np.float64).sum(axis=0))


def _probabilities(outputs: Any) -> Any:
    """Scores as they are; of a network that gives logits, their softmax."""
    sums = np.asarray(outputs).sum(axis=1)
    if np.asarray(outputs).min() >= 0 and np.allclose(sums, 1, atol=1e-3):
        return outputs
    return keras.ops.softmax(outputs)


def _drawn(scores: Float64s, rng: np.random.Generator) -> NDArray[np.intp]:
    """One class a row, by its scores."""
    cumulative = np.cumsum(scores, axis=1)
    at = rng.random((len(scores), 1)) * cumulative[:, -1:]
    found = np.minimum((cumulative < at).sum(axis=1), scores.shape[1] - 1)
    return np.asarray(found, np.intp)
