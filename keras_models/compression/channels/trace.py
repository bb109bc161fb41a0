"""Which channels of a graph are one and the same, so that they can only go together.

Every value has on its last axis one number a channel. What a layer hands on keeps the
numbers, what it makes anew gets fresh ones, and what is added or multiplied pairwise
becomes one. What cannot be followed is fixed: none of its channels may go, and the
reason is kept.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_models.graphs.calls import Call, Calls, calls
from keras_models.graphs.shapes import Shape, standard, steps

Numbers = NDArray[np.int64]

# Layers with a kernel that reads all channels and makes new ones.
KERNELS = ("Conv1D", "Conv2D", "Dense")
# Of each number alone, so of each channel alone.
_ELEMENTWISE = (
    *("celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid"),
    *("hard_silu", "hard_swish", "hard_tanh", "leaky_relu", "linear", "log_sigmoid"),
    *("mish", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink", "softplus"),
    *("softsign", "sparse_plus", "squareplus", "swish", "tanh", "tanh_shrink"),
    "threshold",
)
_OPERATIONS = tuple(name.replace("_", "") for name in _ELEMENTWISE)
_HANDED_ON = (
    *("ActivityRegularization", "AlphaDropout", "AveragePooling1D"),
    *("AveragePooling2D", "CenterCrop", "Cropping1D", "Cropping2D", "Dropout", "ELU"),
    *("GaussianDropout", "GaussianNoise", "GlobalAveragePooling1D"),
    *("GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D"),
    *("Identity", "LeakyReLU", "MaxPooling1D", "MaxPooling2D", "ReLU"),
    *("SpatialDropout1D", "SpatialDropout2D", "UpSampling1D", "UpSampling2D"),
    *("ZeroPadding1D", "ZeroPadding2D"),
)
_PAIRWISE = ("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract")


@dataclass(frozen=True, kw_only=True)
class Trace:
    """The channels of every value of a graph."""

    calls: Calls
    shapes: Mapping[int, Shape]  # of each value
    numbers: Mapping[int, Numbers]  # of each value's last axis
    fixed: Mapping[int, str]  # number -> why this channel must stay


def traced(model: keras.Model) -> Trace:
    """Follows all channels of a functional or sequential model with one input."""
    flat = calls(model)
    shapes: dict[int, Shape] = {0: tuple(model.inputs[0].shape)}
    tracing = _Tracing(shapes)
    tracing.fresh(0, "they are the picture's own")
    for call, step in zip(flat.calls, steps(model), strict=True):
        shapes.update(dict.fromkeys(call.outputs, step.target))
        tracing.follow(call)
    for output in flat.outputs:
        tracing.fix(output, "they are the model's outputs")
    return tracing.trace(flat)


class _Tracing:
    """Numbers joined pairwise: union and find over an array of parents."""

    def __init__(self, shapes: Mapping[int, Shape]) -> None:
        self._shapes = shapes
        self._numbers: dict[int, Numbers] = {}
        self._same: list[int] = []
        self._fixed: dict[int, str] = {}
        self._layers: dict[int, tuple[Numbers, Numbers]] = {}  # called before

    def trace(self, flat: Calls) -> Trace:
        roots = np.array([self._root(number) for number in range(len(self._same))])
        return Trace(
            calls=flat,
            shapes=self._shapes,
            numbers={value: roots[own] for value, own in self._numbers.items()},
            fixed={int(roots[own]): why for own, why in self._fixed.items()},
        )

    def fresh(self, value: int, why_fixed: str = "") -> None:
        """New channels, fixed where a reason is given."""
        count = int((self._shapes[value] or (0,))[-1] or 0)
        first = len(self._same)
        self._same += range(first, first + count)
        self._numbers[value] = np.arange(first, first + count)
        if why_fixed:
            self.fix(value, why_fixed)

    def fix(self, value: int, why: str) -> None:
        for number in self._numbers[value]:
            self._fixed.setdefault(int(number), why)

    def follow(self, call: Call) -> None:
        rule = _rule(call)
        why = rule(self, call) if rule else f"{call.kind} cannot be followed"
        if why:
            self._stop(call, f"layer {call.operation.name}: {why}")
        self._tie_to_earlier_call(call)

    def kernel(self, call: Call) -> str:
        layer = call.operation
        if getattr(layer, "groups", 1) != 1:
            return "a convolution in groups keeps its channels"
        mixing = not _elementwise(layer.activation)
        why = f"layer {layer.name}: its activation mixes channels" if mixing else ""
        self.fresh(call.outputs[0], why)
        return ""

    def depthwise(self, call: Call) -> str:
        if not _elementwise(call.operation.activation):
            return "its activation mixes channels"
        each = call.operation.depth_multiplier
        self._numbers[call.outputs[0]] = np.repeat(self._source(call), each)
        return ""

    def handed_on(self, call: Call) -> str:
        """What works on each channel alone."""
        if len(call.inputs) != 1:
            return f"{call.kind} of {len(call.inputs)} tensors cannot be followed"
        self._numbers[call.outputs[0]] = self._source(call)
        return ""

    def activation(self, call: Call) -> str:
        if not _elementwise(call.operation.activation):
            return "its activation mixes channels"
        return self.handed_on(call)

    def normalisation(self, call: Call) -> str:
        if not _last(call.operation.axis, self._shapes[call.inputs[0]]):
            return "it normalises another axis than the last"
        return self.handed_on(call)

    def prelu(self, call: Call) -> str:
        return self.handed_on(call)

    def scaling(self, call: Call) -> str:
        layer = call.operation
        if np.size(layer.scale) != 1 or np.size(layer.offset) != 1:
            return "it scales each channel by itself"
        return self.handed_on(call)

    def mean(self, call: Call) -> str:
        """A mean or maximum over the map, never over channels."""
        shape, axes = self._shapes[call.inputs[0]], call.operation.axis
        each = axes if isinstance(axes, tuple | list) else (axes,)
        if any(axis is None or axis % len(shape) == len(shape) - 1 for axis in each):
            return "it reduces channels to one"
        return self.handed_on(call)

    def pairwise(self, call: Call) -> str:
        """Sums, products: channel by channel, or one channel over all of them."""
        if not all(_scalar(leaf) for leaf in _constants(call)):
            return "it combines channels with constants of its own"
        if len({len(self._shapes[value]) for value in call.inputs}) > 1:
            return "its operands have different ranks"
        wide = max(len(self._numbers[value]) for value in call.inputs)
        joined: Numbers | None = None
        for value in call.inputs:
            own = self._numbers[value]
            if len(own) != wide:
                self.fix(value, f"layer {call.operation.name} spreads it over all")
                continue
            joined = own if joined is None else joined
            self._join(joined, own)
        if joined is None:
            return "no tensor is combined"
        self._numbers[call.outputs[0]] = joined
        return ""

    def concatenated(self, call: Call) -> str:
        shape = self._shapes[call.outputs[0]]
        parts = [self._numbers[value] for value in call.inputs]
        if _last(call.operation.axis, shape):
            self._numbers[call.outputs[0]] = np.concatenate(parts)
            return ""
        for part in parts[1:]:
            self._join(parts[0], part)
        self._numbers[call.outputs[0]] = parts[0]
        return ""

    def reshaped(self, call: Call) -> str:
        """Numbers repeated over the map, laid out as the elements are."""
        source, target = self._shapes[call.inputs[0]], self._shapes[call.outputs[0]]
        if None in source[1:] or None in target[1:]:
            return "it reshapes a map of unknown size"
        own = self._source(call)
        elements = math.prod(int(size or 1) for size in source[1:])
        times = elements // max(1, len(own))
        rows = np.tile(own, times).reshape(-1, int(target[-1] or 1))
        if len(rows) > 1 and not (rows == rows[0]).all():
            return "it mixes channels with places"
        self._numbers[call.outputs[0]] = rows[0]
        return ""

    def _source(self, call: Call) -> Numbers:
        return self._numbers[call.inputs[0]]

    def _stop(self, call: Call, why: str) -> None:
        for value in call.inputs:
            self.fix(value, why)
        for value in call.outputs:
            self.fresh(value, why)

    def _tie_to_earlier_call(self, call: Call) -> None:
        """One layer called twice has one kernel: its calls' channels are the same."""
        if not getattr(call.operation, "weights", None) or not call.inputs:
            return
        ends = self._source(call), self._numbers[call.outputs[0]]
        known = self._layers.setdefault(id(call.operation), ends)
        for before, now in zip(known, ends, strict=True):
            self._join(before, now)

    def _join(self, one: Numbers, other: Numbers) -> None:
        for first, second in zip(one, other, strict=True):
            self._same[self._root(int(second))] = self._root(int(first))

    def _root(self, number: int) -> int:
        while self._same[number] != number:
            self._same[number] = self._same[self._same[number]]
            number = self._same[number]
        return number


