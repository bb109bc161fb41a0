"""Padding by hand that follows the map: families of keras.applications that do so.

Before a stride, keras.applications pads an even map less than an odd one, so that both
are halved alike (Keras issue 18365). The layers are known by the names that their
family gives them, and only where their padding is what the family's rule makes of the
map that they were built for; a test holds the rule against every family's builder.
"""

import re
from typing import Any

Padding = tuple[tuple[int, int], ...]

# MobileNetV2, MobileNetV3, EfficientNet, NASNet, in this order.
_BY_PARITY = re.compile(
    r"(Conv1_pad|block_\d+_pad"
    r"|expanded_conv(_\d+)?[_/]depthwise[_/]pad"
    r"|stem_conv_pad|block\d+[a-z]_dwconv_pad"
    r"|separable_conv_1_pad_.+|reduction_pad_1_.+)"
)
_THE_SAME_ON_ALL = re.compile(r"conv1?_pad(_\d+)?")  # MobileNet


def uneven(layer: Any) -> bool:
    """Whether a layer pads or crops one side more than the other."""
    return bool(uneven_axes(layer))


def uneven_axes(layer: Any) -> tuple[int, ...]:
    """Axes along which a layer pads or crops one end more than the other."""
    kind = type(layer).__name__
    amounts: Any = ()
    if kind == "ZeroPadding2D":
        amounts = ((0, 0), *layer.padding)
    if kind == "Cropping2D":
        amounts = ((0, 0), *layer.cropping)
    if kind == "Pad":  # keras.ops.pad
        amounts = layer.pad_width
    return tuple(
        axis for axis, (before, after) in enumerate(amounts) if before != after
    )


def follows_parity(layer: Any, shape: tuple[int | None, ...]) -> bool:
    """Whether a family made this padding for the parity of the map of this shape."""
    if type(layer).__name__ != "ZeroPadding2D" or None in shape[1:3]:
        return False
    known = _BY_PARITY.fullmatch(layer.name)
    return known is not None and padding_on(layer, shape) == layer.padding


def same_on_all(layer: Any) -> bool:
    """Whether a family pads so on maps of either parity."""
    return _THE_SAME_ON_ALL.fullmatch(layer.name) is not None


def padding_on(layer: Any, shape: tuple[int | None, ...]) -> Padding:
    """What the family pads on a map of this shape, by the kernel it once padded for.

    Half the kernel after the map; before it as much on odd maps, one less on even ones.
    """
    return tuple(
        (after - (1 - int(size or 0) % 2), after)
        for size, (_, after) in zip(shape[1:3], layer.padding, strict=True)
    )
