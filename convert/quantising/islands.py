"""Islands of float activations in a full_int8 file, as few as the agreement asks.

Convolutions and dense layers of an island keep int8 weights and quantise their input as
it comes; depthwise layers keep float32 weights. So rungs share their weights however
far each is raised. Operations are ranked by the noise of their tensors (`noise.py`,
`raising.py`); half of the calibration images say when there are enough, in files whose
ranges the other half sets. The file that is kept has the ranges of all, so that it is
full_int8's where nothing is raised.

The agreement of n images is known to no better than one in n. So it is expected: of
every calibration image's margin over the second class, and of every change of a margin
on the held-out ones, the part of all pairs in which the first class stays first.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from convert.quantising.noise import log_scores, tensor_noise
from convert.quantising.quantise import FloatRung, float_outputs, with_litert
from convert.quantising.raising import Network, network, raising_order
from convert.quantising.ranges import seen_by
from convert.quantising.recipes import Recipe
from datasets.user_files import UserFile

Float64s = NDArray[np.float64]
_HELD_OUT = 2  # of so many calibration images one sets no range in the search
_PROBED = 8  # images that rank operations


@dataclass(frozen=True, kw_only=True)
class Islands:
    """What was raised in one rung, and what for."""

    operations: tuple[str, ...]  # names of their outputs, in the order of the graph
    of: int  # operations of the file
    wanted: float  # part of images that agree with float32
    expected: float  # with these islands, on held-out calibration images
    without: float  # with none
    held_out: int  # images

    def to_json(self) -> str:
        """As it is kept beside the file."""
        return json.dumps(asdict(self), indent=1) + "\n"


def read_islands(file: UserFile) -> Islands:
    """As `to_json` wrote them.

    Raises:
        InputError: something else.
    """
    facts = file.json()
    with file.shaped():
        return Islands(**{**facts, "operations": tuple(facts["operations"])})


def with_islands(
    source: FloatRung, recipe: Recipe, wanted: float
) -> tuple[bytes, Islands]:
    """The file of the fewest islands that agree as wanted, or of all, if none do."""
    if source.images is None or source.seen is None:
        raise ValueError("no images, or no ranges; expected both.")
    ranging, held_out = _parted(source.images)
    part = replace(source, images=ranging, seen=seen_by(source.content, ranging))
    judge = _Judge(part, held_out)
    agreements: dict[int, float] = {}
    net = network(source.content, float_outputs(source.content))
    steps: list[tuple[int, ...]] = []

    def raised(count: int) -> frozenset[str]:
        return frozenset(net.names[one] for step in steps[:count] for one in step)

    def expected(count: int) -> float:
        if count not in agreements:
            agreements[count] = judge.expected(with_litert(part, recipe, raised(count)))
        return agreements[count]

    if expected(0) < wanted:
        steps = ranked(net, part)
    count = fewest(len(steps), lambda number: expected(number) >= wanted)
    return with_litert(source, recipe, raised(count)), Islands(
        operations=tuple(name for name in net.names if name in raised(count)),
        of=len(net.names),
        wanted=wanted,
        expected=expected(count),
        without=expected(0),
        held_out=len(held_out),
    )


def _parted(images: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    """(images that set ranges, others); a single image does both."""
    held = np.arange(len(images)) % _HELD_OUT == _HELD_OUT - 1
    if not held.any():
        return images, images
    return images[~held], images[held]


def ranked(net: Network, part: FloatRung) -> list[tuple[int, ...]]:
    """Operations to raise, step by step, as the first images of a rung rank them."""
    assert part.images is not None
    assert part.seen is not None
    tensors = [one for one in net.values if not net.around(one) <= net.raised]
    few = part.images[:_PROBED]
    noise = tensor_noise(part.content, part.signature, part.seen, tensors, few)
    return raising_order(net, noise)


def fewest(most: int, enough: Callable[[int], bool]) -> int:
    """The smallest count that is enough, if more never is less; else `most`."""
    if enough(0):
        return 0
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


class _Judge:
    """Expects the agreement of files with the float32 one."""

    def __init__(self, part: FloatRung, held_out: NDArray[np.float32]) -> None:
        assert part.images is not None
        self._signature, self._held_out = part.signature, held_out
        exact = log_scores(part.content, part.signature, held_out)
        others = log_scores(part.content, part.signature, part.images)
        self._first = exact.argmax(1)
        self._own = _margins(exact, self._first)
        self._all = np.concatenate([self._own, _margins(others, others.argmax(1))])

    def expected(self, content: bytes) -> float:
        """The part of pairs (margin, change) that leaves the first class first."""
        near = log_scores(content, self._signature, self._held_out)
        changes = _margins(near, self._first) - self._own
        return float((self._all[:, None] + changes[None] >= 0).mean())


def _margins(logs: Float64s, first: NDArray[np.intp]) -> Float64s:
    """(n,) of a class over the best of the others."""
    rows = np.arange(len(logs))
    others = logs.copy()
    others[rows, first] = -np.inf
    return np.asarray(logs[rows, first] - others.max(1))