_Rule = Callable[[_Tracing, Call], str]  # empty, or why its channels must stay

_RULES: dict[str, _Rule] = {
    "Activation": _Tracing.activation,
    "BatchNormalization": _Tracing.normalisation,
    "Concatenate": _Tracing.concatenated,
    "DepthwiseConv1D": _Tracing.depthwise,
    "DepthwiseConv2D": _Tracing.depthwise,
    "Flatten": _Tracing.reshaped,
    "Max": _Tracing.mean,
    "Mean": _Tracing.mean,
    "PReLU": _Tracing.prelu,
    "Rescaling": _Tracing.scaling,
    "Reshape": _Tracing.reshaped,
    **dict.fromkeys(KERNELS, _Tracing.kernel),
    **dict.fromkeys(_HANDED_ON, _Tracing.handed_on),
    **dict.fromkeys(_PAIRWISE, _Tracing.pairwise),
}


def _rule(call: Call) -> _Rule | None:
    """What follows a call; None: nothing does."""
    operation = call.operation
    if not standard(operation) or len(call.outputs) != 1:
        return None
    if getattr(operation, "data_format", None) == "channels_first":
        return None
    if not isinstance(operation, keras.Layer):
        if call.kind.lower() in _OPERATIONS:
            return _Tracing.handed_on
        if call.kind in ("Flatten", "Reshape"):  # bare: their shapes cannot be changed
            return None
    return _RULES.get(call.kind)


def _elementwise(activation: Any) -> bool:
    return getattr(activation, "__name__", "") in _ELEMENTWISE


def _last(axis: Any, shape: Shape) -> bool:
    only = axis[0] if isinstance(axis, list | tuple) and len(axis) == 1 else axis
    return isinstance(only, int) and only % len(shape) == len(shape) - 1


def _constants(call: Call) -> Sequence[Any]:
    """Arguments that are no tensors of the graph."""
    leaves = keras.tree.flatten([call.args, dict(call.kwargs)])
    return [leaf for leaf in leaves if type(leaf).__name__ != "Value"]


def _scalar(leaf: Any) -> bool:
    return leaf is None or np.size(leaf) == 1
