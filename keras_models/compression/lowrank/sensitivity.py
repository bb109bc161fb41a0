"""What an error of a layer's outputs counts: of each channel, and of the whole layer.

Where a batch normalisation follows, an error of a channel is multiplied by gamma over
its deviation: channels are weighed by that. What the layer as a whole is worth is
measured, not guessed (`options`): by the Fisher information of the outputs, errors at
different places taken as independent, ResNet50 lost over twice as many nats.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_models.graphs.calls import Call, Calls

Float64s = NDArray[np.float64]

_LEAST = 1e-2  # of the mean scale: no channel is free to be wrong
_APART = 100.0  # times the usual worth, at most: beyond it is chance


def channel_scale(graph: Calls, number: int) -> Float64s:
    """(channels,) of the layer of a call; 1 where no batch normalisation follows."""
    layer = graph.calls[number].operation
    norm = norm_after(graph, graph.calls[number])
    if norm is None:
        return np.ones(layer.kernel.shape[-1])
    scale = np.abs(norm_scale(norm))
    return np.asarray(np.maximum(scale, _LEAST * scale.mean() + 1e-12))


def norm_after(graph: Calls, call: Call) -> Any | None:
    """The batch normalisation that alone reads what a call gives."""
    reader = only_reader(graph, call)
    if reader is None or reader.kind != "BatchNormalization":
        return None
    return reader.operation


def norm_scale(norm: Any) -> Float64s:
    """(channels,): gamma over the deviation of a batch normalisation."""
    variance = np.asarray(norm.moving_variance, np.float64)
    factors: Float64s = 1 / np.sqrt(variance + norm.epsilon)
    return factors * np.asarray(norm.gamma, np.float64) if norm.scale else factors


def only_reader(graph: Calls, call: Call) -> Call | None:
    """The one call that reads what a call gives."""
    readers = [other for other in graph.calls if set(other.inputs) & set(call.outputs)]
    if len(readers) != 1 or set(call.outputs) & set(graph.outputs):
        return None
    return readers[0]


def sure(worth: Sequence[float]) -> list[float]:
    """What was measured, within what is not chance."""
    usual = float(np.median([nats for nats in worth if nats > 0] or [1.0]))
    return [float(np.clip(nats, usual / _APART, usual * _APART)) for nats in worth]
