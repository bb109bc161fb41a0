"""An order of calls: of branches that meet, the shorter is done before the longer."""

from collections.abc import Mapping

from keras_models.graphs.calls import Calls


def by_branches(graph: Calls) -> list[int]:
    """Places in `graph.calls`, in another order that can be computed.

    At an addition the branch of fewest calls comes first, so that what the longer one
    is added to is known when its last layer runs; and fewer maps are held at once.
    """
    maker = {
        value: number
        for number, call in enumerate(graph.calls)
        for value in call.outputs
    }
    length = _lengths(graph, maker)

    def by_length(number: int) -> int:
        return -length[number]  # the last one that waits is done first

    order: list[int] = []
    seen: set[int] = set()
    waiting = [(maker[value], False) for value in reversed(graph.outputs)]
    while waiting:
        number, ready = waiting.pop()
        if ready:
            order.append(number)
        if ready or number in seen:
            continue
        seen.add(number)
        before = {maker[value] for value in graph.calls[number].inputs if value}
        waiting.append((number, True))
        waiting += [
            (other, False) for other in sorted(before, key=lambda one: -length[one])
        ]
    return order


def _lengths(graph: Calls, maker: Mapping[int, int]) -> list[int]:
    """Of the longest way from the pictures to each call."""
    lengths: list[int] = []
    for call in graph.calls:
        before = [lengths[maker[value]] for value in call.inputs if value]
        lengths.append(1 + max(before, default=0))
    return lengths
