"""Sums over a map: less on a smaller one, unless weights that sum to 1 go before."""

import string
from collections.abc import Iterator
from typing import Any

import keras

from keras_models.graphs.shapes import Shape, Step

_OVER_AXES = (
    "CountNonzero",
    "Cumprod",
    "Cumsum",
    "Logsumexp",
    "Nancumsum",
    "Nanprod",
    "Nansum",
    "Norm",
    "Prod",
    "Sum",
    "Trapezoid",
)
# What leaves weights that sum to 1 such, or puts them on what is summed.
_PASSED = (
    "Cast",
    "Dropout",
    "Einsum",
    "ExpandDims",
    "Flatten",
    "GetItem",
    "Identity",
    "Multiply",
    "Permute",
    "RepeatVector",
    "Reshape",
    "Squeeze",
    "Swapaxes",
    "Transpose",
)


def sum_over_map(native: list[Step], there: list[Step], number: int) -> str | None:
    """Why a step would give less on a map of another size, or None.

    Args:
        native, there: all steps, at the native and at another resolution.
        number: of the step.
    """
    before, after = native[number], there[number]
    summed = next(filter(None, _summed(before, after)), None)
    if summed is None or _weighted(native, there, number):
        return None
    size = "x".join(str(resolution) for resolution in summed)
    return (
        f"layer {before.name} ({before.kind}) adds up a map of {size}, which would be "
        "less on a smaller one; expected a mean there"
    )


def changed_axes(before: Shape, after: Shape) -> set[int]:
    """Axes other than the batch's along which a map has another size."""
    sizes = enumerate(zip(before, after, strict=True))
    return {axis for axis, (was, now) in sizes if axis and was != now}


def _summed(before: Step, after: Step) -> Iterator[Shape]:
    """For each operand: its sizes along axes that changed and are summed."""
    pairs = list(zip(_operands(before), _operands(after), strict=True))
    for index, (was, now) in enumerate(pairs):
        axes = _axes_summed(before, index, [shape for shape, _ in pairs])
        both = {axis % len(was) for axis in axes} & changed_axes(was, now)
        yield tuple(was[axis] for axis in sorted(both))


def _operands(step: Step) -> list[Shape]:
    leaves = keras.tree.flatten((step.arguments, step.named))
    return [tuple(leaf.shape) for leaf in leaves if getattr(leaf, "shape", ())]


def _axes_summed(step: Step, index: int, shapes: list[Shape]) -> Iterator[int]:
    operation, kind, rank = step.operation, step.kind, len(shapes[index])
    if kind in _OVER_AXES and index == 0:
        axes = getattr(operation, "axis", None)
        yield from range(rank) if axes is None else _each(axes)
    elif kind == "Matmul":
        yield rank - 1 if index == 0 else max(0, rank - 2)
    elif kind == "Dot" and hasattr(operation, "axes"):  # the layer
        axes = operation.axes
        yield axes if isinstance(axes, int) else axes[index]
    elif kind == "Dot":
        yield rank - 1 if index == 0 else max(0, rank - 2)
    elif kind == "Tensordot":
        axes = operation.axes
        if isinstance(axes, int):
            yield from range(rank - axes, rank) if index == 0 else range(axes)
        else:
            yield from _each(axes[index])
    elif kind == "Einsum":
        yield from _dropped(operation.subscripts, index, rank)


def _each(axes: Any) -> tuple[int, ...]:
    return tuple(axes) if isinstance(axes, tuple | list) else (int(axes),)


def _dropped(subscripts: str, index: int, rank: int) -> Iterator[int]:
    """Axes of one operand of an Einsum that its result does not have."""
    given, _, result = subscripts.replace(" ", "").partition("->")
    letters = given.split(",")[index]
    if "..." in letters:
        free = [one for one in string.ascii_letters if one not in subscripts]
        shown = "".join(free[: rank - len(letters) + 3])
        letters, result = letters.replace("...", shown), result + shown
    for axis, letter in enumerate(letters):
        if letter not in result:
            yield axis


def _weighted(native: list[Step], there: list[Step], number: int) -> bool:
    """Whether a softmax over the map, or a part of it, weighs what is summed."""
    waiting, seen = list(native[number].fed_by), set[int]()
    while waiting:
        source = waiting.pop()
        if source < 0 or source in seen:
            continue
        seen.add(source)
        if _softmax(native[source], there[source]):
            return True
        if native[source].kind in _PASSED:
            waiting += native[source].fed_by
    return False


def _softmax(before: Step, after: Step) -> bool:
    """Whether a step makes weights that sum to 1 along an axis that changed."""
    activation = getattr(before.operation, "activation", None)
    if before.kind in ("Softmax", "Sparsemax"):
        axes = _each(getattr(before.operation, "axis", -1))
    elif getattr(activation, "__name__", "") == "softmax":
        axes = (-1,)
    else:
        return False
    changed = changed_axes(before.target, after.target)
    return any(axis % len(before.target) in changed for axis in axes)
