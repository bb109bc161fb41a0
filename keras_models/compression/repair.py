"""Repairs of a cheaper network on calibration pictures, without training or labels.

1. Layer after layer, in the order in which they run, so that a later layer sees what
   earlier ones give after their repair (as Nagel et al. 2019, arXiv:1906.04721, do for
   biases).
2. `bias`: the mean of what the layer gives, channel by channel, becomes the parent's.
3. `batch_norm`: mean and variance of what a batch normalisation gives become the
   parent's. So they are measured anew, but in proportion: where nothing was changed
   nothing changes, whatever pictures these are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.errors import InputError
from keras_models.compression.contract import Repairs
from keras_models.compression.running import (
    HELD_BYTES,
    Running,
    held_bytes,
    run_through,
)
from keras_models.graphs.calls import Calls, calls

Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]
Indices = NDArray[np.intp]

_PLACES = 512  # of a map, at least, where it has more; the same in both networks
_NORM = "BatchNormalization"
_LINEAR = ("Conv2D", "DepthwiseConv2D", "Dense")


@dataclass(frozen=True)
class Counterpart:
    """The parent's layer that a cheaper network's layer stands for."""

    layer: keras.Layer
    kept: Indices | None = None  # which of its channels are left, in order; None: all


# A layer of the cheaper network -> what it stands for.
Counterparts = Mapping[keras.Layer, Counterpart]


def same_names(parent: keras.Model, cheaper: keras.Model) -> dict[Any, Counterpart]:
    """Layers of both that have one name and as many channels."""
    named = {call.operation.name: call.operation for call in calls(parent).calls}
    pairs: dict[Any, Counterpart] = {}
    for call in calls(cheaper).calls:
        other = named.get(call.operation.name)
        if isinstance(call.operation, keras.Layer) and _alike(call.operation, other):
            pairs[call.operation] = Counterpart(other)
    return pairs


def repair(
    parent: keras.Model,
    cheaper: keras.Model,
    pictures: Float32s,
    repairs: Repairs,
    stands_for: Counterparts | None = None,
) -> None:
    """Mends `cheaper` in place, by `bias` and `batch_norm` as far as asked for.

    Layers that are called more than once, or have nothing to shift, are left alone.

    Args:
        pictures: (n, R, R, channels), as both take them; as many of the first as fit
            into HELD_BYTES.
        stands_for: None: by names (`same_names`).
    Raises:
        InputError: no pictures.
    """
    if not (repairs.bias or repairs.batch_norm):
        return
    if not len(pictures):
        raise InputError("pictures", "none", "at least one, to repair by")
    pairs = same_names(parent, cheaper) if stands_for is None else stands_for
    graph = calls(cheaper)
    pictures = pictures[: _fitting(cheaper, graph)]
    mended = dict(_mendable(graph, pairs, repairs))
    wanted = _means_of_parent(parent, pictures, {p.layer for p in mended.values()})
    running = Running(graph)
    running.join(pictures)
    for call in graph.calls:
        pair = mended.get(call.operation)
        if pair is not None:
            now, parents = _before(call.operation, running), wanted[pair.layer]
            if type(call.operation).__name__ == _NORM:
                norm = taken_off(pair.layer).of(pair.kept)
                mend_norm(call.operation, now, parents.of(pair.kept), norm, repairs)
            else:
                _shift(call.operation.bias, parents.of(pair.kept).mean - now.mean)
        running.step()


@dataclass(frozen=True)
class Spread:
    """Mean and variance of each channel; of a norm, of what it takes."""

    mean: Float64s
    variance: Float64s

    def of(self, kept: Indices | None) -> "Spread":
        """Those of some channels."""
        return self if kept is None else Spread(self.mean[kept], self.variance[kept])


def taken_off(norm: Any) -> Spread:
    """The mean that a batch normalisation takes off, the variance it divides by."""
    variance = _numbers(norm.moving_variance) + norm.epsilon
    return Spread(_numbers(norm.moving_mean), variance)


def _numbers(variable: Any) -> Float64s:
    return np.asarray(variable, np.float64)


def _fitting(model: keras.Model, graph: Calls) -> int:
    return max(1, HELD_BYTES // max(held_bytes(model, graph)))


def _mendable(
    graph: Calls, pairs: Counterparts, repairs: Repairs
) -> Iterator[tuple[Any, Counterpart]]:
    """Layers with something to shift that are called once."""
    operations = [call.operation for call in graph.calls]
    for operation in operations:
        if operation in pairs and operations.count(operation) == 1:
            norm = type(operation).__name__ == _NORM
            if norm or (repairs.bias and _has_bias(operation)):
                yield operation, pairs[operation]


def _has_bias(layer: Any) -> bool:
    return type(layer).__name__ in _LINEAR and layer.use_bias


def _alike(layer: Any, other: Any) -> bool:
    kinds = (_NORM, *_LINEAR)
    if type(layer) is not type(other) or type(layer).__name__ not in kinds:
        return False
    return [w.shape[-1] for w in layer.weights] == [w.shape[-1] for w in other.weights]


def _means_of_parent(
    parent: keras.Model, pictures: Float32s, layers: set[Any]
) -> dict[Any, Spread]:
    """Of what its layers give before their activation; a norm's, of what it takes."""
    graph = calls(parent)
    summed: dict[Any, Sums] = {layer: Sums() for layer in layers}
    linear = {layer: without_activation(layer) for layer in layers}
    for number, maps, outputs in run_through(graph, pictures):
        call = graph.calls[number]
        if call.operation in layers:
            taken = maps[call.inputs[0]]
            summed[call.operation].add(
                _before_offset(call.operation, linear[call.operation], taken, outputs)
            )
    return {layer: sums.spread() for layer, sums in summed.items()}


