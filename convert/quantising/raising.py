"""In which order operations of a full_int8 file are raised to float activations.

A tensor loses nothing only where all that make and read it are raised, so tensors are
taken in turn, each with the operations around it: first where most noise goes for the
least traffic, among layers that hold no more numbers than the picture (of
mobilenet_v2@96 all but the first ten, which together cost 0.02 of the latency; those
ten cost 0.33), then among the others. What costs time is not arithmetic (weights stay
int8) but numbers of four bytes in place of one: those that raised operations read and
write, and conversions where raised operations meet others.
"""

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from convert import tflite_graph


@dataclass(frozen=True, kw_only=True)
class Network:
    """Operations by number, and the tensors that they compute."""

    names: tuple[str, ...]  # of each operation's output
    inputs: tuple[tuple[int, ...], ...]  # computed tensors that each operation reads
    outputs: tuple[tuple[int, ...], ...]
    values: Mapping[int, int]  # numbers in each computed tensor
    picture: int  # numbers in the input
    raised: frozenset[int]  # operations that full_int8 has in float already
    readers: dict[int, list[int]] = field(
        init=False, default_factory=lambda: defaultdict(list)
    )
    makers: dict[int, int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for number, (read, made) in enumerate(
            zip(self.inputs, self.outputs, strict=True)
        ):
            for tensor in read:
                self.readers[tensor].append(number)
            for tensor in made:
                self.makers[tensor] = number

    def around(self, tensor: int) -> set[int]:
        """The operations that make and read it."""
        maker = self.makers.get(tensor)
        return {*self.readers[tensor], *(() if maker is None else (maker,))}


def network(content: bytes, in_float: frozenset[str]) -> Network:
    """Of a float32 file; `in_float` names outputs that are in float anyway."""
    model = tflite_graph.read(content)
    graph = model.subgraphs[0]
    names = [tflite_graph.tensor_name(graph, o.outputs[0]) for o in graph.operators]
    made = {int(place) for o in graph.operators for place in o.outputs}
    known = made | {int(place) for place in graph.inputs}
    return Network(
        names=tuple(names),
        inputs=tuple(
            tuple(dict.fromkeys(int(i) for i in o.inputs if int(i) in known))
            for o in graph.operators
        ),
        outputs=tuple(tuple(int(i) for i in o.outputs) for o in graph.operators),
        values={tensor: math.prod(_shape(graph, tensor)) for tensor in known},
        picture=math.prod(_shape(graph, int(graph.inputs[0]))),
        raised=frozenset(n for n, name in enumerate(names) if name in in_float),
    )


def _shape(graph: Any, tensor: int) -> list[int]:
    return [int(length) for length in graph.tensors[tensor].shape]


def raising_order(net: Network, noise: Mapping[int, float]) -> list[tuple[int, ...]]:
    """Operations to raise, step by step; after the last step none are left to gain."""
    raised = set(net.raised)
    left = {tensor for tensor in noise if not net.around(tensor) <= raised}
    steps = []
    while left:
        tensor = max(sorted(left), key=lambda one: _worth(net, noise, raised, one))
        new = net.around(tensor) - raised
        raised |= new
        steps.append(tuple(sorted(new)))
        left = {one for one in left if not net.around(one) <= raised}
    return steps


def _worth(
    net: Network, noise: Mapping[int, float], raised: set[int], tensor: int
) -> tuple[bool, float]:
    """(no layer is large, noise that goes for each number more moved in float)."""
    new = net.around(tensor) - raised
    after = raised | new
    near = {
        tensor
        for number in new
        for tensor in (*net.inputs[number], *net.outputs[number])
    }
    gained = sum(noise.get(value, 0.0) for value in near if net.around(value) <= after)
    moved = sum(
        net.values[value] * (_moved(net, value, after) - _moved(net, value, raised))
        for value in near
    )
    small = all(net.values[value] <= net.picture for value in near)
    return small, gained / max(moved, 1)


def _moved(net: Network, tensor: int, raised: set[int]) -> int:
    """How often a tensor is written, read or converted in float."""
    around = net.around(tensor)
    inside = len(around & raised)
    converted = 0 < inside < len(around) or (
        tensor not in net.makers and inside < len(around)
    )
    return inside + int(converted)
