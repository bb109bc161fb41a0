"""A network run call by call over calibration pictures, no more held than is needed.

Maps that no later call reads are let go. Pictures may join late, when the maps are
small enough for more of them, and catch up through the operations that were run: so a
network can be changed call by call, each change seeing those before it.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_models.graphs.calls import Call, Calls, Value
from keras_models.graphs.reapplying import inferred
from keras_models.graphs.shapes import steps

Float32s = NDArray[np.float32]
Maps = dict[int, Any]  # by the numbers of graphs.calls
Operation = Callable[..., Any]

BATCH = 16
HELD_BYTES = 1_500_000_000  # of maps, at most, however many pictures there are


class Running:
    """One network on its way through its calls, over all batches of pictures."""

    def __init__(self, graph: Calls) -> None:
        self.batches: list[Maps] = []
        self._pictures = 0
        self._graph = graph
        self._over = _over_after(graph)
        self._run: list[Operation] = []  # what stood at each call so far

    @property
    def pictures(self) -> int:
        """How many have joined."""
        return self._pictures

    def join(self, pictures: Float32s) -> None:
        """More pictures, which catch up."""
        for batch in in_batches(pictures):
            maps: Maps = {0: keras.ops.convert_to_tensor(batch)}
            for number, operation in enumerate(self._run):
                self._step(number, operation, maps)
            self.batches.append(maps)
            self._pictures += len(batch)

    def step(
        self, operation: Operation | None = None, given: Sequence[Any] = ()
    ) -> None:
        """Runs the next call on every batch, by its own operation or by another.

        Args:
            given: its one output, batch by batch, where that is known already.
        """
        number = len(self._run)
        used = operation or self._graph.calls[number].operation
        if given:
            for maps, outputs in zip(self.batches, given, strict=True):
                self._keep(number, [outputs], maps)
        else:
            for maps in self.batches:
                self._step(number, used, maps)
        self._run.append(used)

    def taken(self) -> Iterator[list[Any]]:
        """What the next call is given: its tensors, batch by batch."""
        inputs = self._graph.calls[len(self._run)].inputs
        for maps in self.batches:
            yield [maps[number] for number in inputs]

    def computed(self, operation: Operation | None = None) -> Iterator[Any]:
        """What the next call would give, batch by batch; nothing is kept."""
        call = self._graph.calls[len(self._run)]
        for maps in self.batches:
            yield result(call, maps, operation or call.operation)[0]

    def to_end(self, operation: Operation | None = None) -> Iterator[Any]:
        """What the network gives, batch by batch; nothing is kept.

        Args:
            operation: what stands at the next call; None: its own.
        """
        number, after = len(self._run), self._graph.calls[len(self._run) + 1 :]
        for held in self.batches:
            maps = dict(held)
            self._step(number, operation or self._graph.calls[number].operation, maps)
            for later, call in enumerate(after, number + 1):
                self._step(later, call.operation, maps)
            yield maps[self._graph.outputs[0]]

    def _step(self, number: int, operation: Operation, maps: Maps) -> None:
        self._keep(number, result(self._graph.calls[number], maps, operation), maps)

    def _keep(self, number: int, outputs: list[Any], maps: Maps) -> None:
        maps.update(zip(self._graph.calls[number].outputs, outputs, strict=True))
        for over in self._over[number]:
            maps.pop(over, None)


def in_batches(pictures: Float32s) -> Iterator[Float32s]:
    """Of at most BATCH pictures, in their order."""
    for start in range(0, len(pictures), BATCH):
        yield pictures[start : start + BATCH]


def result(call: Call, maps: Maps, operation: Operation) -> list[Any]:
    """The outputs of one call by some operation, as `predict` computes it."""

    def filled(leaf: Any) -> Any:
        return maps[leaf.number] if isinstance(leaf, Value) else leaf

    args = keras.tree.map_structure(filled, call.args)
    kwargs = keras.tree.map_structure(filled, dict(call.kwargs))
    return list(keras.tree.flatten(inferred(operation, args, kwargs)))


def run_through(
    graph: Calls, pictures: Float32s
) -> Iterator[tuple[int, Maps, list[Any]]]:
    """Batch by batch through all calls: (number of the call, what is there, outputs).

    What is there holds the call's inputs; maps are let go once the next is asked for.
    """
    over = _over_after(graph)
    for batch in in_batches(pictures):
        maps: Maps = {0: keras.ops.convert_to_tensor(batch)}
        for number, call in enumerate(graph.calls):
            outputs = result(call, maps, call.operation)
            yield number, maps, outputs
            maps.update(zip(call.outputs, outputs, strict=True))
            for done in over[number]:
                maps.pop(done, None)


def held_bytes(model: keras.Model, graph: Calls) -> list[int]:
    """Of one picture: what the maps take while each call runs, four bytes a number."""
    over, sizes = _over_after(graph), {0: _bytes(steps(model)[0].source)}
    held, needed = sizes[0], []
    for number, (call, step) in enumerate(zip(graph.calls, steps(model), strict=True)):
        sizes |= dict.fromkeys(call.outputs, _bytes(step.target))
        held += sum(sizes[output] for output in call.outputs)
        needed.append(held)
        held -= sum(sizes[done] for done in over[number])
    return needed


def _bytes(shape: tuple[int | None, ...]) -> int:
    return 4 * math.prod(int(size or 1) for size in shape[1:])


def _over_after(graph: Calls) -> list[list[int]]:
    """For each call: the maps that nothing reads after it."""
    last: dict[int, int] = {0: 0}
    for number, call in enumerate(graph.calls):
        last |= dict.fromkeys((*call.inputs, *call.outputs), number)
    over: list[list[int]] = [[] for _ in graph.calls]
    for value, number in last.items():
        if value not in graph.outputs:
            over[number].append(value)
    return over


class Joining:
    """Pictures that join networks run in step, as many as their maps leave room for."""

    def __init__(self, runs: Sequence[Running], pictures: Float32s, each: list[int]):
        """each: bytes of one picture while each call runs, of all networks together."""
        self._runs, self._pictures, self._each = runs, pictures, each
        self._joined = 0

    def before(self, number: int) -> None:
        """Lets join whom the rest of the calls leaves room for."""
        room = max(1, HELD_BYTES // max(self._each[number:]))
        room = min(room, len(self._pictures))
        if room == len(self._pictures) or room >= 1.5 * self._joined:
            for run in self._runs:
                run.join(self._pictures[self._joined : room])
            self._joined = max(room, self._joined)
