"""Weights -> int8 steps so that a layer's outputs, not its weights, change least.

Each weight is rounded in turn, and those still to come take back what that does to the
outputs, as far as inputs go together: GPTQ, Frantar et al. 2023, arXiv:2210.17323,
sections 3.1 to 3.3. Inputs count by their covariance, since biases take back the mean
(`corrections.py`). A channel's largest weight stays, so that its step does, and a
quantiser finds the same steps again.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert import tflite_graph
from convert.quantising.corrections import (
    LEVELS,
    OUTPUT_AXIS,
    SAME,
    Float32s,
    Rounded,
    key,
    same_padding,
)
from convert.quantising.ranges import invoked, keeping_all

Float64s = NDArray[np.float64]
_PLACES = 256  # of each output map, at random; 100 images give 25,600
_MOST_INPUTS = 2048  # of one output; 3x3 kernels of 256 channels have 2304: minutes
_DAMPING = 0.1  # of the mean variance; 0.01 left 1.07 times the error on other images
_BLOCK = 64  # inputs rounded before the rest hears of it; changes speed alone


def rounded_for(content: bytes, images: Float32s) -> Rounded:
    """All layers of a float32 file whose rounding the images can tell.

    Left out: grouped convolutions, and kernels of more than 2048 inputs.

    Args:
        content: of one signature.
        images: (n, R, R, 3), as the file takes them.
    """
    model = tflite_graph.read(content)
    layers = [
        layer
        for operator in model.subgraphs[0].operators
        if (layer := _layer(model, operator))
    ]
    interpreter = keeping_all(content)
    for _ in invoked(interpreter, images):
        for layer in layers:
            layer.add(interpreter.get_tensor(layer.image)[0])
    return {key(layer.weights): layer.rounded() for layer in layers}


def _layer(model: Any, operator: Any) -> "_Layer | None":
    graph = model.subgraphs[0]
    kind = tflite_graph.operator_name(model, operator)
    if kind not in OUTPUT_AXIS:
        return None
    weights = tflite_graph.constant(model, graph, operator.inputs[1])
    if weights is None:
        return None
    depth = int(graph.tensors[operator.inputs[0]].shape[-1])
    if kind == "CONV_2D" and weights.shape[3] != depth:
        return None
    layer = _Layer(kind, weights, operator, graph.tensors[operator.outputs[0]].shape)
    return layer if layer.rows.shape[2] <= _MOST_INPUTS else None


class _Layer:
    """One layer's weights, and the covariance of what they are multiplied with."""

    def __init__(
        self, kind: str, weights: Float32s, operator: Any, output: Any
    ) -> None:
        self.weights, self.image = weights, int(operator.inputs[0])
        self._depthwise = kind == "DEPTHWISE_CONV_2D"
        self._options = None if kind == "FULLY_CONNECTED" else operator.builtinOptions
        self._output = [int(resolution) for resolution in output[1:3]]
        places = int(np.prod(self._output)) if self._options else 1
        order = np.random.default_rng(0).permutation(places)
        self._places = np.sort(order[:_PLACES])
        self._count = 0
        self._near: Any = np.float32(0)
        self._sum: Any = np.float64(0)
        self._squares: Any = np.float64(0)

    @property
    def rows(self) -> Float64s:
        """(groups, rows, inputs): groups share no input, the rows of one share all."""
        if self._depthwise:
            channels = self.weights.shape[3]
            return self.weights.reshape(-1, channels).T[:, None].astype(np.float64)
        return self.weights.reshape(1, len(self.weights), -1).astype(np.float64)

    def add(self, image: Float32s) -> None:
        """One image's input of this layer, (H, W, C) or flat."""
        seen = self._inputs(image)
        if not self._count:  # squares of what lies near 0 lose no digits
            self._near = seen.mean(1, keepdims=True)
        seen = seen - self._near
        self._count += seen.shape[1]
        self._sum = self._sum + seen.sum(1, dtype=np.float64)
        self._squares = self._squares + np.matmul(seen.transpose(0, 2, 1), seen)

    def rounded(self) -> Float32s:
        """The weights on the int8 steps of their channels."""
        mean = self._sum / self._count
        covariance = self._squares / self._count - mean[:, :, None] * mean[:, None]
        kept: Float32s = on_steps(self.rows, covariance).astype(np.float32)
        if self._depthwise:
            return np.ascontiguousarray(kept[:, 0].T).reshape(self.weights.shape)
        return kept.reshape(self.weights.shape)

    def _inputs(self, image: Float32s) -> Float32s:
        """(groups, places, inputs) of one image."""
        if self._options is None:
            return image.reshape(1, -1, self.weights.shape[1])
        taps = self.weights.shape[1:3]
        seen = _patches(image, taps, self._options, self._output, self._places)
        if not self._depthwise:
            return np.asarray(seen.reshape(1, len(seen), -1), np.float32)
        multiplier = self.weights.shape[3] // seen.shape[2]
        by_channel: Float32s = seen.transpose(2, 0, 1).repeat(multiplier, 0)
        return by_channel


