"""What a model's graph is made of, and what in it depends on the resolution."""

from collections.abc import Iterator
from typing import Any

import keras

from keras_models.macs import _functional, layer_shapes

GLOBAL_POOLING = ("GlobalAveragePooling2D", "GlobalMaxPooling2D")
_FIXED_SIZE = ("Resizing", "CenterCrop", "RandomCrop")
_STRIDED = (
    "Conv2D",
    "DepthwiseConv2D",
    "SeparableConv2D",
    "MaxPooling2D",
    "AveragePooling2D",
)
_VOLATILE = frozenset({"name", "batch_shape", "dtype", "trainable"})

Signature = tuple[tuple[str, str, tuple[int, ...]], ...]


def signature(model: keras.Model) -> Signature:
    """The graph without names and input size: equal for two sizes of one graph.

    One item a layer call: its class, its configuration and the numbers of the calls
    that feed it.
    """
    numbers: dict[int, int] = {}
    items = []
    for number, node in enumerate(_nodes(_functional(model))):
        operation = node.operation
        config = operation.get_config()
        kept = {key: config[key] for key in config if key not in _VOLATILE}
        if isinstance(operation, keras.Model):
            kept = {"inner": signature(operation)}
        fed_by = tuple(numbers[id(tensor)] for tensor in node.arguments.keras_tensors)
        items.append((type(operation).__name__, repr(_plain(kept)), fed_by))
        for tensor in node.output_tensors:
            numbers[id(tensor)] = number
    return tuple(items)


def obstacle(model: keras.Model) -> str | None:
    """Why a model cannot take another resolution, in one line, or None if it can."""
    pooled = False
    for layer, source, _ in layer_shapes(model):
        kind = type(layer).__name__
        if kind == "Flatten" and any(size != 1 for size in source[1:-1]):
            return (
                f"layer {layer.name} flattens a feature map of {source[1]}x{source[2]} "
                "before a Dense layer, so the Dense weights fit one resolution only; "
                "expected global pooling there"
            )
        if kind in _FIXED_SIZE:
            return (
                f"layer {layer.name} ({kind}) fixes the size inside the model; remove "
                "it and save the rest"
            )
        pooled = pooled or kind in GLOBAL_POOLING
    if not pooled:
        return f"it has no global pooling layer ({' or '.join(GLOBAL_POOLING)})"
    return None


def parity_mismatch(model: keras.Model, native: int, resolution: int) -> str | None:
    """The strided layer whose padding was made for the other parity, or None.

    keras.applications pads by hand before a stride, ((0, 1), (0, 1)) on even maps and
    ((1, 1), (1, 1)) on odd ones; a graph copied to a map of the other parity would
    silently compute something else (Keras issue 18365).
    """
    layers = [layer for layer, _, _ in layer_shapes(model)]
    if not any(_padded_by_parity(layer) for layer in layers):
        return None
    pairs = zip(
        layer_shapes(model, native), layer_shapes(model, resolution), strict=True
    )
    for (layer, before, _), (_, after, _) in pairs:
        if not _padded_by_parity(layer) and not _is_strided(layer):
            continue
        if before[1] and after[1] and before[1] % 2 != after[1] % 2:
            return (
                f"layer {layer.name} was built for a map of {before[1]}x{before[1]} "
                f"pixels and would get one of {after[1]}x{after[1]}: odd and even maps "
                "are padded differently"
            )
    return None


def smallest_resolution(model: keras.Model, native: int) -> int:
    """The smallest input for which every feature map keeps at least one pixel."""
    low, high = 1, native
    while low < high:
        middle = (low + high) // 2
        if _has_pixels(model, middle):
            high = middle
        else:
            low = middle + 1
    return low


def _has_pixels(model: keras.Model, resolution: int) -> bool:
    try:
        shapes = [target for _, _, target in layer_shapes(model, resolution)]
    except ValueError:  # Keras: computed output size would be zero or negative
        return False
    return all(size is None or size > 0 for shape in shapes for size in shape)


def _padded_by_parity(layer: keras.Layer) -> bool:
    if type(layer).__name__ == "Cropping2D":
        return True
    if type(layer).__name__ != "ZeroPadding2D":
        return False
    return any(before != after for before, after in layer.padding)


def _is_strided(layer: keras.Layer) -> bool:
    strides = getattr(layer, "strides", 1)
    largest = strides if isinstance(strides, int) else max(strides)
    return type(layer).__name__ in _STRIDED and largest > 1


def _nodes(model: keras.Model) -> Iterator[Any]:
    for depth in sorted(model._nodes_by_depth, reverse=True):
        yield from model._nodes_by_depth[depth]


def _plain(value: object) -> object:
    """Configurations with sorted keys and without names, so that repr compares."""
    if isinstance(value, dict):
        return {
            key: _plain(value[key])
            for key in sorted(value)
            if key not in _VOLATILE and key != "shared_object_id"
        }
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
