"""Rows of several runs that are of the same thing, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reports.gathered import Gathered
from reports.measured_answers import plan_of
from reports.rows import Row

Key = tuple[object, ...]
_KEY = ("dataset", "split", "resolution", "crop", "interpolation", "recipe", "selector")
# where a run has several of one key, these tell them apart, one after the other
_SHOWN = 4  # rungs of a ladder that are named
_FURTHER = ((), ("images",), ("images", "weights"))


@dataclass(frozen=True, kw_only=True)
class Found:
    """A row, and where."""

    folder: Path
    row: Row


@dataclass(frozen=True, kw_only=True)
class Joined:
    """One thing, and its row in each run; None: a run has none."""

    what: str
    data: str
    rows: tuple[Found | None, ...]


def joined(runs: Sequence[Gathered]) -> tuple[list[Joined], list[list[Found]]]:
    """What stands in two runs or more, in the order of the first that has it.

    Rows of one run that nothing tells apart, such as a selector tuned to several
    budgets, are joined to none: any choice might compare unlike things.

    Returns:
        The lines, and of each run the rows that are in none of them.
    """
    left = [_once(run) for run in runs]
    made: list[Joined] = []
    for further in _FURTHER:
        keyed = [
            _keyed(run, rows, further) for run, rows in zip(runs, left, strict=True)
        ]
        for key in dict.fromkeys(key for own in keyed for key in own):
            own_rows = [own.get(key, []) for own in keyed]
            if any(len(rows) > 1 for rows in own_rows):
                continue
            if sum(map(bool, own_rows)) > 1:
                for rows, own in zip(left, own_rows, strict=True):
                    rows[:] = [each for each in rows if each not in own]
                made.append(_joined(runs, [r[-1] if r else None for r in own_rows]))
    order = [row for run in runs for _, row in run.rows]
    return sorted(made, key=lambda line: _first_place(line, order)), left


def _once(run: Gathered) -> list[Found]:
    """The rows of a run, the newest of those that found the same of the same thing."""
    known: dict[Key, Found] = {}
    for folder, row in run.rows:
        where = Found(folder=folder, row=row)
        facts = (row.images, row.weights, row.top1, row.macs)
        known[(*thing_key(run, where), *facts)] = where
    return list(known.values())


def _first_place(line: Joined, order: Sequence[Row]) -> int:
    return min(order.index(own.row) for own in line.rows if own is not None)


def thing(run: Gathered, where: Found) -> str:
    """What a row is of, as one reads it: a rung, a selector over a ladder, a plan."""
    row, plan = where.row, plan_of(run, where.folder, where.row)
    if plan is not None:
        limit = plan["certificate"]["max_drop_points"]
        return f"plan, at most {limit:g} points below {plan['reference']}"
    told = _name(row)
    if row.latency_p50_us is not None:
        return f"{told}, on the device"
    return f"{told}, {row.recipe} file" if row.drop_points is None else told


def _name(row: Row) -> str:
    name = row.ladder or (
        f"{row.model}@{row.resolution}" if row.resolution else row.model or ""
    )
    rungs = name.split(",")
    if row.selector in (None, "fixed"):
        return name
    if len(rungs) > _SHOWN:
        return f"{row.selector} over {len(rungs)} rungs"
    return f"{row.selector}: {', '.join(rungs)}"


def thing_key(run: Gathered, where: Found) -> Key:
    """What is equal in rows of the same thing, whichever weights it has."""
    row = where.row
    plan = plan_of(run, where.folder, row)
    benched = row.latency_p50_us is not None
    # a bench's device is its machine and a verdict; elsewhere it is the engine
    device = (row.device or "").rpartition(", ")[0] if benched else ""
    swept = row.drop_points is not None
    same = tuple(getattr(row, name) for name in (*_KEY, "ladder"))
    if plan is not None:
        same = (row.dataset, row.split)
    return (thing(run, where), *same, swept, device)


def data_of(row: Row) -> str:
    """The images of a row, with how many they are."""
    count = f", {row.images:,} images" if row.images else ""
    return f"{row.dataset or ''} {row.split or ''}".strip() + count


def _keyed(
    run: Gathered, rows: Sequence[Found], further: tuple[str, ...]
) -> dict[Key, list[Found]]:
    keyed: dict[Key, list[Found]] = {}
    for where in rows:
        more = tuple(getattr(where.row, name) for name in further)
        keyed.setdefault((*thing_key(run, where), *more), []).append(where)
    return keyed


def _joined(runs: Sequence[Gathered], rows: Sequence[Found | None]) -> Joined:
    run, first = next((r, own) for r, own in zip(runs, rows, strict=True) if own)
    what = thing(run, first)
    return Joined(what=what, data=data_of(first.row), rows=tuple(rows))
