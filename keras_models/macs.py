"""Multiply-accumulates of one image: layer class -> one small formula, in a table.

Convention: those of convolutions and dense layers, each feature map at its true
integer size; a multiply-add counts 1. Bias, batch normalisation, pooling, activations
and other element-wise work count 0, as in the published tables. 1 MAC = 2 FLOPs.
Source: Howard et al. 2017, arXiv:1704.04861; Johnson, fvcore's flop count.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import keras

Shape = tuple[int | None, ...]
Pair = tuple[int, int]


@dataclass(frozen=True)
class MacsCount:
    """What one image costs, and what could not be counted."""

    macs: int
    by_layer: tuple[tuple[str, int], ...]  # (layer, its MACs), in graph order
    uncounted: tuple[str, ...]  # "name (Class)" of layers without a formula


def conv2d_macs(
    kernel: Pair, depth: int, filters: int, output: Pair, groups: int
) -> int:
    """Multiply-accumulates of one convolution over one image.

    Taps on padding count, bias does not. Source: Howard et al. 2017, arXiv:1704.04861.

    Args:
        kernel, output: (height, width), in taps and in output pixels.
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


def _pixels(layer: keras.Layer, shape: Shape) -> tuple[int, Pair]:
    """(channels, (height, width)) of a (N, H, W, C) or (N, C, H, W) shape."""
    _, *rest = shape
    sizes = [int(size or 0) for size in rest]
    if getattr(layer, "data_format", "channels_last") == "channels_first":
        return sizes[0], (sizes[1], sizes[2])
    return sizes[2], (sizes[0], sizes[1])


def _conv2d(layer: keras.Layer, source: Shape, target: Shape) -> int:
    depth, _ = _pixels(layer, source)
    filters, output = _pixels(layer, target)
    return conv2d_macs(layer.kernel_size, depth, filters, output, layer.groups)


def _depthwise(layer: keras.Layer, source: Shape, target: Shape) -> int:
    depth, _ = _pixels(layer, source)
    filters, output = _pixels(layer, target)
    return conv2d_macs(layer.kernel_size, depth, filters, output, depth)


def _separable(layer: keras.Layer, source: Shape, target: Shape) -> int:
    depth, _ = _pixels(layer, source)
    filters, output = _pixels(layer, target)
    between = depth * layer.depth_multiplier
    spatial = conv2d_macs(layer.kernel_size, depth, between, output, depth)
    return spatial + conv2d_macs((1, 1), between, filters, output, 1)


def _transpose(layer: keras.Layer, source: Shape, target: Shape) -> int:
    depth, taken = _pixels(layer, source)
    filters, _ = _pixels(layer, target)
    return conv2d_macs(layer.kernel_size, depth, filters, taken, 1)


def _dense(layer: keras.Layer, source: Shape, target: Shape) -> int:
    del layer
    positions = math.prod(int(size or 1) for size in source[1:-1])
    return positions * int(source[-1] or 0) * int(target[-1] or 0)


FORMULAS: dict[str, Callable[[keras.Layer, Shape, Shape], int]] = {
    "Conv2D": _conv2d,
    "DepthwiseConv2D": _depthwise,
    "SeparableConv2D": _separable,
    "Conv2DTranspose": _transpose,
    "Dense": _dense,
}

# Layers that count 0 by the convention above; any other class is listed by name.
UNCHARGED = frozenset(
    {
        "Activation",
        "Add",
        "AlphaDropout",
        "Average",
        "AveragePooling2D",
        "BatchNormalization",
        "CategoryEncoding",
        "CenterCrop",
        "Concatenate",
        "Cropping2D",
        "Dropout",
        "ELU",
        "Flatten",
        "GaussianDropout",
        "GaussianNoise",
        "GlobalAveragePooling2D",
        "GlobalMaxPooling2D",
        "Identity",
        "InputLayer",
        "LayerNormalization",
        "LeakyReLU",
        "Maximum",
        "MaxPooling2D",
        "Minimum",
        "Multiply",
        "Normalization",
        "PReLU",
        "Permute",
        "ReLU",
        "Rescaling",
        "Reshape",
        "Softmax",
        "SpatialDropout2D",
        "Subtract",
        "UpSampling2D",
        "ZeroPadding2D",
    }
)


def layer_macs(layer: keras.Layer, source: Shape) -> int:
    """The multiply-accumulates of one layer over one image.

    Args:
        source: (N, ...) shape of its input; N is ignored.
    Raises:
        ValueError: no formula for the layer's class.
    """
    name = type(layer).__name__
    if name not in FORMULAS:
        raise ValueError(
            f"no formula for {name} ({layer.name}); expected one of "
            f"{', '.join(FORMULAS)}. Add one to keras_models/macs.py."
        )
    return FORMULAS[name](layer, source, layer.compute_output_shape(source))


def count_macs(model: keras.Model, resolution: int | None = None) -> MacsCount:
    """Counts a functional or sequential model, models inside it included.

    Args:
        resolution: of the input; None takes the one it was built for. Another one is
            only right where the graph does not depend on it (catalogue: period).
    """
    by_layer: list[tuple[str, int]] = []
    uncounted: list[str] = []
    for layer, source, target in layer_shapes(model, resolution):
        name = type(layer).__name__
        if name in FORMULAS:
            by_layer.append((layer.name, FORMULAS[name](layer, source, target)))
        elif name not in UNCHARGED:
            uncounted.append(f"{layer.name} ({name})")
    return MacsCount(
        sum(macs for _, macs in by_layer), tuple(by_layer), tuple(uncounted)
    )


def layer_shapes(
    model: keras.Model, resolution: int | None = None
) -> Iterator[tuple[keras.Layer, Shape, Shape]]:
    """(layer, input shape, output shape) of every call of a layer, in graph order."""
    functional = _functional(model)
    side = functional.inputs[0].shape[1] if resolution is None else resolution
    shapes: dict[int, Shape] = {
        id(functional.inputs[0]): (1, side, side, functional.inputs[0].shape[3])
    }
    yield from _walk(functional, shapes)


def _walk(
    model: keras.Model, shapes: dict[int, Shape]
) -> Iterator[tuple[keras.Layer, Shape, Shape]]:
    # _nodes_by_depth is Keras's own order of calls; there is no public name for it.
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            if node.is_input:
                continue
            layer = node.operation
            sources = [shapes[id(tensor)] for tensor in node.arguments.keras_tensors]
            if isinstance(layer, keras.Model):
                inner = _functional(layer)
                shapes[id(inner.inputs[0])] = sources[0]
                yield from _walk(inner, shapes)
                target = shapes[id(inner.outputs[0])]
            else:
                target = _output_shape(layer, sources)
                yield layer, sources[0], target
            shapes[id(node.output_tensors[0])] = target


def _output_shape(layer: keras.Layer, sources: list[Shape]) -> Shape:
    given = sources if len(sources) > 1 else sources[0]
    if isinstance(layer, keras.Layer):
        return tuple(layer.compute_output_shape(given))
    tensors = [keras.KerasTensor(shape) for shape in sources]  # a bare keras.ops call
    return tuple(layer.compute_output_spec(*tensors).shape)


def _functional(model: keras.Model) -> keras.Model:
    if isinstance(model, keras.Sequential):
        return model._functional
    return model
