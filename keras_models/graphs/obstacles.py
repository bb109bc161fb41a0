"""Operations that fit one size of map only."""

from typing import Any

import keras
import numpy as np

from keras_models.graphs.shapes import Shape, Step, inside, standard
from keras_models.graphs.sums import changed_axes

_FIXED_SIZE = ("Resizing", "CenterCrop", "RandomCrop")
_FIXED_OPERATIONS = (
    "AffineTransform",
    "CropImages",
    "MapCoordinates",
    "PadImages",
    "PerspectiveTransform",
    "Resize",
    "ScaleAndTranslate",
    "Slice",
    "SliceUpdate",
)
_HOLDERS = ("Lambda", "Pipeline", "RandomApply")  # Keras's layers of anybody's calls


def obstacle(before: Step, after: Step) -> str | None:
    """Why an operation would do something else on a map of another size, or None.

    Args:
        before: at the native resolution.
        after: the same step at another one, where its input has another shape.
    """
    name, kind = before.name, before.kind
    if kind in _FIXED_SIZE or kind in _FIXED_OPERATIONS:
        return (
            f"{_what(before)} fixes the size inside the model; remove it and save "
            "the rest"
        )
    if kind == "Flatten" or (kind == "Reshape" and _flattens(before)):
        return (
            f"layer {name} flattens a feature map of {_map(before)} before a Dense "
            "layer, so the Dense weights fit one resolution only; expected global "
            "pooling there"
        )
    if kind == "Reshape" and not _keeps_channels(before):
        return f"{_what(before)} has the size of one map in it ({before.target})"
    if kind == "GetItem" and _cuts_map(before):
        return f"{_what(before)} cuts a fixed part out of the map"
    if _picks_places(before, after):
        return f"{_what(before)} picks places of the map by their number"
    return _table(before) or _tensor_of_map(before, after)


def hidden_obstacle(before: Step, after: Step) -> str | None:
    """The same for what a layer of the user's own calls, or None.

    What its `call` works out from the size of its map is another number in each of the
    two; only what stays the same number binds.
    """
    if standard(before.operation) and before.kind not in _HOLDERS:
        return None
    calls, there = inside(before), inside(after)
    if not calls or not there or len(calls) != len(there):
        return None
    for own, other in zip(calls, there, strict=True):
        if own.sources == other.sources or own.kind != other.kind:
            continue
        if why := _binds(own, other):
            return f"in {_what(before)}, {why}; do it outside the model"
        if why := hidden_obstacle(own, other):
            return why
    return None


def _binds(own: Step, other: Step) -> str | None:
    """Whether a call inside a layer has the size of one map in it."""
    same = own.target[1:-1] == other.target[1:-1]
    if own.kind in _FIXED_SIZE or (own.kind in _FIXED_OPERATIONS and same):
        return f"{own.kind} fixes the size of its map"
    if own.kind == "GetItem" and same and _cuts_map(own) and _cuts_map(other):
        return "a fixed part is cut out of its map"
    return None


def _what(step: Step) -> str:
    return f"layer {step.name} ({step.kind})"


def _map(step: Step) -> str:
    return "x".join(str(size) for size in step.source[1:-1])


def _flattens(step: Step) -> bool:
    """Whether a Reshape makes one row of a map."""
    return len(step.source) > 2 and len(step.target) == 2


def _keeps_channels(step: Step) -> bool:
    """Whether a Reshape leaves channels alone and works the map's sides out itself."""
    wanted = _wanted(step.operation)
    if wanted is None or -1 not in wanted:
        return False
    last = wanted[len(wanted) - wanted[::-1].index(-1) :]
    product = 1
    for size in last:
        product *= size
    others = [size for size in wanted[: -len(last) or None] if size not in (-1, 1)]
    return bool(last) and product == step.source[-1] and not others


def _wanted(operation: Any) -> tuple[int, ...] | None:
    """What a Reshape asks for, the batch left out."""
    if hasattr(operation, "target_shape"):
        return tuple(operation.target_shape)
    asked = getattr(operation, "newshape", None)
    return None if asked is None else tuple(int(size or 1) for size in asked[1:])


def _cuts_map(step: Step) -> bool:
    key = step.arguments[1] if len(step.arguments) > 1 else step.named.get("key")
    items = key if isinstance(key, tuple) else (key,)
    rank = len(step.source)
    if Ellipsis in items:
        ellipsis = items.index(Ellipsis)
        missing = (slice(None),) * (rank - len(items) + 1)
        items = items[:ellipsis] + missing + items[ellipsis + 1 :]
    resolutions = zip(items[1:-1], step.source[1:-1], strict=False)
    return any(_fixed(item, size) for item, size in resolutions)


def _fixed(item: Any, size: int | None) -> bool:
    """Whether a cut through one side of a map counts from its start."""
    if not isinstance(item, slice):
        return isinstance(item, int) and item not in (0, -1)
    stop = item.stop
    return isinstance(stop, int) and stop > 0 and not (size and stop >= size)


def _picks_places(before: Step, after: Step) -> bool:
    """Whether an operation counts places of a map from its start, as no cut does."""
    operation, kind = before.operation, before.kind
    if kind not in ("Split", "ArraySplit", "Take", "TakeAlongAxis"):
        return False
    axis, changed = operation.axis, changed_axes(before.source, after.source)
    if axis is not None and int(axis) % len(before.source) not in changed:
        return False
    if kind.endswith("Split"):
        return not isinstance(operation.indices_or_sections, int)
    places = _second(before)
    return places is not None and not set(np.ravel(places).tolist()) <= {0, -1}


def _second(step: Step) -> Any:
    given = step.arguments[1] if len(step.arguments) > 1 else step.named.get("indices")
    return None if isinstance(given, keras.KerasTensor) else given


def _table(step: Step) -> str | None:
    """A layer of the user's with a row for each position of its own map."""
    operation = step.operation
    if type(operation).__module__.startswith("keras."):
        return None
    for weight in getattr(operation, "weights", ()):
        if _by_position(tuple(weight.shape), step.source):
            return (
                f"{_what(step)} has a tensor {weight.name} of shape "
                f"{tuple(weight.shape)}: a row for each place of a map of {_map(step)}"
            )
    return None


def _tensor_of_map(before: Step, after: Step) -> str | None:
    """A layer of Keras's whose tensors have the size of the map, on some axis."""
    operation, kind = before.operation, before.kind
    changed = changed_axes(before.source, after.source)
    if kind in ("Dense", "EinsumDense") or kind.endswith(("Conv1D", "Conv2D")):
        weighed = {len(before.source) - 1}
    elif kind in ("LayerNormalization", "BatchNormalization", "Normalization"):
        axes = operation.axis
        each = axes if isinstance(axes, list | tuple) else (axes,)
        weighed = {int(axis) % len(before.source) for axis in each if axis is not None}
    elif kind == "PReLU":
        shared = {int(axis) for axis in operation.shared_axes or ()}
        weighed = set(range(1, len(before.source))) - shared
    else:
        return None
    if not weighed & changed:
        return None
    return (
        f"{_what(before)} has tensors for each place of a map of {_map(before)}, so "
        "they fit no other"
    )


def _by_position(weight: Shape, source: Shape) -> bool:
    resolutions = [size for size in source[1:-1] if size]
    places = 1
    for size in resolutions:
        places *= size
    if places <= 1:
        return False
    in_a_row = (
        any(
            list(weight[start : start + len(resolutions)]) == resolutions
            for start in range(len(weight) - len(resolutions) + 1)
        )
        and weight[-1] == source[-1]
    )
    return in_a_row or places in weight[:-1]
