"""What a model's graph is made of, and what in it depends on the resolution."""

import hashlib
from typing import Any

import keras
import numpy as np

from keras_models.graphs.fitting import Fitting, UnfitError
from keras_models.graphs.reapplying import has_graph, nodes

_VOLATILE = frozenset({"name", "batch_shape", "dtype", "trainable"})
_OF_THE_CALL = ("shared_object_id", "training", "mask")

Signature = tuple[tuple[str, str, tuple[int, ...]], ...]


def signature(model: keras.Model) -> Signature:
    """The graph without names and input size: equal for two sizes of one graph.

    One item a call: the operation's class, its configuration with the constants that
    it was given, and the numbers of the calls that feed it.
    """
    numbers: dict[int, int] = {}
    items = []
    for number, node in enumerate(nodes(model)):
        operation = node.operation
        fed_by = tuple(numbers.get(id(tensor), -1) for tensor in node.input_tensors)
        kind = type(operation).__name__
        items.append((kind, repr(_plain(_settings(operation, node))), fed_by))
        for tensor in node.outputs:
            numbers[id(tensor)] = number
    return tuple(items)


def _settings(operation: Any, node: Any) -> dict[str, Any]:
    if has_graph(operation):
        return {"inner": signature(operation)}
    constants = {"args": node.arguments.args, "kwargs": node.arguments.kwargs}
    if isinstance(operation, keras.Layer):
        config = operation.get_config()
        return {key: config[key] for key in config if key not in _VOLATILE} | constants
    state = {  # one of keras.ops; its get_config leaves arrays out
        f"its {key}": value
        for key, value in vars(operation).items()
        if not key.startswith("_") and key != "name"
    }
    return state | constants


def smallest_resolution(model: keras.Model, native: int) -> int:
    """The smallest input that the graph can take, all that it was made for kept."""
    fitting = Fitting(model)
    low, high = 1, native
    while low < high:
        middle = (low + high) // 2
        if _has_pixels(fitting, middle):
            high = middle
        else:
            low = middle + 1
    return next(
        resolution for resolution in range(low, native + 1) if fitting.fits(resolution)
    )


def _has_pixels(fitting: Fitting, resolution: int) -> bool:
    try:
        fitting.at(resolution)
    except UnfitError:  # a computed output size would be zero or negative, say
        return False
    return True


def _plain(value: object) -> object:
    """Settings with sorted keys and without names, so that repr compares."""
    if isinstance(value, dict):
        return {
            key: _plain(value[key])
            for key in sorted(value)
            if key not in _VOLATILE and key not in _OF_THE_CALL
        }
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, keras.KerasTensor):
        return "tensor"
    if callable(value) and hasattr(value, "__name__"):
        return value.__name__  # its address is another one each time
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        array = np.ascontiguousarray(keras.ops.convert_to_numpy(value))
        digest = hashlib.sha256(array.tobytes()).hexdigest()
        return f"{array.dtype} {array.shape} {digest}"
    return value
