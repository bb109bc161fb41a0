"""What in a graph must change with the resolution, and what forbids another one.

Two things change, neither with a tensor of its own: padding by hand of the families in
`hand_padding`, and pooling over a whole map, which goes on covering the whole map.
"""

import copy
from collections.abc import Iterator
from typing import Any

import keras

from keras_models.graphs import hand_padding
from keras_models.graphs.obstacles import hidden_obstacle, obstacle
from keras_models.graphs.shapes import Shape, Step, steps
from keras_models.graphs.sums import sum_over_map

_POOLING = ("AveragePooling2D", "MaxPooling2D", "AveragePool", "MaxPool")
_AVERAGING = ("AveragePooling2D", "AveragePool")


class UnfitError(ValueError):
    """A graph cannot take a resolution; says why, without name and resolution."""

    def __str__(self) -> str:
        return super().__str__().rstrip(".")


class Fitting:
    """One model's graph at every resolution."""

    def __init__(self, model: keras.Model) -> None:
        self._model = model
        self._native = steps(model)
        self._strided = set(_feeding_strides(self._native))
        self._inner = set(_between_convolutions(self._native))

    def at(self, resolution: int) -> list[Step]:
        """The steps at a resolution, stand-ins in place, whether right or not.

        Raises:
            UnfitError: some operation cannot take what comes to it.
        """
        try:
            return steps(self._model, resolution, self._stand_in)
        except Exception as error:  # of whatever layer there is
            raise UnfitError(_first_line(error)) from error

    def checked(self, resolution: int) -> list[Step]:
        """The steps at a resolution where the graph computes what it was made for.

        Raises:
            UnfitError: it would not, or could not; says why.
        """
        there = self.at(resolution)
        for number, (before, after) in enumerate(zip(self._native, there, strict=True)):
            if before.sources != after.sources:
                why = (
                    obstacle(before, after)
                    or sum_over_map(self._native, there, number)
                    or hidden_obstacle(before, after)
                    or self._other_parity(number, before, after)
                    or _another_size(before, after)
                )
                if why:
                    raise UnfitError(why)
        if self._native[-1].target != there[-1].target:
            raise UnfitError(_output(self._native[-1], there[-1]))
        return there

    def fits(self, resolution: int) -> bool:
        """Whether `checked` finds nothing."""
        try:
            self.checked(resolution)
        except UnfitError:
            return False
        return True

    def operations(self, resolution: int) -> list[Any]:
        """What stands at each step: the model's own operation, or a stand-in."""
        return [step.operation for step in self.checked(resolution)]

    def _stand_in(self, number: int, operation: Any, sources: tuple[Shape, ...]) -> Any:
        before = self._native[number]
        if before.sources == sources:
            return operation
        if self._by_parity(number):
            padding = hand_padding.padding_on(operation, sources[0])
            return _changed(operation, padding=padding)
        covers = _covers_map(before) and number not in self._inner
        if covers and _goes_on_covering(before, sources[0]):
            size = tuple(sources[0][1:3])
            return _changed(operation, pool_size=size, strides=size, padding="valid")
        return operation

    def _by_parity(self, number: int) -> bool:
        step = self._native[number]
        made_for_it = step.known and number in self._strided
        return made_for_it and hand_padding.follows_parity(step.operation, step.source)

    def _other_parity(self, number: int, before: Step, after: Step) -> str | None:
        """Uneven padding of no known family, on a map of the other parity."""
        layer = before.operation
        if not hand_padding.uneven(layer) or self._shifts(number):
            return None
        if not before.known:  # made without a size, so for none
            return None
        if self._by_parity(number) or hand_padding.same_on_all(layer):
            return None
        if not step_parity_differs(before, after):
            return None
        return (
            f"layer {before.name} was built for a map of {_sides(before)} pixels and "
            f"would get one of {_sides(after)}: odd and even maps are padded "
            "differently"
        )

    def _shifts(self, number: int) -> bool:
        """Padding and cropping in a row that only move the map, as NASNet does."""
        step = self._native[number]
        return any(
            other.source[1:3] == other.target[1:3] or _cancel(step, other)
            for other in self._neighbours(number)
        )

    def _neighbours(self, number: int) -> Iterator[Step]:
        kinds = {"ZeroPadding2D", "Cropping2D"}
        for other, step in enumerate(self._native):
            near = number in step.fed_by or other in self._native[number].fed_by
            if near and {step.kind, self._native[number].kind} == kinds:
                yield step


