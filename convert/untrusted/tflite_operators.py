"""Whether an operation's options, the shapes at its ends and their scales go together.

A runtime computes sizes and multipliers from them, and some of what it checks it checks
by ending the process. An operation that is not in RULES, or whose shapes the file
leaves open, is for the runtime to refuse.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from convert.untrusted.flatbuffer import Table
from convert.untrusted.tflite_numbers import scales_of

Shape = tuple[int, ...]
_SAME, _VALID = 0, 1
_INT32 = 2
_LEVELS = (3, 7, 9)  # uint8, int16, int8: what is computed in whole numbers
_BYTES = (3, 9)
_MOST_STEP = 1 << 16  # of strides, dilations and windows
_MOST_MULTIPLIER = 2.0**30
_MOST_BIAS_ERROR = 0.02  # of the output's scale, as LiteRT's kernels have it
_ADD_SHIFT = 2.0**20  # of its integers, before they are added


@dataclass(frozen=True)
class Operation:
    """One operation; a tensor left out is None."""

    inputs: tuple[Table | None, ...]
    outputs: tuple[Table | None, ...]
    options: Table | None  # of the kind that its rule asks for

    def shape(self, number: int) -> Shape:
        """Of an input."""
        return _shape(self.inputs[number])

    @property
    def gives(self) -> Shape:
        """The shape of its first output."""
        return _shape(self.outputs[0])


@dataclass(frozen=True)
class Rule:
    """What an operation of one code must be."""

    name: str
    wrong: Callable[[Operation], str]  # what does not go together; empty: nothing
    inputs: tuple[int, int]  # at least, at most
    options: int = 0  # its kind of BuiltinOptions; 0: it can be without


def wrong_operation(code: int, operation: Operation, options: int) -> str:
    """What does not go together in an operation; empty: nothing that is seen here.

    Args:
        options: the kind of its BuiltinOptions in the file.
    """
    rule = RULES.get(code)
    if rule is None:
        return ""
    least, most = rule.inputs
    ends = [*operation.inputs[:least], *operation.outputs]
    if not least <= len(operation.inputs) <= most or len(operation.outputs) != 1:
        counts = f"{len(operation.inputs)} inputs, {len(operation.outputs)} outputs"
        return f"{counts}; expected {least} to {most}, and 1"
    if None in ends:
        return "an input or output that it cannot be without is left out"
    if rule.options and (options != rule.options or operation.options is None):
        return f"options of the kind {options}; expected {rule.options}"
    if any(_open(tensor) for tensor in ends if tensor is not None):
        return ""
    return rule.wrong(operation)


def _shape(tensor: Table | None) -> Shape:
    return () if tensor is None else tensor.whole_numbers(0, 4)


def _open(tensor: Table) -> bool:
    """Its shape is known when it runs."""
    return not tensor.count(0) or min(tensor.whole_numbers(7, 4), default=0) < 0


def _convolution(operation: Operation) -> str:
    image, kernel = operation.shape(0), operation.shape(1)
    if len(image) != 4 or len(kernel) != 4 or not kernel[3] or image[3] % kernel[3]:
        return f"an input of shape {image} for a kernel of {kernel}"
    groups = image[3] // kernel[3]
    if not groups or kernel[0] % groups:
        return f"{kernel[0]} filters in {groups} groups"
    return _window(operation, kernel, kernel[0], (4, 5)) or _layer(operation, kernel[0])


def _depthwise(operation: Operation) -> str:
    image, kernel = operation.shape(0), operation.shape(1)
    if len(image) != 4 or len(kernel) != 4 or not image[3] or kernel[3] % image[3]:
        return f"an input of shape {image} for a kernel of {kernel}"
    return _window(operation, kernel, kernel[3], (5, 6)) or _layer(operation, kernel[3])


def _window(
    operation: Operation, kernel: Shape, channels: int, dilations: tuple[int, int]
) -> str:
    """Of a convolution: its options and its output's shape. (wide, high) fields."""
    assert operation.options is not None  # its rule asks for them
    wide, high = (operation.options.number(field, "i", 1) for field in dilations)
    return _moved(operation, (kernel[1], kernel[2]), (high, wide), channels)


