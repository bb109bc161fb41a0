"""Groups of channels that are made and read by the same layers, one choice for each.

A group is what pruning decides over: how many of its channels go, and which. A channel
of it may stand for many: of all layers whose outputs are added to one another.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_models.compression.channels.trace import KERNELS, Numbers, Trace
from keras_models.graphs.calls import Call


@dataclass(frozen=True)
class Maker:
    """A layer whose filters make the channels of a group."""

    layer: Any
    filters: Numbers  # (channels,) indices into the last axis of its kernel


@dataclass(frozen=True)
class Reader:
    """A layer whose kernel reads the channels of a group."""

    call: Call
    rows: Numbers  # (channels,) indices into `width` channels of its input
    width: int  # channels that it reads, of this group and of others

    @property
    def layer(self) -> Any:
        return self.call.operation

    @property
    def source(self) -> int:
        """The number of the value that it reads."""
        return self.call.inputs[0]


@dataclass(frozen=True, kw_only=True)
class Group:
    """Channels made and read by the same layers."""

    name: str  # of the first layer that makes them
    channels: Numbers  # as a Trace numbers them
    makers: tuple[Maker, ...]
    readers: tuple[Reader, ...]

    @property
    def step(self) -> int:
        """How many go at once: kernels of processors take several channels together."""
        return max(1, min(8, len(self.channels) // 16))


def groups(trace: Trace) -> tuple[list[Group], tuple[str, ...]]:
    """(the groups of a graph in graph order, what is left whole and why)."""
    fixed = {**trace.fixed, **dict(_irregular(trace))}
    made, read = _ends(trace, makers=True), _ends(trace, makers=False)
    members: dict[tuple[tuple[int, ...], tuple[int, ...]], list[int]] = {}
    for number in made:
        if number not in fixed and number in read:
            members.setdefault((made[number], read[number]), []).append(number)
    made_and_read = [
        _group(trace, np.array(sorted(channels)), *ends)
        for ends, channels in members.items()
    ]
    return made_and_read, _left(trace, fixed)


def inputs_of(trace: Trace, call: Call) -> tuple[Numbers, int]:
    """(channels that a kernel reads, how often each: places of a flattened map)."""
    numbers = trace.numbers[call.inputs[0]]
    width = len(np.unique(numbers))
    return numbers[:width], len(numbers) // max(1, width)


def _irregular(trace: Trace) -> Iterator[tuple[int, str]]:
    """Channels that one kernel reads at several places other than a flattened map's."""
    for call in _kernels(trace):
        numbers = trace.numbers[call.inputs[0]]
        first, times = inputs_of(trace, call)
        if not np.array_equal(np.tile(first, times), numbers):
            why = f"layer {call.operation.name}: it reads some channels several times"
            yield from ((int(number), why) for number in numbers)


def _kernels(trace: Trace) -> Iterator[Call]:
    for call in trace.calls.calls:
        if call.kind in KERNELS and getattr(call.operation, "groups", 1) == 1:
            yield call


def _ends(trace: Trace, *, makers: bool) -> dict[int, tuple[int, ...]]:
    """Channel -> the values by which kernels make it, or read it."""
    values: dict[int, list[int]] = {}
    for call in _kernels(trace):
        numbers = (
            trace.numbers[call.outputs[0]] if makers else inputs_of(trace, call)[0]
        )
        for number in numbers.tolist():
            values.setdefault(number, []).append(call.outputs[0])
    return {number: tuple(ends) for number, ends in values.items()}


def _group(
    trace: Trace, channels: Numbers, made: tuple[int, ...], read: tuple[int, ...]
) -> Group:
    calls = {call.outputs[0]: call for call in trace.calls.calls}
    makers, readers = [], []
    for value in made:
        filters = _places(trace.numbers[value], channels)
        makers.append(Maker(calls[value].operation, filters))
    for value in read:
        numbers, _ = inputs_of(trace, calls[value])
        readers.append(Reader(calls[value], _places(numbers, channels), len(numbers)))
    return Group(
        name=makers[0].layer.name,
        channels=channels,
        makers=tuple(makers),
        readers=tuple(readers),
    )


def _places(numbers: Numbers, channels: Numbers) -> Numbers:
    order = np.argsort(numbers)
    return np.asarray(order[np.searchsorted(numbers, channels, sorter=order)])


def _left(trace: Trace, fixed: dict[int, str]) -> tuple[str, ...]:
    """One line for each layer that makes channels of which none may go."""
    lines = []
    for call in trace.calls.calls:
        numbers = set(map(int, trace.numbers[call.outputs[0]]))
        reasons = [fixed[number] for number in sorted(numbers) if number in fixed]
        if call.kind in KERNELS and reasons and len(reasons) == len(numbers):
            lines.append(f"{call.operation.name} keeps its channels: {reasons[0]}")
    return tuple(lines)