def _another_size(before: Step, after: Step) -> str | None:
    """A constant of one map's size, to which a map of one pixel would be stretched."""
    if sorted(after.target[1:], key=str) == sorted(after.source[1:], key=str):
        return None  # axes that change places, with as many channels as pixels
    kept = before.target[1:-1] == before.source[1:-1]
    if kept and after.target[1:-1] != after.source[1:-1]:
        return (
            f"layer {before.name} ({before.kind}) would make {after.target[1:]} of "
            f"{after.source[1:]}: something in it has the size of one map"
        )
    return None


def step_parity_differs(before: Step, after: Step) -> bool:
    """Whether the map is odd where it was even, along an axis padded unevenly."""
    return any(
        (before.source[axis] or 0) % 2 != (after.source[axis] or 0) % 2
        for axis in hand_padding.uneven_axes(before.operation)
    )


def _cancel(step: Step, other: Step) -> bool:
    first, second = sorted((step, other), key=lambda one: one.kind == "Cropping2D")
    return first.source[1:3] == second.target[1:3]


def _feeding_strides(native: list[Step]) -> Iterator[int]:
    for step in native:
        strides = getattr(step.operation, "strides", 1) or 1
        largest = strides if isinstance(strides, int) else max(strides)
        if largest > 1 and getattr(step.operation, "padding", "") == "valid":
            yield from step.fed_by


def _covers_map(step: Step) -> bool:
    """Whether a pooling takes the whole map at once."""
    if step.kind not in _POOLING or len(step.source) != 4:
        return False
    pool = step.operation.pool_size
    pool = (pool, pool) if isinstance(pool, int) else tuple(pool)
    return pool == step.source[1:3] and step.target[1:3] == (1, 1)


def _between_convolutions(native: list[Step]) -> Iterator[int]:
    """Poolings whose one pixel goes on as a map, to a kernel of more than one.

    Such a one, as DenseNet has between its blocks, halves a map that happens to be
    small; it does not end it.
    """
    for number, step in enumerate(native):
        reached = {number} if _covers_map(step) else set[int]()
        for later in range(number + 1, len(native) if reached else 0):
            after = native[later]
            if not reached & set(after.fed_by) or after.source[1:3] != (1, 1):
                continue
            if _kernel(after.operation) > 1:
                yield number
                break
            if len(after.target) == 4 and after.target[1:3] == (1, 1):
                reached.add(later)


def _kernel(operation: Any) -> int:
    size: Any = getattr(operation, "kernel_size", None)
    size = size or getattr(operation, "pool_size", 1)
    return int(size) if isinstance(size, int) else int(max(size))


def _goes_on_covering(before: Step, source: Shape) -> bool:
    """A maximum of few pixels, as between convolutions, stays where it gives one."""
    if before.kind in _AVERAGING:
        return True
    (height, width), (rows, columns) = before.source[1:3], source[1:3]
    once = all(
        pool <= size < 2 * pool
        for pool, size in ((height or 0, rows or 0), (width or 0, columns or 0))
    )
    return not once


def _changed(operation: Any, **changes: Any) -> Any:
    """The same operation with other settings; it must hold no tensor."""
    if isinstance(operation, keras.Layer):
        return type(operation).from_config({**operation.get_config(), **changes})
    other = copy.copy(operation)
    other._inbound_nodes, other._outbound_nodes = [], []
    for name, value in changes.items():
        setattr(other, name, value)
    return other


def _sides(step: Step) -> str:
    return "x".join(str(size) for size in step.source[1:3])


def _output(before: Step, after: Step) -> str:
    return (
        f"its output would have shape {after.target}, where {before.target} is "
        "expected: it pools no whole map before its last layer"
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
