"""A model's configuration as Keras 2 (tf.keras 2.x) wrote it -> as Keras 3 reads it.

What differs for image classifiers: keywords that layers no longer take; slashes in
names; how calls of models inside models are counted; operations on tensors, which
Keras 2 wrote as layers of class TFOpLambda.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras

from datasets.errors import ModelError

Json = dict[str, Any]

# Keywords that Keras 2 wrote and Keras 3 refuses, with the values that mean nothing.
_DROPPED: Mapping[str, Mapping[str, object]] = {
    "DepthwiseConv2D": {"groups": 1},
    "SeparableConv2D": {
        "groups": 1,
        "kernel_initializer": ...,  # any: there is no such tensor
        "kernel_regularizer": ...,
        "kernel_constraint": ...,
    },
    "Conv2DTranspose": {"groups": 1},
}
_LAYER = ("class_name", "config", "name", "inbound_nodes")
_MODELS = ("Functional", "Model", "Sequential")
_DROPPED_EVERYWHERE = {"rng_type": ...}  # of augmentation layers


def mended(config: Json) -> Json:
    """The configuration with everything replaced that Keras 3 would refuse.

    Raises:
        InputError: an operation that has no layer of Keras 3 here; names it.
    """
    names = {name: name.replace("/", "_") for name in _names(config) if "/" in name}
    changed = _mended(_renamed(config, names))
    assert isinstance(changed, dict)
    return changed


def custom_objects() -> dict[str, Any]:
    """What `mended` names beyond keras.layers: BGR's reversal, ConvNeXt's layer."""
    from keras.src.applications.convnext import LayerScale  # there is no public name

    image = keras.KerasTensor((None, 1, 1, 3))
    flip = type(keras.ops.flip(image, -1)._keras_history.operation)
    return {"Flip": flip, "LayerScale": LayerScale}


def _names(value: Any) -> Iterator[str]:
    """Names of all layers; Keras 3 takes no slash in one."""
    if isinstance(value, list):
        for item in value:
            yield from _names(item)
    elif isinstance(value, dict):
        if "class_name" in value and isinstance(value.get("config"), dict):
            yield str(value["config"].get("name", ""))
        yield from _names(list(value.values()))


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    if isinstance(value, dict):
        return {key: _renamed(item, names) for key, item in value.items()}
    return names.get(value, value) if isinstance(value, str) else value


def _mended(value: Any) -> Any:
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") in ("TFOpLambda", "SlicingOpLambda"):
        return _operation(value)
    if "class_name" in value and isinstance(value.get("config"), dict):
        dropped = {**_DROPPED.get(value["class_name"], {}), **_DROPPED_EVERYWHERE}
        kept = {
            key: item
            for key, item in value["config"].items()
            if key not in dropped or dropped[key] not in (..., item)
        }
        value = {**value, "config": kept}
        if "name" in kept:  # a layer: as old files have them, without modules
            value = {key: value[key] for key in _LAYER if key in value}
    if "output_layers" in value:
        value = _graph(value)
    return {key: _mended(item) for key, item in value.items()}


def _graph(config: Json) -> Json:
    """References to models inside: Keras 2 counted a call of each that is not there.

    One tensor in or out is written as such, not as a list of one.
    """
    kinds = {layer["config"]["name"]: layer["class_name"] for layer in config["layers"]}
    inner = {name for name, kind in kinds.items() if kind in _MODELS}
    changed = dict(config)
    changed["layers"] = [
        {**layer, "inbound_nodes": _counted_down(layer.get("inbound_nodes", []), inner)}
        for layer in config["layers"]
    ]
    # Of outputs, Keras 3 takes that call off itself, but for a Sequential.
    sequential = {name for name in inner if kinds[name] == "Sequential"}
    changed["output_layers"] = _counted_down(config["output_layers"], sequential)
    for key in ("input_layers", "output_layers"):
        if len(changed[key]) == 1:
            changed[key] = changed[key][0]
    return changed


def _counted_down(value: Any, models: set[str]) -> Any:
    """[name, call, output, ..] with one call less, wherever `name` is such a model."""
    if isinstance(value, dict):
        return {key: _counted_down(item, models) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    if (
        len(value) >= 3
        and isinstance(value[0], str)
        and value[0] in models
        and isinstance(value[1], int)
    ):
        return [value[0], max(value[1] - 1, 0), *_counted_down(value[2:], models)]
    return [_counted_down(item, models) for item in value]


def _operation(layer: Json) -> Json:
    """A TFOpLambda as a layer: x / 127.5 is Rescaling, x + y is Add."""
    function = str(layer["config"].get("function", "?"))
    nodes = layer.get("inbound_nodes") or []
    make = _OPERATIONS.get(function)
    call = None
    if make is not None and len(nodes) == 1 and len(nodes[0]) == 4:
        call = make(*_called(nodes[0]))
    if call is None:
        raise ModelError.of(
            f"layer {layer['config'].get('name')}",
            f"written by Keras 2 with the operation tf.{function}, which has no "
            "counterpart here",
            "",
            "Build the model in Keras 3 with layers, move the weights by "
            "set_weights(get_weights()), and save it as .keras.",
        )
    kind, config, sources = call
    name = str(layer.get("name") or layer["config"].get("name"))
    return {
        "class_name": kind,
        "config": {**config, "name": name},
        "name": name,
        "inbound_nodes": [[[*source, {}] for source in sources]],
    }


_Made = tuple[str, Json, list[list[Any]]]  # class, configuration, tensors read


def _called(node: list[Any]) -> tuple[Any, Json]:
    """(the first argument: a tensor [layer, call, output], or a number; the others)."""
    name, call, output, kwargs = node
    arguments = {key: value for key, value in kwargs.items() if key != "name"}
    if name == "_CONSTANT_VALUE":
        return output, arguments
    return [name, call, output], arguments


def _is_tensor(value: object) -> bool:
    return isinstance(value, list) and len(value) == 3 and isinstance(value[0], str)


def _affine(scale: Any, offset: Any, tensor: Any) -> _Made:
    return "Rescaling", {"scale": scale, "offset": offset}, [tensor]


def _joined(kind: str) -> Callable[[Any, Json], _Made | None]:
    """Two tensors by a merging layer, or a tensor and a number by Rescaling."""

    def made(first: Any, arguments: Json) -> _Made | None:
        second = arguments.get("y")
        if _is_tensor(first) and _is_tensor(second):
            return kind, {}, [first, second]
        if _is_tensor(first):
            return _with_number(kind, first, second)
        if _is_tensor(second):
            return _number_with(kind, first, second)
        return None

    return made


def _with_number(kind: str, tensor: Any, number: Any) -> _Made | None:
    """tensor + number, and its like."""
    if not isinstance(number, int | float | list):
        return None
    if kind == "Add":
        return _affine(1.0, number, tensor)
    if kind == "Subtract":
        return _affine(1.0, _each(lambda value: -value, number), tensor)
    return _affine(number, 0.0, tensor)


def _number_with(kind: str, number: Any, tensor: Any) -> _Made | None:
    """number - tensor, and its like."""
    if kind == "Subtract":
        return _affine(-1.0, number, tensor)
    return _with_number(kind, tensor, number)


def _divided(first: Any, arguments: Json) -> _Made | None:
    second = arguments.get("y")
    if not _is_tensor(first) or _is_tensor(second) or second is None:
        return None
    return _affine(_each(lambda value: 1 / value, second), 0.0, first)


def _each(change: Callable[[float], float], numbers: Any) -> Any:
    if isinstance(numbers, list):
        return [_each(change, number) for number in numbers]
    return change(float(numbers))


def _bias(first: Any, arguments: Json) -> _Made | None:
    bias = arguments.get("bias")
    if not isinstance(bias, list) or _is_tensor(bias):
        return None
    return _affine(1.0, bias, first)


def _sliced(first: Any, arguments: Json) -> _Made | None:
    """x[..., ::-1], the order of channels turned round, and no other slice."""
    spec = arguments.get("slice_spec")
    if not isinstance(spec, list) or not spec or not isinstance(spec[-1], dict):
        return None
    *before, last = spec
    whole = {"start": None, "stop": None, "step": None}
    if any(item != whole and "ellipsis" not in str(item).lower() for item in before):
        return None
    if last != {"start": None, "stop": None, "step": -1}:
        return None
    return "Flip", {"axis": -1}, [first]


def _activation(name: str) -> Callable[[Any, Json], _Made | None]:
    def made(first: Any, arguments: Json) -> _Made | None:
        del arguments
        return "Activation", {"activation": name}, [first]

    return made


_OPERATIONS: Mapping[str, Callable[[Any, Json], _Made | None]] = {
    "math.truediv": _divided,
    "math.divide": _divided,
    "__operators__.truediv": _divided,
    "math.subtract": _joined("Subtract"),
    "__operators__.sub": _joined("Subtract"),
    "math.add": _joined("Add"),
    "__operators__.add": _joined("Add"),
    "math.multiply": _joined("Multiply"),
    "__operators__.mul": _joined("Multiply"),
    "nn.bias_add": _bias,
    "__operators__.getitem": _sliced,
    "cast": _activation("linear"),
    "identity": _activation("linear"),
    "nn.softmax": _activation("softmax"),
    "math.sigmoid": _activation("sigmoid"),
    "sigmoid": _activation("sigmoid"),
    "nn.relu": _activation("relu"),
    "nn.relu6": _activation("relu6"),
    "nn.silu": _activation("silu"),
}
