"""The shapes in a model's graph at any resolution, operation by operation."""

import contextlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras

from keras_models.graphs.reapplying import graph_of, reapplied

Shape = tuple[int | None, ...]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One call of one operation; models inside the model are opened."""

    operation: Any
    sources: tuple[Shape, ...]  # of the tensors among its arguments
    target: Shape  # of its first output
    arguments: tuple[Any, ...]  # by place; tensors have shapes only
    named: dict[str, Any]
    fed_by: tuple[int, ...]  # numbers of the steps that its tensors come from
    known: bool  # whether it was built for maps of a known size

    @property
    def kind(self) -> str:
        """The class of the operation: Conv2D, or Resize of keras.ops."""
        return type(self.operation).__name__

    @property
    def source(self) -> Shape:
        return self.sources[0] if self.sources else ()

    @property
    def name(self) -> str:
        return str(self.operation.name)


# (number of the step, the model's own operation, source shapes) -> what stands there
StandIn = Callable[[int, Any, tuple[Shape, ...]], Any]


def _own(number: int, operation: Any, sources: tuple[Shape, ...]) -> Any:
    del number, sources
    return operation


def steps(
    model: keras.Model, resolution: int | None = None, stand_in: StandIn = _own
) -> list[Step]:
    """Every call of an operation in graph order, with its shapes.

    Args:
        resolution: of the input; None takes the one it was built for.
        stand_in: what to put in an operation's place.
    Raises:
        ValueError: of Keras, where an operation cannot take what comes to it.
    """
    return _Walk(stand_in).through(model, resolution)


class _Walk:
    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in
        self._steps: list[Step] = []
        self._tensors: list[Any] = []  # kept alive, since they are known by id
        self._made_by: dict[int, int] = {}

    def through(self, model: keras.Model, resolution: int | None) -> list[Step]:
        given = graph_of(model).inputs
        if resolution is None:
            inputs = list(given)
        else:
            inputs = [_at(tensor, resolution) for tensor in given]
        self._tensors += inputs
        reapplied(model, inputs, self._call)
        return self._steps

    def _call(self, node: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given = _tensors(args, kwargs)
        sources = tuple(tuple(tensor.shape) for tensor in given)
        number = len(self._steps)
        operation = self._stand_in(number, node.operation, sources)
        outputs = output_specs(operation, args, kwargs)
        flat = keras.tree.flatten(outputs)
        for tensor in flat:
            self._made_by.setdefault(id(tensor), number)
        self._tensors += flat
        step = Step(
            operation=operation,
            sources=sources,
            target=tuple(flat[0].shape),
            arguments=args,
            named=kwargs,
            fed_by=tuple(self._made_by.get(id(tensor), -1) for tensor in given),
            known=_known(node.operation),
        )
        self._steps.append(step)
        return outputs


def _known(operation: Any) -> bool:
    """Whether its first call, its user's own, was on tensors of known size."""
    first = operation._inbound_nodes[0].input_tensors
    return all(None not in tensor.shape[1:] for tensor in first)


def _at(tensor: Any, resolution: int) -> Any:
    shape = (None, resolution, resolution, *tensor.shape[3:])
    return keras.KerasTensor(shape, dtype=tensor.dtype)


def _tensors(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    leaves = keras.tree.flatten((args, kwargs))
    return [leaf for leaf in leaves if isinstance(leaf, keras.KerasTensor)]


def output_specs(operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What an operation would give, as symbolic tensors; it is not called."""
    outputs = _by_shape(operation, args, kwargs)
    if outputs is None:
        outputs = operation.compute_output_spec(*args, **kwargs)
    if _lost(outputs) and not _lost(_tensors(args, kwargs)):
        # EinsumDense forgets sizes that it did not need to know; a trace does not.
        outputs = keras.Operation.compute_output_spec(operation, *args, **kwargs)
    for tensor in keras.tree.flatten(outputs):
        if any(size is not None and size < 1 for size in tensor.shape):
            raise ValueError(f"{operation.name} would give a map of {tensor.shape}.")
    return outputs


def standard(operation: Any) -> bool:
    """Whether an operation is Keras's own, so that its class says what it does."""
    return type(operation).__module__.startswith("keras.")


def inside(step: Step) -> list[Step] | None:
    """What a layer's `call` calls, as steps; None where it cannot be followed."""
    for batch in (None, 1):
        with contextlib.suppress(Exception):  # a layer may do whatever it likes
            return _followed(step, batch)
    return None


def _followed(step: Step, batch: int | None) -> list[Step]:
    fresh: list[Any] = []

    def renewed(leaf: Any) -> Any:
        if not isinstance(leaf, keras.KerasTensor):
            return leaf
        fresh.append(keras.KerasTensor((batch, *leaf.shape[1:]), dtype=leaf.dtype))
        return fresh[-1]

    args = keras.tree.map_structure(renewed, step.arguments)
    named = keras.tree.map_structure(renewed, step.named)
    if "training" in inspect.signature(step.operation.call).parameters:
        named = {**named, "training": False}
    with keras.StatelessScope():  # nothing that it counts or moves may stay
        outputs = keras.tree.flatten(step.operation.call(*args, **named))
    if any(output is tensor for output in outputs for tensor in fresh):
        return []  # it hands its input on
    function = keras.Function(fresh, outputs)
    return _Walk(_own).through(function, None)


def _lost(tensors: Any) -> bool:
    """Whether a size other than the batch's is not known."""
    return any(None in tensor.shape[1:] for tensor in keras.tree.flatten(tensors))


def _by_shape(operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What most of Keras's layers give, in a fifth of the time; None: ask in full."""
    plain = isinstance(operation, keras.Layer) and standard(operation)
    if not plain or len(args) != 1 or not set(kwargs) <= {"training"}:
        return None
    if not isinstance(args[0], keras.KerasTensor):
        return None
    try:
        shape = operation.compute_output_shape(args[0].shape)
    except NotImplementedError:  # of a layer that has its `call` traced, as LayerScale
        return None
    if not isinstance(shape, tuple) or not all(
        size is None or isinstance(size, int) for size in shape
    ):
        return None
    return keras.KerasTensor(shape, dtype=operation.compute_dtype)