def _patches(image: Float32s, taps: Any, options: Any, output: Any, places: Any) -> Any:
    """(places, taps, channels): what the kernel sees at some places of the output."""
    strides = (options.strideH, options.strideW)
    dilations = (options.dilationHFactor, options.dilationWFactor)
    if options.padding == SAME:
        added = same_padding(image, taps, strides, dilations, output)
        image = np.pad(image, [*added, (0, 0)])
    down, across = np.divmod(places, output[1])
    patches = [
        image[
            down * strides[0] + row * dilations[0],
            across * strides[1] + column * dilations[1],
        ]
        for row in range(taps[0])
        for column in range(taps[1])
    ]
    return np.stack(patches, 1)


def on_steps(rows: Float64s, covariance: Float64s) -> Float64s:
    """Rows on their int8 steps, with E|(kept - row) x|^2 small for inputs x.

    The largest weight of a row stays where it is, and so does each that is 0: a
    pruned network stays one.

    Args:
        rows: (groups, rows, inputs).
        covariance: (groups, inputs, inputs) of the inputs.
    """
    largest = np.abs(rows).max(2, keepdims=True)
    step = np.where(largest > 0, largest, 1.0) / LEVELS
    fixed = (np.abs(rows) == largest) | (rows == 0)
    order = np.argsort(-np.diagonal(covariance, axis1=1, axis2=2).mean(0))
    back = np.argsort(order)
    spread = _spread(covariance[:, order][:, :, order])
    return _in_turn(rows[:, :, order], fixed[:, :, order], step, spread)[:, :, back]


def _spread(covariance: Float64s) -> Float64s:
    """(groups, inputs, inputs), upper: what later weights do for each earlier one."""
    variance = np.diagonal(covariance, axis1=1, axis2=2).mean(1)[:, None, None]
    damping = _DAMPING * np.where(variance > 0, variance, 1.0)
    damped = covariance + damping * np.eye(covariance.shape[1])
    lower = np.linalg.cholesky(np.linalg.inv(damped))
    return np.asarray(lower.transpose(0, 2, 1))


def _in_turn(
    rows: Float64s, fixed: NDArray[np.bool_], step: Float64s, spread: Float64s
) -> Float64s:
    left, kept = rows.copy(), np.empty_like(rows)
    inputs = rows.shape[2]
    for start in range(0, inputs, _BLOCK):
        end = min(start + _BLOCK, inputs)
        errors = np.zeros((*rows.shape[:2], end - start))
        for column in range(start, end):
            steps = np.rint(left[:, :, column] / step[:, :, 0])
            near = np.clip(steps, -LEVELS, LEVELS) * step[:, :, 0]
            own = np.where(fixed[:, :, column], rows[:, :, column], near)
            kept[:, :, column] = own
            error = (left[:, :, column] - own) / spread[:, None, column, column]
            errors[:, :, column - start] = error
            later = spread[:, None, column, column + 1 : end]
            left[:, :, column + 1 : end] -= error[:, :, None] * later
        left[:, :, end:] -= errors @ spread[:, start:end, end:]
    return kept