def _before_offset(layer: Any, linear: Any, taken: Any, outputs: list[Any]) -> Any:
    if type(layer).__name__ == _NORM:
        return taken
    return outputs[0] if linear is layer else linear(taken)


def _before(layer: Any, running: Running) -> Spread:
    """What the next layer of a running network works on."""
    sums, linear = Sums(), without_activation(layer)
    if type(layer).__name__ == _NORM:
        for (taken,) in running.taken():
            sums.add(taken)
    else:
        for given in running.computed(linear):
            sums.add(given)
    return sums.spread()


def _shift(bias: Any, by: Float64s) -> None:
    bias.assign(_numbers(bias) + by)


def mend_norm(
    layer: Any, now: Spread, wanted: Spread, norm: Spread, repairs: Repairs
) -> None:
    """What it gives has the parent's mean, and with `batch_norm` its variance.

    Args:
        now, wanted: of what this layer, and the parent's, takes.
        norm: what the parent's takes off and divides by.
    """
    variance = _numbers(layer.moving_variance) + layer.epsilon
    if repairs.batch_norm:
        changed = (now.variance + layer.epsilon) / (wanted.variance + layer.epsilon)
        variance = changed * norm.variance
        layer.moving_variance.assign((variance - layer.epsilon).clip(0))
    left = (wanted.mean - norm.mean) / np.sqrt(norm.variance)
    layer.moving_mean.assign(now.mean - left * np.sqrt(variance))


def without_activation(layer: Any) -> Any:
    """The layer, or a copy that ends before its activation."""
    if not hasattr(layer, "activation") or layer.activation is keras.activations.linear:
        return layer
    linear = type(layer).from_config({**layer.get_config(), "activation": None})
    linear.build(layer.input.shape)
    linear.set_weights(layer.get_weights())
    return linear


class Sums:
    """Towards a Spread, batch by batch."""

    def __init__(self) -> None:
        self._count = 0
        self._sum: Any = 0.0
        self._squares: Any = 0.0

    def add(self, maps: Any) -> None:
        pictures, *_, channels = np.shape(maps)
        places = np.asarray(maps).reshape(pictures, -1, channels)
        step = places.shape[1] // _PLACES | 1  # odd: it falls on every row and column
        rows = places[:, ::step].reshape(-1, channels)
        self._count += len(rows)
        self._sum = self._sum + rows.sum(axis=0, dtype=np.float64)
        self._squares = self._squares + np.square(rows, dtype=np.float64).sum(axis=0)

    def spread(self) -> Spread:
        mean = self._sum / max(self._count, 1)
        return Spread(mean, (self._squares / max(self._count, 1) - mean**2).clip(0))
