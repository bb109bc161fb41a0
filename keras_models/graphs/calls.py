"""A model as the list of calls that it is: models inside it opened, values numbered.

What a file holds may hide in a nested model, a Sequential or a bare operation; seen
as one flat list, nothing hides.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras

from keras_models.graphs.reapplying import reapplied


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


def calls(model: keras.Model) -> Calls:
    """The calls of a functional or sequential model with one input."""
    made: list[Call] = []
    numbers = itertools.count(1)

    def listed(node: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        outputs = tuple(next(numbers) for _ in node.outputs)
        made.append(Call(node.operation, args, kwargs, outputs))
        return [Value(number) for number in outputs]

    outputs = reapplied(model, [Value(0)], listed)
    return Calls(tuple(made), tuple(value.number for value in outputs))
