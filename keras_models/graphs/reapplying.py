"""A model's own operations again, one after the other, on another input.

Works on symbolic tensors, shapes' stand-ins and pictures alike; a model inside the
model is opened, so that a size fixed there does not bind. Variables are shared.
"""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import keras

# (Keras's record of a call, arguments by place, by name) -> what the operation gives
Call = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]


def has_graph(operation: object) -> bool:
    """Whether an operation is a model whose own operations can be listed."""
    if isinstance(operation, keras.Sequential):
        return bool(operation.built and operation._functional is not None)
    return isinstance(operation, keras.Model) and hasattr(operation, "_nodes_by_depth")


def graph_of(model: keras.Model) -> Any:
    """The functional model that a functional or sequential one is."""
    return model._functional if isinstance(model, keras.Sequential) else model


def nodes(model: keras.Model) -> Iterator[Any]:
    """Calls of operations in an order that can be computed, inputs left out."""
    graph = graph_of(model)
    # _nodes_by_depth is Keras's own order of calls; there is no public name for it.
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        for node in graph._nodes_by_depth[depth]:
            if not node.is_input:
                yield node


def walked(model: keras.Model, inputs: list[Any], call: Call) -> list[Any]:
    """Runs a graph through `call`, models inside it not opened.

    Args:
        inputs: in place of the model's own, in their order.
        call: is asked once for each call of an operation.
    Returns:
        In place of the model's outputs, in their order.
    """
    graph = graph_of(model)
    known = dict(zip(map(id, graph.inputs), inputs, strict=True))
    for node in nodes(model):
        if any(id(tensor) not in known for tensor in node.input_tensors):
            continue
        args, kwargs = node.arguments.fill_in(known)
        outputs = keras.tree.flatten(call(node, tuple(args), dict(kwargs)))
        known.update(zip(map(id, node.outputs), outputs, strict=True))
    return [known[id(tensor)] for tensor in graph.outputs]


def opened(
    operation: keras.Model, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> list[Any]:
    """The tensors that a call hands to a model inside a model, in their order."""
    given = args[0] if args else kwargs["inputs"]
    graph = graph_of(operation)
    if isinstance(given, dict) and not isinstance(graph._inputs_struct, dict):
        return [given[tensor.name] for tensor in graph.inputs]
    return list(keras.tree.flatten(given))


def reapplied(model: keras.Model, inputs: list[Any], call: Call) -> list[Any]:
    """Runs a graph through `call`, models inside it opened.

    Args:
        inputs, call: as for `walked`.
    """

    def through(node: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if has_graph(node.operation):
            inside = opened(node.operation, args, kwargs)
            return walked(node.operation, inside, through)
        return call(node, args, kwargs)

    return walked(model, inputs, through)


def inferred(operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Calls an operation as `predict` does: never in training, whatever a graph says.

    Keras hands `training` on to all that takes it, over what a call was given when the
    graph was made.
    """
    told = isinstance(operation, keras.Layer)
    if told and "training" in inspect.signature(operation.call).parameters:
        kwargs = {**kwargs, "training": False}
    return operation(*args, **kwargs)
