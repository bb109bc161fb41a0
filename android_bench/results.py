"""The runner's JSON lines -> records. A line cut off by a kill is left out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from android_bench.json_fields import LARGEST, Fields, is_whole
from datasets.errors import InputError
from datasets.strict_json import parse
from datasets.user_files import UserFile
from selection.arrays import Float64s, Ints

MOST_BYTES = 512 << 20
MOST_ITEMS = 10_000_000
_MOST_LINE = 1 << 16  # bytes; as the runner's own
_MOST_RUNGS, _MOST_TOP = 256, 32
_AGAIN = "Delete the file and bench again."


@dataclass(frozen=True, kw_only=True)
class Item:
    """One image once through the selector."""

    item: int  # counted from 0 over all rounds
    id: str
    rungs: tuple[int, ...]  # places in the script, in the order they ran
    rung_ns: tuple[int, ...]
    selector_ns: int
    total_ns: int
    top: tuple[tuple[int, float], ...]  # class and score, the highest first


@dataclass(frozen=True)
class Results:
    """One pass."""

    items: tuple[Item, ...]
    probes: tuple[tuple[int, int], ...]  # before which item, ns
    starts: tuple[dict[str, Any], ...]  # one for each time the runner began
    peak_kb: int | None  # None: the pass is not done

    @property
    def done(self) -> bool:
        return self.peak_kb is not None

    @property
    def latency_us(self) -> Float64s:
        """(items,) time of each, the selector's own in it."""
        return np.array([item.total_ns for item in self.items], np.float64) / 1e3

    @property
    def selector_us(self) -> Float64s:
        """(items,) of it the selector's own."""
        return np.array([item.selector_ns for item in self.items], np.float64) / 1e3

    @property
    def top1(self) -> Ints:
        """(items,) class answered."""
        return np.array([item.top[0][0] for item in self.items], np.int64)


def read_results(path: Path) -> Results:
    """All whole lines of a results file, each number within its bounds.

    Raises:
        InputError: not there, a line is no JSON object of ours, or items are missing
            or double.
    """
    file = UserFile(path, expected="results of the runner", do=_AGAIN)
    lines = file.content(MOST_BYTES).split(b"\n")[:-1]
    events = [_event(f"{path}: line {n}", line) for n, line in enumerate(lines, 1)]
    items = tuple(_item(facts) for facts in _named(events, "image"))
    if [item.item for item in items] != list(range(len(items))):
        fault = "has items that are missing or double"
        raise InputError.of(path, fault, "each once, in order", _AGAIN)
    peaks = [facts.whole("peak_kb", LARGEST) for facts in _named(events, "done")]
    return Results(
        items,
        tuple(
            (facts.whole("item", MOST_ITEMS), facts.whole("ns", LARGEST))
            for facts in _named(events, "probe")
        ),
        tuple(_start(facts) for facts in _named(events, "start")),
        max(peaks) if peaks else None,
    )


def _named(events: list[Fields], name: str) -> list[Fields]:
    return [facts for facts in events if facts.held["event"] == name]


def _event(where: str, line: bytes) -> Fields:
    try:
        event = parse(line, where, _MOST_LINE, any_text=True)
        if not isinstance(event, dict) or "event" not in event:
            raise InputError.of(where, "is another line")
    except InputError:
        shown = ascii(line[:60].decode("ascii", "replace"))
        fault = f"{shown} is no line of results"
        raise InputError.of(where, fault, "", _AGAIN) from None
    return Fields(event, where)


def _start(facts: Fields) -> dict[str, Any]:
    for file in facts.each("files", 64):
        file.whole("load_ns", LARGEST)
    facts.wholes("first_ns", _MOST_RUNGS)
    return facts.held


def _item(facts: Fields) -> Item:
    rungs = facts.wholes("rungs", _MOST_RUNGS, _MOST_RUNGS - 1)
    times = facts.wholes("rung_ns", _MOST_RUNGS)
    if not rungs or len(times) != len(rungs):
        raise facts.wrong("rungs", rungs, "some, each with its rung_ns")
    return Item(
        item=facts.whole("item", MOST_ITEMS),
        id=facts.text("id"),
        rungs=tuple(rungs),
        rung_ns=tuple(times),
        selector_ns=facts.whole("selector_ns", LARGEST),
        total_ns=facts.whole("total_ns", LARGEST),
        top=_top(facts),
    )


def _top(facts: Fields) -> tuple[tuple[int, float], ...]:
    pairs = facts.items("top", _MOST_TOP)
    for pair in pairs:
        sound = isinstance(pair, list) and len(pair) == 2
        if not sound or not is_whole(pair[0], LARGEST) or not _number(pair[1]):
            raise facts.wrong("top", pair, "a class, and its score")
    if not pairs:
        raise facts.wrong("top", pairs, "the class answered")
    return tuple((int(place), float(score)) for place, score in pairs)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