def _pool(operation: Operation) -> str:
    assert operation.options is not None  # its rule asks for them
    window = operation.options.number(4, "i"), operation.options.number(3, "i")
    image = operation.shape(0)
    if len(image) != 4:
        return f"an input of shape {image}"
    return _moved(operation, window, (1, 1), image[3])


def _moved(
    operation: Operation,
    window: tuple[int, int],
    dilation: tuple[int, int],
    channels: int,
) -> str:
    """A window moves over an input: (rows, columns)."""
    options = operation.options
    assert options is not None  # its rule asks for them
    stride = options.number(2, "i"), options.number(1, "i")
    for what, pair in (("window", window), ("stride", stride), ("dilation", dilation)):
        if not all(1 <= step <= _MOST_STEP for step in pair):
            return f"a {what} of {pair[0]} x {pair[1]}"
    padding, image = options.number(0, "b"), operation.shape(0)
    if padding not in (_SAME, _VALID):
        return f"a padding of the unknown kind {padding}"
    rows, columns = (
        _steps(image[1 + axis], window[axis], stride[axis], dilation[axis], padding)
        for axis in (0, 1)
    )
    expected = (image[0], rows, columns, channels)
    return _gives(operation, expected)


def _steps(length: int, window: int, stride: int, dilation: int, padding: int) -> int:
    reach = 1 if padding == _SAME else (window - 1) * dilation + 1
    return max(0, (length - reach + stride) // stride)


def _dense(operation: Operation) -> str:
    given, weights = operation.shape(0), operation.shape(1)
    if len(weights) != 2 or not weights[1] or math.prod(given) % weights[1]:
        return f"an input of shape {given} for weights of {weights}"
    rows = math.prod(given) // weights[1]
    if math.prod(operation.gives) != rows * weights[0]:
        return f"an output of shape {operation.gives} of {rows} x {weights[0]} numbers"
    return _layer(operation, weights[0])


def _layer(operation: Operation, channels: int) -> str:
    """Bias and scales of a layer with weights."""
    bias = operation.inputs[2] if len(operation.inputs) > 2 else None
    if bias is not None and not _open(bias) and math.prod(_shape(bias)) != channels:
        return f"a bias of shape {_shape(bias)} for {channels:,} channels"
    image, weights, *_ = operation.inputs
    given = operation.outputs[0]
    assert image is not None  # nor the other two: none of them can be left out
    assert weights is not None
    assert given is not None
    if image.number(1, "b") not in _LEVELS:
        return ""
    return _multipliers(image, weights, given, bias, channels)


def _multipliers(
    image: Table, weights: Table, given: Table, bias: Table | None, channels: int
) -> str:
    steps, outs, by = scales_of(image), scales_of(given), scales_of(weights)
    if len(steps) != 1 or len(outs) != 1 or not by:
        return "whole numbers without one scale of input and output, and of weights"
    if len(by) not in (1, channels):
        return f"{len(by):,} scales of weights for {channels:,} channels"
    products = [steps[0] * scale for scale in by]
    if max(products) / outs[0] > _MOST_MULTIPLIER:
        return f"a multiplier of {max(products) / outs[0]:g}"
    if bias is None or bias.number(1, "b") != _INT32:
        return ""
    return _wrong_bias(products, scales_of(bias), outs[0])


def _wrong_bias(products: list[float], biases: Sequence[float], out: float) -> str:
    """The bias is in the units of what it is added to."""
    if len(biases) not in (1, len(products)):
        return "" if not biases else f"{len(biases)} scales of its bias"
    pairs = zip(products, [*biases] * (len(products) // len(biases)), strict=True)
    for product, scale in pairs:
        if abs(product - scale) > _MOST_BIAS_ERROR * out:
            return f"a bias of scale {scale:g} where input and weights give {product:g}"
    return ""


def _sum(operation: Operation) -> str:
    """Of whole numbers, each input is brought to twice the larger scale, then added."""
    if why := _broadcast(operation):
        return why
    out = operation.outputs[0]
    if out is None or out.number(1, "b") not in _BYTES:
        return ""
    scales = [scales_of(end) for end in operation.inputs if end is not None]
    if any(len(scale) != 1 for scale in (*scales, scales_of(out))):
        return "whole numbers without one scale each"
    ratio = 2 * max(scale[0] for scale in scales) / scales_of(out)[0] / _ADD_SHIFT
    return f"a multiplier of {ratio:g}, over 1" if ratio >= 1 else ""


def _broadcast(operation: Operation) -> str:
    first, second = operation.shape(0), operation.shape(1)
    rank = max(len(first), len(second))
    pairs = zip(_widened(first, rank), _widened(second, rank), strict=True)
    shape = []
    for left, right in pairs:
        if left != right and 1 not in (left, right):
            return f"inputs of shape {first} and {second}"
        shape.append(right if left == 1 else left)
    return _gives(operation, tuple(shape))


def _widened(shape: Shape, rank: int) -> Shape:
    return (1,) * (rank - len(shape)) + shape


def _concatenation(operation: Operation) -> str:
    assert operation.options is not None  # its rule asks for them
    shapes = [_shape(end) for end in operation.inputs]
    rank = len(shapes[0])
    axis = operation.options.number(0, "i")
    if not -rank <= axis < rank or any(len(shape) != rank for shape in shapes):
        return f"inputs of shape {shapes[:3]} joined along {axis}"
    axis %= rank
    others = {shape[:axis] + shape[axis + 1 :] for shape in shapes}
    if len(others) > 1:
        return f"inputs of shape {shapes[:3]} joined along {axis}"
    length = sum(shape[axis] for shape in shapes)
    return _gives(operation, (*shapes[0][:axis], length, *shapes[0][axis + 1 :]))


def _one_by_one(operation: Operation) -> str:
    return _gives(operation, operation.shape(0))


def _as_many(operation: Operation) -> str:
    given = operation.shape(0)
    if math.prod(given) != math.prod(operation.gives):
        return f"an output of shape {operation.gives} of an input of {given}"
    return ""


def _gives(operation: Operation, expected: Shape) -> str:
    if operation.gives != expected:
        return f"an output of shape {operation.gives}; expected {expected}"
    return ""


RULES = {
    0: Rule("ADD", _sum, (2, 2)),
    1: Rule("AVERAGE_POOL_2D", _pool, (1, 1), 5),
    2: Rule("CONCATENATION", _concatenation, (1, 4096), 10),
    3: Rule("CONV_2D", _convolution, (2, 3), 1),
    4: Rule("DEPTHWISE_CONV_2D", _depthwise, (2, 3), 2),
    6: Rule("DEQUANTIZE", _one_by_one, (1, 1)),
    9: Rule("FULLY_CONNECTED", _dense, (2, 3)),
    14: Rule("LOGISTIC", _one_by_one, (1, 1)),
    17: Rule("MAX_POOL_2D", _pool, (1, 1), 5),
    18: Rule("MUL", _broadcast, (2, 2)),
    19: Rule("RELU", _one_by_one, (1, 1)),
    21: Rule("RELU6", _one_by_one, (1, 1)),
    22: Rule("RESHAPE", _as_many, (1, 2)),
    25: Rule("SOFTMAX", _one_by_one, (1, 1)),
    28: Rule("TANH", _one_by_one, (1, 1)),
    41: Rule("SUB", _sum, (2, 2)),
    42: Rule("DIV", _broadcast, (2, 2)),
    50: Rule("LOG_SOFTMAX", _one_by_one, (1, 1)),
    98: Rule("LEAKY_RELU", _one_by_one, (1, 1)),
    114: Rule("QUANTIZE", _one_by_one, (1, 1)),
    117: Rule("HARD_SWISH", _one_by_one, (1, 1)),
}
NAMES = {code: rule.name for code, rule in RULES.items()}
