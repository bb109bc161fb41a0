"""The runner's JSON lines -> records. A line cut off by a kill is left out."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from datasets.errors import InputError
from selection.arrays import Float64s, Ints


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
    """All whole lines of a results file.

    Raises:
        InputError: not there, a line is no JSON object of ours, or items are missing
            or double.
    """
    try:
        text = path.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise InputError.of(path, f"cannot be read ({error.strerror})") from error
    events = [_event(path, line) for line in text.split("\n")[:-1]]
    items = tuple(_item(path, e) for e in events if e["event"] == "image")
    if [item.item for item in items] != list(range(len(items))):
        raise InputError.of(
            path,
            "items are missing or double",
            "each once, in order",
            "Delete the file and bench again.",
        )
    ends = [event for event in events if event["event"] == "done"]
    return Results(
        items,
        tuple((e["item"], e["ns"]) for e in events if e["event"] == "probe"),
        tuple(event for event in events if event["event"] == "start"),
        max(end["peak_kb"] for end in ends) if ends else None,
    )


def _event(path: Path, line: str) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError:
        event = None
    if not isinstance(event, dict) or "event" not in event:
        raise InputError.of(
            path,
            f"{line[:60]!r} is no line of results",
            "",
            "Delete the file and bench again.",
        )
    return event


def _item(path: Path, event: dict[str, Any]) -> Item:
    try:
        return Item(
            item=event["item"],
            id=event["id"],
            rungs=tuple(event["rungs"]),
            rung_ns=tuple(event["rung_ns"]),
            selector_ns=event["selector_ns"],
            total_ns=event["total_ns"],
            top=tuple((place, score) for place, score in event["top"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError.of(
            path,
            f"a line of an image lacks {error}",
            "",
            "Delete the file and bench again.",
        ) from error
