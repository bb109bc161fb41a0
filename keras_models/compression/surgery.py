"""A fresh copy of a trained network in which chosen layers are replaced by others.

Everything else is as it was: models inside the model stay models of their own, what is
shared is replaced once, and weights are moved over. The copy is of plain Keras layers
if the model is, and so are its files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from datasets.errors import InputError, ModelError
from keras_models.graphs.copying import copied, fresh
from keras_models.graphs.derived_state import renew_derived_state
from keras_models.graphs.reapplying import graph_of, has_graph
from keras_models.graphs.shapes import steps


@dataclass(frozen=True)
class Part:
    """One layer, not called yet, and its tensors in the order of get_weights."""

    layer: keras.Layer
    weights: Sequence[Any] = ()


# A layer of the model -> what stands in its place, one after the other.
Replaced = Mapping[keras.Layer, Sequence[Part]]


def rewritten(model: keras.Model, replaced: Replaced) -> keras.Model:
    """A copy of fresh layers, chosen ones replaced; `model` itself stays as it is.

    Args:
        model: (None, R, R, channels) -> scores, functional or sequential.
        replaced: keys are layers of `model`, or of a model inside it; each takes and
            gives one tensor. Names must be new, but may be those replaced.
    Raises:
        InputError: a model that cannot be copied, a layer that is not in it, parts
            that do not fit.

    Example:
        >>> from keras import Input, Model, layers
        >>> taken = Input((8, 8, 3))
        >>> model = Model(taken, layers.Conv2D(4, 3, name="conv")(taken))
        >>> weights = model.layers[1].get_weights()
        >>> part = Part(layers.Conv2D(4, 3, name="other"), weights)
        >>> rewritten(model, {model.layers[1]: [part]}).layers[1].name
        'other'
    """
    resolution = _checked(model)
    own = [step.operation for step in steps(model)]
    _check_present(model, own, replaced)
    stands = {id(operation): _stand_in(operation, replaced) for operation in own}
    try:
        made = copied(model, resolution, [stands[id(operation)] for operation in own])
        _move_weights(own, stands, replaced)
    except InputError:
        raise
    except Exception as error:  # of whatever layers there are
        raise ModelError.of(
            model.name,
            f"cannot be written anew ({_first_line(error)})",
            do="Build it of Keras's own layers, each under a name of its own.",
        ) from error
    renew_derived_state(made)
    return made


class _Chain:
    """Several layers, called as one."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        tensor = args[0] if args else kwargs["inputs"]
        for part in self._parts:
            tensor = part.layer(tensor)
        return tensor


def _stand_in(operation: Any, replaced: Replaced) -> Any:
    if isinstance(operation, keras.Layer) and operation in replaced:
        return _Chain(replaced[operation])
    return fresh(operation)


def _checked(model: keras.Model) -> int:
    """The resolution of a model that can be copied."""
    if not has_graph(model):
        raise ModelError.of(
            model.name,
            "is a model of a class of its own",
            "a functional or sequential one, whose layers can be listed",
        )
    shapes = [tuple(tensor.shape) for tensor in graph_of(model).inputs]
    shape = shapes[0]
    if len(shapes) > 1 or len(shape) != 4 or None in shape[1:] or shape[1] != shape[2]:
        raise ModelError.of(
            model.name,
            f"takes {', '.join(map(str, shapes))}",
            "one square picture of a fixed size, (None, R, R, channels)",
        )
    return int(shape[1])


def _check_present(model: keras.Model, own: list[Any], replaced: Replaced) -> None:
    there = set(map(id, own))
    for layer in replaced:
        if id(layer) not in there:
            raise InputError("replaced", layer.name, f"a layer of {model.name}")


def _move_weights(own: list[Any], stands: dict[int, Any], replaced: Replaced) -> None:
    for operation in {id(one): one for one in own}.values():
        if not isinstance(operation, keras.Layer):
            continue
        if operation in replaced:
            for part in replaced[operation]:
                part.layer.set_weights(list(part.weights))
        elif operation.weights:
            stands[id(operation)].set_weights(operation.get_weights())


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
