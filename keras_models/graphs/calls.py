"""A model as the list of calls that it is: models inside it opened, values numbered.

What a file holds may hide in a nested model, a Sequential or a bare operation; seen
as one flat list, nothing hides.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras

_Transform = Callable[[Any], Any]


@dataclass(frozen=True)
class Value:
    """A tensor's number; the images are number 0."""

    number: int


@dataclass(frozen=True)
class Call:
    """One call of a layer or of a bare operation, in an order that can be computed."""

    operation: Any
    args: Any  # as the model gives them, each tensor a Value
    kwargs: Mapping[str, Any]
    outputs: tuple[int, ...]

    @property
    def kind(self) -> str:
        """The class of the operation: Conv2D, or Softmax, as layer or operation."""
        return type(self.operation).__name__

    @property
    def inputs(self) -> tuple[int, ...]:
        """Numbers of the tensors that it reads."""
        leaves = keras.tree.flatten([self.args, dict(self.kwargs)])
        return tuple(leaf.number for leaf in leaves if isinstance(leaf, Value))

    def __call__(self, values: Mapping[int, Any], **more: Any) -> list[Any]:
        """Calls it on tensors by their numbers; one output after the other."""

        def filled(leaf: Any) -> Any:
            return values[leaf.number] if isinstance(leaf, Value) else leaf

        args = keras.tree.map_structure(filled, self.args)
        kwargs = keras.tree.map_structure(filled, dict(self.kwargs))
        result = self.operation(*args, **{**kwargs, **more})
        return list(keras.tree.flatten(result))


@dataclass(frozen=True)
class Calls:
    """All calls of a model of one input."""

    calls: tuple[Call, ...]
    outputs: tuple[int, ...]  # numbers of the model's outputs

    def reapplied(self, images: Any) -> list[Any]:
        """The model's outputs for another tensor, by the model's own operations."""
        values: dict[int, Any] = {0: images}
        for call in self.calls:
            values.update(zip(call.outputs, call(values), strict=True))
        return [values[number] for number in self.outputs]

    def made(self, number: int) -> Call | None:
        """The call that a tensor comes from; None: it is the images themselves."""
        return next((call for call in self.calls if number in call.outputs), None)


def has_graph(operation: object) -> bool:
    """Whether an operation is a model whose calls can be listed."""
    if isinstance(operation, keras.Sequential):
        return bool(operation.built and operation._functional is not None)
    return isinstance(operation, keras.Model) and hasattr(operation, "_nodes_by_depth")


def calls(model: keras.Model) -> Calls:
    """The calls of a functional or sequential model with one input."""
    found: list[Call] = []
    numbers = _Numbers()
    outputs = _open(model, [numbers.next()], found, numbers)
    return Calls(tuple(found), tuple(outputs))


class _Numbers:
    def __init__(self) -> None:
        self._last = -1

    def next(self) -> int:
        self._last += 1
        return self._last


def _open(
    model: keras.Model, inputs: list[int], found: list[Call], numbers: _Numbers
) -> list[int]:
    graph = model._functional if isinstance(model, keras.Sequential) else model
    known = dict(zip(map(id, graph.inputs), inputs, strict=True))

    def numbered(leaf: Any) -> Any:
        return Value(known[id(leaf)]) if isinstance(leaf, keras.KerasTensor) else leaf

    # _nodes_by_depth is Keras's own order of calls; there is no public name for it.
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        for node in graph._nodes_by_depth[depth]:
            if node.is_input or all(id(tensor) in known for tensor in node.outputs):
                continue
            args = keras.tree.map_structure(numbered, node.arguments.args)
            kwargs = keras.tree.map_structure(numbered, node.arguments.kwargs)
            if has_graph(node.operation):
                read = Call(node.operation, args, kwargs, ()).inputs
                outputs = _open(node.operation, list(read), found, numbers)
            else:
                outputs = [numbers.next() for _ in node.outputs]
                call = Call(node.operation, args, kwargs, tuple(outputs))
                found.append(call)
            known.update(zip(map(id, node.outputs), outputs, strict=True))
    return [known[id(tensor)] for tensor in graph.outputs]
