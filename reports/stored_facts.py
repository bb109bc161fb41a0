"""What the page takes from plan.json and parity.json, checked before it is drawn."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from datasets.limits import MOST_RUNGS
from datasets.user_files import UserFile
from datasets.user_tables import read_rows
from selection.selectors.catalogue import from_json

Json = dict[str, Any]
Number = int | float
_COORDINATES = ("top-1 %", "low", "high", "MMACs", "kB", "ms")


def read_facts(path: Path, check: Callable[[Json], None]) -> Json:
    """A JSON object that a verb wrote.

    Raises:
        InputError: something else, or `check` finds other facts than are drawn.
    """
    file = UserFile(path, expected="what a verb writes", do="Run that verb again.")
    facts = file.object()
    with file.shaped():
        check(facts)
    return facts


def check_manifest(facts: Json) -> None:
    """Of a bundle's manifest the page takes nothing but where it lies."""
    _is(facts, "files", list)


def check_parity(facts: Json) -> None:
    """A recipe's name, and sizes."""
    _is(facts, "recipe", str)
    for name in ("bundle_bytes", "separate_bytes"):
        if name in facts:
            _is(facts, name, Number)


def check_compression(facts: Json) -> None:
    """The points of a front, the parent among them."""
    _is(facts, "what", str)
    for point in facts["points"]:
        for name in ("what", "kind", "certified"):
            _is(point, name, str)
        for name in _COORDINATES:
            _is(point, name, Number)
    if "parent" not in [point["kind"] for point in facts["points"]]:
        raise ValueError("no point is the parent")


def check_plan(facts: Json) -> None:
    """The selector, its certificate and its reference."""
    selector = from_json(facts["selector"])
    if len(selector.ladder) > MOST_RUNGS:
        raise ValueError(f"a ladder of {len(selector.ladder)} rungs")
    _is(facts, "reference", str)
    record = facts["certificate"]
    _is(record, "certified", bool)
    _is(record, "images", int)
    for name in ("max_drop_points", "confidence"):
        _is(record, name, Number)
    if record.get("images_needed") is not None:
        _is(record, "images_needed", int)


def _is(facts: Json, name: str, kind: Any) -> None:
    if not isinstance(facts[name], kind):
        raise TypeError(f"{name} is {str(facts[name])[:40]!r}")


def read_numbers(path: Path, columns: tuple[str, ...]) -> list[dict[str, float]]:
    """A table of numbers that `reswise thresholds` wrote.

    Args:
        columns: that must be there; the others are thresholds.
    Raises:
        InputError: something else.
    """
    file = UserFile(
        path, expected="numbers of `reswise thresholds`", do="Run it again."
    )
    table = read_rows(file)
    if not {"threshold_1", *columns} <= set(table.columns) or not table.rows:
        raise file.wrong(f"has the columns {','.join(table.columns)[:200]}")
    with file.shaped():
        return [
            {key: float(value) for key, value in row.cells.items()}
            for row in table.rows
        ]
