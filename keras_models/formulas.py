"""Multiply-accumulates by the class of a layer, or of a bare operation, in a table.

Convention and sources as in `macs`. Attention counts its projections and both of its
products; whatever contracts tensors (einsum, matmul) counts all its indices.
"""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import keras

from keras_models.graphs.shapes import Shape, Step, standard

Pair = tuple[int, ...]
Formula = Callable[[Step], int]


def conv2d_macs(
    kernel: Pair, depth: int, filters: int, output: Pair, groups: int
) -> int:
    """Multiply-accumulates of one convolution over one image.

    Taps on padding count, bias does not. Source: Howard et al. 2017, arXiv:1704.04861.

    Args:
        kernel, output: (height, width), in taps and in output pixels; or one side.
        depth: C of the (N, H, W, C) input.
        groups: 1 for an ordinary convolution, depth for a depthwise one.
    Raises:
        ValueError: groups does not divide depth.
    """
    if depth % groups:
        raise ValueError(
            f"{groups=} does not divide the input's {depth=} channels; expected a "
            "divisor. Pass the layer's own `groups`, or 1 for an ordinary convolution."
        )
    return math.prod(kernel) * (depth // groups) * filters * math.prod(output)


def _pixels(layer: Any, shape: Shape) -> tuple[int, Pair]:
    """(channels, sides) of a (N, H, W, C) or (N, C, H, W) shape, or of one side."""
    _, *rest = shape
    sizes = [int(size or 0) for size in rest]
    if getattr(layer, "data_format", "channels_last") == "channels_first":
        return sizes[0], tuple(sizes[1:])
    return sizes[-1], tuple(sizes[:-1])


def _convolution(layer: Any, source: Shape, target: Shape) -> int:
    depth, _ = _pixels(layer, source)
    filters, output = _pixels(layer, target)
    return conv2d_macs(layer.kernel_size, depth, filters, output, layer.groups)


def _depthwise(layer: Any, source: Shape, target: Shape) -> int:
    depth, _ = _pixels(layer, source)
    filters, output = _pixels(layer, target)
    return conv2d_macs(layer.kernel_size, depth, filters, output, depth)


def _separable(layer: Any, source: Shape, target: Shape) -> int:
    depth, _ = _pixels(layer, source)
    filters, output = _pixels(layer, target)
    between = depth * layer.depth_multiplier
    spatial = conv2d_macs(layer.kernel_size, depth, between, output, depth)
    return spatial + conv2d_macs((1,), between, filters, output, 1)


def _transpose(layer: Any, source: Shape, target: Shape) -> int:
    depth, taken = _pixels(layer, source)
    filters, _ = _pixels(layer, target)
    return conv2d_macs(layer.kernel_size, depth, filters, taken, 1)


def _dense(layer: Any, source: Shape, target: Shape) -> int:
    del layer
    return _product(source[1:-1]) * int(source[-1] or 0) * int(target[-1] or 0)


def _einsum_dense(layer: Any, source: Shape, target: Shape) -> int:
    del target
    kernel = tuple(layer.kernel.shape)
    return contraction(layer.equation, (source, kernel))


LAYERS: dict[str, Callable[[Any, Shape, Shape], int]] = {
    "Conv1D": _convolution,
    "Conv2D": _convolution,
    "DepthwiseConv1D": _depthwise,
    "DepthwiseConv2D": _depthwise,
    "SeparableConv1D": _separable,
    "SeparableConv2D": _separable,
    "Conv1DTranspose": _transpose,
    "Conv2DTranspose": _transpose,
    "Dense": _dense,
    "EinsumDense": _einsum_dense,
}

# Layers that count 0 by the convention; any other class is opened, or listed by name.
UNCHARGED = frozenset(
    {
        "Activation",
        "ActivityRegularization",
        "Add",
        "AlphaDropout",
        "Average",
        "AveragePooling1D",
        "AveragePooling2D",
        "BatchNormalization",
        "CategoryEncoding",
        "CenterCrop",
        "Concatenate",
        "Cropping1D",
        "Cropping2D",
        "Discretization",
        "Dropout",
        "ELU",
        "Embedding",
        "Flatten",
        "GaussianDropout",
        "GaussianNoise",
        "GlobalAveragePooling1D",
        "GlobalAveragePooling2D",
        "GlobalMaxPooling1D",
        "GlobalMaxPooling2D",
        "GroupNormalization",
        "Identity",
        "InputLayer",
        "LayerNormalization",
        "LeakyReLU",
        "Maximum",
        "MaxPooling1D",
        "MaxPooling2D",
        "Minimum",
        "Multiply",
        "Normalization",
        "PReLU",
        "Permute",
        "RMSNormalization",
        "ReLU",
        "RepeatVector",
        "Rescaling",
        "Reshape",
        "Resizing",
        "Softmax",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "Subtract",
        "UnitNormalization",
        "UpSampling1D",
        "UpSampling2D",
        "ZeroPadding1D",
        "ZeroPadding2D",
    }
)
_AUGMENTATIONS = "keras.src.layers.preprocessing.image_preprocessing."  # idle here


def _kernel_macs(step: Step) -> int:
    """A convolution of keras.ops: its kernel's taps at each output pixel."""
    kernels = [_shape(argument) for argument in _tensors(step)[1:]]
    layer = step.operation
    if step.kind == "ConvTranspose":
        _, pixels = _pixels(layer, step.source)
    else:
        _, pixels = _pixels(layer, step.target)
    return math.prod(pixels) * sum(_product(kernel) for kernel in kernels)


def _matmul(step: Step) -> int:
    first = _shape(_tensors(step)[0])
    return _product(step.target) * int(first[-1] or 1)


def _einsum(step: Step) -> int:
    shapes = [_shape(argument) for argument in _tensors(step)]
    return contraction(step.operation.subscripts, shapes)


def _tensordot(step: Step) -> int:
    """By sizes alone: of two tensors, what is in both but not in what comes out."""
    first, second = (_product(_shape(argument)) for argument in _tensors(step)[:2])
    return math.isqrt(first * second * _product(step.target))


def _attention(step: Step) -> int:
    """softmax(Q K) V of keras.ops: (N, T, heads, d) against (N, S, heads, d)."""
    query, key, value = (_shape(argument) for argument in _tensors(step)[:3])
    rows = int(query[1] or 1) * int(query[2] or 1) * int(key[1] or 1)
    return rows * (int(query[3] or 1) + int(value[3] or 1))


OPERATIONS: dict[str, Formula] = {
    "Conv": _kernel_macs,
    "ConvTranspose": _kernel_macs,
    "DepthwiseConv": _kernel_macs,
    "SeparableConv": _kernel_macs,
    "Dot": _tensordot,
    "DotProductAttention": _attention,
    "Einsum": _einsum,
    "Inner": _tensordot,
    "Matmul": _matmul,
    "Tensordot": _tensordot,
    "Vdot": _tensordot,
}
# Modules of keras.ops whose work is of another kind: what is in them is named.
_UNKNOWN_MODULES = ("core", "fft", "linalg", "signal")
_MOVING = ("Cast", "Shape", "StopGradient", "Unstack", "ConvertToTensor", "Slice")


def of(step: Step) -> Formula | None:
    """The formula of a layer or operation of Keras's own, if it has one."""
    if not standard(step.operation):
        return None
    if not isinstance(step.operation, keras.Layer):
        return OPERATIONS.get(step.kind)
    formula = LAYERS.get(step.kind)
    if formula is None:
        return None
    return lambda step: formula(step.operation, step.source, step.target)


def charged(step: Step) -> bool:
    """Whether a step has a formula."""
    return of(step) is not None


def free(step: Step) -> bool:
    """Whether a step costs nothing by the convention."""
    if not standard(step.operation):
        return False
    module = type(step.operation).__module__
    if isinstance(step.operation, keras.Layer):
        return step.kind in UNCHARGED or module.startswith(_AUGMENTATIONS)
    unknown = module.rpartition(".")[2] in _UNKNOWN_MODULES
    return not unknown or step.kind in _MOVING


def contraction(equation: str, shapes: Sequence[Shape]) -> int:
    """Multiply-accumulates of an einsum: the sizes of all its indices, multiplied.

    Args:
        equation: as of numpy.einsum; `...` stands for what no letter names.
    """
    given = equation.replace(" ", "").split("->")[0].split(",")
    sizes: dict[str, int] = {}
    for letters, shape in zip(given, shapes, strict=True):
        named = re.sub(r"\.\.\.", "", letters)
        rest = len(shape) - len(named)
        ellipsis = letters.find("...")
        names = list(named)
        if ellipsis >= 0:
            names[ellipsis:ellipsis] = [f"...{number}" for number in range(rest)]
        for name, size in zip(names, shape, strict=True):
            sizes[name] = max(sizes.get(name, 1), int(size or 1))
    return math.prod(sizes.values())


def _tensors(step: Step) -> list[Any]:
    leaves = keras.tree.flatten((step.arguments, step.named))
    return [leaf for leaf in leaves if hasattr(leaf, "shape")]


def _shape(tensor: Any) -> Shape:
    return tuple(tensor.shape)


def _product(shape: Shape) -> int:
    return math.prod(int(size or 1) for size in shape)
