"""A copy of a graph for another input: the same structure, fresh layers."""

import copy
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import keras

from keras_models.graphs.reapplying import graph_of, has_graph, opened, walked


def copied(model: keras.Model, resolution: int, operations: Sequence[Any]) -> Any:
    """The model with fresh layers; models inside it stay models of their own.

    Args:
        operations: what to put at each step (`fitting`); the model's own are copied,
            any other is taken as it is.
    Returns:
        A model for (None, resolution, resolution, channels), its tensors fresh.
    """
    return _Copier(iter(operations)).model(model, [_input(model, resolution)])


class _Copier:
    def __init__(self, operations: Iterator[Any]) -> None:
        self._operations = operations
        self._copies: dict[int, Any] = {}
        self._names: dict[str, int] = {}
        self._models: dict[Any, tuple[keras.Model, int]] = {}  # and calls inside
        self._calls = 0

    def model(self, model: keras.Model, inputs: list[Any]) -> keras.Model:
        """A functional model of copies between these inputs."""
        outputs = walked(model, inputs, self._call)
        given = inputs if len(inputs) > 1 else inputs[0]
        return keras.Model(given, _as_its_own(model, outputs), name=model.name)

    def _call(self, node: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        operation = node.operation
        if has_graph(operation):
            return self._inside(operation, args, kwargs)
        taken = next(self._operations)
        self._calls += 1
        if taken is operation:
            taken = self._copy_of(operation)
        return taken(*args, **kwargs)

    def _inside(
        self, model: keras.Model, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        given = opened(model, args, kwargs)
        key = (id(model), tuple(tuple(tensor.shape) for tensor in given))
        if key in self._models:  # called again, on maps of the same size
            inner, calls = self._models[key]
            self._calls += sum(1 for _ in islice(self._operations, calls))
        else:
            before = self._calls
            inner = self._copy_inside(model, given)
            self._models[key] = inner, self._calls - before
        named = {key: value for key, value in kwargs.items() if key != "inputs"}
        return inner(given if len(given) > 1 else given[0], **named)

    def _copy_inside(self, model: keras.Model, given: list[Any]) -> keras.Model:
        own = graph_of(model).inputs
        inputs = [
            keras.Input(
                batch_shape=inner.shape if _free(inner) else tensor.shape,
                dtype=tensor.dtype,
                name=inner.name,
            )
            for tensor, inner in zip(given, own, strict=True)
        ]
        inner = self.model(model, inputs)
        inner.trainable = model.trainable
        calls = self._names[model.name] = self._names.get(model.name, 0) + 1
        if calls > 1:  # of one model called again, on maps of another size
            inner = _renamed(inner, f"{model.name}_{calls}")
        return inner

    def _copy_of(self, operation: Any) -> Any:
        key = id(operation)
        if key not in self._copies:
            self._copies[key] = fresh(operation)
        return self._copies[key]


def fresh(operation: Any) -> Any:
    """The same operation, unbuilt, of no graph yet."""
    if isinstance(operation, keras.Layer):
        return type(operation).from_config(operation.get_config())
    other = copy.copy(operation)  # one of keras.ops; Keras notes its calls in it
    other._inbound_nodes, other._outbound_nodes = [], []
    return other


def _input(model: keras.Model, resolution: int) -> Any:
    (own,) = graph_of(model).inputs
    shape = (resolution, resolution, *own.shape[3:])
    return keras.Input(shape, dtype=own.dtype, name=own.name)


def _free(tensor: Any) -> bool:
    """Whether a model inside takes maps of any size; its copy does too."""
    return None in tensor.shape[1:]


def _renamed(model: keras.Model, name: str) -> keras.Model:
    return keras.Model(model.inputs, model.outputs, name=name)


def _as_its_own(model: keras.Model, outputs: list[Any]) -> Any:
    if len(outputs) == 1:
        return outputs[0]
    return keras.tree.pack_sequence_as(graph_of(model)._outputs_struct, outputs)
