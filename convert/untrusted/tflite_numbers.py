"""How the tensors of a .tflite are quantised: what must hold for any runtime."""

import math
from collections.abc import Mapping

from convert.untrusted.flatbuffer import Table

_MOST_SCALE = 2.0**60  # and its inverse the least: beyond, a multiplier is no number
# TensorType -> (least, most) zero point; of others none is quantised
_ZEROS: Mapping[int, tuple[int, int]] = {
    2: (0, 0), 3: (0, 255), 4: (0, 0), 7: (-(2**15), 2**15 - 1), 9: (-128, 127),
    16: (0, 2**16 - 1), 17: (-8, 7), 19: (-2, 1), 20: (0, 15),
}  # fmt: skip


def wrong_quantisation(tensor: Table, constant: bool) -> str:
    """What a tensor's scales and zero points cannot be; empty: nothing.

    Args:
        constant: whether the file holds its numbers; then a channel may be all zeros,
            with the scale 0.
    """
    quantised = tensor.table(4)
    if quantised is None or not quantised.count(2):
        return ""
    scales, zeros = quantised.floats(2), quantised.whole_numbers(3, 8)
    for scale in scales:
        if not _is_scale(scale) and not (constant and scale == 0):
            return f"the scale {scale:g}"
    if len(zeros) not in (0, len(scales)):
        return f"{len(scales):,} scales and {len(zeros):,} zero points"
    kind = tensor.number(1, "b")
    low, high = _ZEROS.get(kind, (-(2**63), 2**63))
    if zeros and not low <= min(zeros) <= max(zeros) <= high:
        wrong = next(zero for zero in zeros if not low <= zero <= high)
        return f"the zero point {wrong}, outside its type's {low}..{high}"
    return _wrong_channels(tensor.whole_numbers(0, 4), quantised, len(scales))


def _is_scale(scale: float) -> bool:
    return math.isfinite(scale) and 1 / _MOST_SCALE <= scale <= _MOST_SCALE


def _wrong_channels(shape: tuple[int, ...], quantised: Table, scales: int) -> str:
    if scales == 1:
        return ""
    axis = quantised.number(6, "i")
    if not 0 <= axis < len(shape):
        return f"a scale for each channel of its dimension {axis}, of {len(shape)}"
    if shape[axis] != scales:
        return f"{scales:,} scales for {shape[axis]:,} channels"
    return ""


def scales_of(tensor: Table) -> tuple[float, ...]:
    """A tensor's scales; none where it is not quantised."""
    quantised = tensor.table(4)
    return quantised.floats(2) if quantised is not None else ()
