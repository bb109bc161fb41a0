"""What a float32 file needs before its weights are rounded. Two small changes:

Biases take back the mean error that rounding the weights makes: a channel whose inputs
are never negative (after ReLU) is shifted by the sum of its weights' errors times the
mean of its inputs, which calibration images tell. After Nagel et al. 2019,
arXiv:1906.04721, section 4.2.

A channel whose weights are all but zero gets, as int8, a scale so small that its bias
overflows int32 and is cut off. One of its weights is raised to where the bias fits,
which moves the channel by less than a thousandth of its bias.
"""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert import tflite_graph
from convert.quantising.ranges import Means, Seen
from convert.tflite_graph import constant, set_constant, tensor_name

Float32s = NDArray[np.float32]
Rounded = dict[str, Float32s]  # `key` of a layer's weights -> the same on int8 steps
OUTPUT_AXIS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0}
_KERNEL, _BIAS = 1, 2  # places among an operator's inputs
LEVELS = 127  # of int8 weights, symmetric
_LEFT = (
    "float16",
    "DEPTHWISE_CONV_2D",
)  # stays in float32 (`convert.quantising.quantise`)
_LARGEST_BIAS = 2.0**30  # in steps; half of int32's range
_INPUT_STEPS = 65535  # the finest input: int16 activations
SAME = 0  # schema.Padding.SAME


def key(weights: Float32s) -> str:
    """SHA-256 of a layer's weights, which are the same at every resolution."""
    return hashlib.sha256(weights.tobytes()).hexdigest()


def corrected(
    content: bytes,
    seen: Seen,
    weights: str,
    rounding: Rounded | None = None,
    raised: frozenset[str] = frozenset(),
) -> bytes:
    """The float32 file, ready to be quantised.

    Args:
        seen: what calibration images showed of this very file.
        weights: the type that they will have: int8, one scale a channel, or float16.
        rounding: weights on int8 steps, as `rounding.py` chose them; others go to the
            nearest step.
        raised: names of outputs in islands, where depthwise layers stay in float32.
    """
    model = tflite_graph.read(content)
    graph = model.subgraphs[0]
    for operator in graph.operators:
        kind = tflite_graph.operator_name(model, operator)
        name = tensor_name(graph, operator.outputs[0])
        if kind == "DEPTHWISE_CONV_2D" and name in raised:
            continue
        if kind in OUTPUT_AXIS and (weights, kind) != _LEFT:
            _correct(model, graph, operator, weights, seen, rounding or {})
    return tflite_graph.write(model)


def _correct(
    model: Any,
    graph: Any,
    operator: Any,
    kept: str,
    seen: Seen,
    rounding: Rounded,
) -> None:
    kind = tflite_graph.operator_name(model, operator)
    axis = OUTPUT_AXIS[kind]
    image, kernel, bias = (*operator.inputs, -1)[:3]
    weights = constant(model, graph, kernel)
    if weights is None:
        return
    biases = constant(model, graph, bias)
    if biases is None:
        biases = np.zeros(weights.shape[axis], np.float32)
    name = tensor_name(graph, image)
    used = weights
    if kept == "int8":
        used = rounding.get(key(weights), weights)
        used = _lifted(used, biases, axis, seen.width(name) / _INPUT_STEPS)
        set_constant(model, graph, operator, _KERNEL, used)
    error = rounded(used, axis, kept) - weights
    output = graph.tensors[operator.outputs[0]].shape
    shift = _mean_output(error, kind, seen.means[name], operator, output)
    changed = (biases - shift).astype(np.float32)
    set_constant(model, graph, operator, _BIAS, changed)


def rounded(weights: Float32s, axis: int, kept: str) -> NDArray[np.float64]:
    """Weights as they will be kept: int8 is symmetric, with a scale a channel."""
    if kept == "float16":
        return weights.astype(np.float16).astype(np.float64)
    others = tuple(place for place in range(weights.ndim) if place != axis)
    largest = np.abs(weights).max(others, keepdims=True).astype(np.float64)
    step = np.where(largest > 0, largest, 1.0) / LEVELS
    return np.asarray(np.rint(weights / step) * step)


def _lifted(weights: Float32s, biases: Float32s, axis: int, step: float) -> Float32s:
    """Weights none of whose channels is too small for its bias to fit int32."""
    least = LEVELS * np.abs(biases) / (max(step, 1e-30) * _LARGEST_BIAS)
    rows = np.moveaxis(weights, axis, 0)
    small = np.abs(rows.reshape(len(rows), -1)).max(1) < least
    if not small.any():
        return weights
    lifted = rows.copy()
    first = (small,) + (0,) * (rows.ndim - 1)
    lifted[first] = least[small]
    return np.ascontiguousarray(np.moveaxis(lifted, 0, axis))


def _mean_output(
    kernel: NDArray[np.float64], kind: str, mean: Means, operator: Any, output: Any
) -> NDArray[np.float64]:
    """(channels,) mean over the output of a layer with this kernel and no bias."""
    if kind == "FULLY_CONNECTED":
        return np.asarray(kernel @ mean.reshape(-1, kernel.shape[1]).mean(axis=0))
    options = operator.builtinOptions
    taps = _tap_means(mean, kernel.shape[1:3], options, output[1:3])
    if kind == "DEPTHWISE_CONV_2D":
        multiplier = kernel.shape[3] // taps.shape[2]
        return np.asarray((kernel[0] * taps.repeat(multiplier, axis=2)).sum((0, 1)))
    groups = taps.shape[2] // kernel.shape[3]
    return _grouped(kernel, taps, groups)


def _grouped(kernel: NDArray[np.float64], taps: Means, groups: int) -> Means:
    parts = [
        np.einsum("ohwi,hwi->o", rows, channels)
        for rows, channels in zip(
            np.split(kernel, groups), np.split(taps, groups, axis=2), strict=True
        )
    ]
    return np.concatenate(parts)


def _tap_means(mean: Means, taps: Any, options: Any, output: Any) -> Means:
    """(taps high, taps wide, channels): what each tap of a kernel sees on average."""
    strides = (options.strideH, options.strideW)
    dilations = (options.dilationHFactor, options.dilationWFactor)
    if options.padding == SAME:
        mean = np.pad(
            mean, [*same_padding(mean, taps, strides, dilations, output), (0, 0)]
        )
    means = np.zeros((*taps, mean.shape[2]))
    for row in range(taps[0]):
        for column in range(taps[1]):
            starts = (row * dilations[0], column * dilations[1])
            rows, columns = (
                slice(start, start + (size - 1) * stride + 1, stride)
                for start, size, stride in zip(starts, output, strides, strict=True)
            )
            means[row, column] = mean[rows, columns].mean((0, 1))
    return means


def same_padding(
    image: NDArray[Any], taps: Any, strides: Any, dilations: Any, output: Any
) -> list[tuple[int, int]]:
    """Rows and columns that TensorFlow's SAME adds: the odd one goes to the end."""
    padding = []
    for axis in range(2):
        reach = (taps[axis] - 1) * dilations[axis] + 1
        wanted = (output[axis] - 1) * strides[axis] + reach
        extra = max(int(wanted) - image.shape[axis], 0)
        padding.append((extra // 2, extra - extra // 2))
    return padding
