"""Global average pooling and one dense layer, in the place of a flattened dense head.

Lin et al. 2013, arXiv:1312.4400, section 3.2: no hidden dense layer is left, so its
parameters go, and the network takes any resolution. Lin's 1 x 1 convolution to a map a
class, averaged, is the same sum as the means' dense layer here.

That layer begins as the old head with every ReLU as a straight line of slope a half,
and each channel's weights summed over the places of the map: where the old head has one
layer, equal to it on maps that are everywhere alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, layers

from datasets.errors import ModelError
from keras_models.compression.changes.contract import Changed
from keras_models.compression.changes.rewriting import Standing, passed, rewritten
from keras_models.compression.changes.sites import Float32s
from keras_models.graphs.shapes import Step, steps

_BETWEEN = ("Activation", "BatchNormalization", "Dense", "Dropout", "ReLU")
_AFTER = ("Activation", "Softmax")  # the last dense layer
_HALF = 0.5  # the slope of a line that stands for a ReLU
_RELUS = ("relu", "relu6", "leaky_relu", "elu", "gelu", "silu")


@dataclass(frozen=True)
class Head:
    """The end of a network, from the layer that flattens on."""

    flatten: int  # numbers of steps
    hidden: tuple[int, ...]  # between it and the last dense layer
    last: int


def head_of(graph: Sequence[Step]) -> Head | str:
    """The flattened dense head of a graph, or why there is none to replace."""
    rows = [number for number, step in enumerate(graph) if _flattens(step)]
    if not rows:
        return "it flattens no map before dense layers"
    chain = list(range(rows[-1], len(graph)))
    denses = [number for number in chain if graph[number].kind == "Dense"]
    if not denses:
        return "no dense layer follows its flattened map"
    for number in chain[1:]:
        step = graph[number]
        known = _BETWEEN if number < denses[-1] else (*_AFTER, "Dense")
        if step.fed_by != (number - 1,) or step.kind not in known:
            return f"{step.name} ({step.kind}) in its head is none of {_listed(known)}"
    if len(denses) == 1 and tuple(graph[rows[-1]].source[1:3]) == (1, 1):
        return "one dense layer over a map of one pixel is what pooling would give"
    return Head(rows[-1], tuple(chain[1 : chain.index(denses[-1])]), denses[-1])


def _listed(kinds: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(kinds))


def _flattens(step: Step) -> bool:
    """Whether a step makes one row of a map of channels."""
    one_row = step.kind in ("Flatten", "Reshape") and len(step.target) == 2
    return one_row and len(step.source) == 4


def as_one_layer(graph: Sequence[Step], head: Head) -> list[Float32s] | None:
    """Kernel (channels, classes) and bias (classes,) that the new layer begins with.

    None where a hidden activation is no ReLU or its like.
    """
    channels = int(graph[head.flatten].source[-1] or 0)
    operations = [graph[number].operation for number in (*head.hidden, head.last)]
    lines = [_slope(operation) for operation in operations[:-1]]
    slopes = [slope for slope in lines if slope is not None]
    if len(slopes) < len(lines):
        return None
    length = int(graph[head.flatten].target[-1] or 0)
    scale, shift = np.ones(length, np.float32), np.zeros(length, np.float32)
    kernel: Float32s | None = None  # of what lies before, once a dense layer is passed
    for operation, slope in zip(operations, [*slopes, 1.0], strict=True):
        if isinstance(operation, layers.Dense):
            weights, bias = _dense(operation)
            shift = shift @ weights + bias
            if (scale != 1).any():
                weights = scale[:, None] * weights
            if kernel is None:
                kernel = weights.reshape(-1, channels, weights.shape[1]).sum(axis=0)
            else:
                kernel = kernel @ weights
            scale = np.ones(len(shift), np.float32)
        if isinstance(operation, layers.BatchNormalization):
            factor, moved = _norm(operation)
            scale, shift = scale * factor, shift * factor + moved
        scale, shift = scale * slope, shift * slope
    assert kernel is not None  # the last is a dense layer
    return [kernel * scale, shift]


def _slope(layer: Any) -> float | None:
    """Of the line that stands for a layer's activation; None: it is no ReLU."""
    if isinstance(layer, layers.ReLU):
        return _HALF
    activation = getattr(layer, "activation", keras.activations.linear)
    if activation is keras.activations.linear:
        return 1.0
    return _HALF if getattr(activation, "__name__", "") in _RELUS else None


def _dense(layer: layers.Dense) -> tuple[Float32s, Float32s]:
    kernel, *bias = layer.get_weights()
    return kernel, bias[0] if bias else np.zeros(kernel.shape[1], np.float32)


def _norm(layer: layers.BatchNormalization) -> tuple[Float32s, Float32s]:
    """(factor, what is added) of a batch norm outside training."""
    *learned, mean, variance = layer.get_weights()  # gamma, beta; as far as it has them
    gamma = learned.pop(0) if layer.scale else np.ones_like(mean)
    beta = learned.pop(0) if layer.center else np.zeros_like(mean)
    factor = gamma / np.sqrt(variance + layer.epsilon)
    return factor, beta - mean * factor


class GlobalAveragePool:
    """The dense head of a network gives way to the means of its last map."""

    name = "gap"
    what = "global average pooling in the place of a flattened dense head"
    paper = "Lin et al. 2013, arXiv:1312.4400"
    keeps = (
        "all but the dense layers; the new one begins as their product, summed over "
        "the map's places"
    )

    def applies(self, model: keras.Model) -> str:
        """Empty, or why it can do nothing for this model, in one line."""
        found = head_of(steps(model))
        return found if isinstance(found, str) else ""

    def apply(self, model: keras.Model) -> Changed:
        """The changed model; `model` itself stays as it is.

        Raises:
            ModelError: it does not apply; says why.
        """
        graph = steps(model)
        head = head_of(graph)
        if isinstance(head, str):
            raise ModelError.of(model.name, head)
        pooling = layers.GlobalAveragePooling2D(
            name=f"{graph[head.flatten].name}_averaged"
        )
        gone = [number for number in head.hidden if not _kept_dropout(graph, number)]
        standing = Standing(
            instead={
                **dict.fromkeys(gone, passed),
                head.flatten: pooling,
                head.last: _classifier(graph, head),
            },
            after={},
            replaced=[
                graph[number].name for number in (head.flatten, *gone, head.last)
            ],
        )
        return rewritten(model, self.name, standing)


def _kept_dropout(graph: Sequence[Step], number: int) -> bool:
    """Whether a step is the dropout right in front of the last dense layer."""
    following = graph[number + 1].kind == "Dense"
    later = [step.kind for step in graph[number + 1 :]]
    return graph[number].kind == "Dropout" and following and later.count("Dense") == 1


def _classifier(graph: Sequence[Step], head: Head) -> Any:
    old = graph[head.last].operation
    begins = as_one_layer(graph, head)

    def put(features: KerasTensor) -> KerasTensor:
        new = layers.Dense(
            old.units,
            activation=old.activation,
            dtype=old.dtype_policy,
            name=f"{old.name}_averaged",
        )
        given = new(features)
        if begins is not None:
            new.set_weights(begins)
        return given

    return put
