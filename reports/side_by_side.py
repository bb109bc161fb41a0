"""Several runs side by side: rows joined, differences with paired intervals."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from keras_models.accuracy import paired_drop
from reports.gathered import Gathered
from reports.joined_rows import Found, Joined, joined, thing
from reports.measured_answers import answered
from reports.rows import Row
from reports.table import Table

_NAMED = 3  # rows of one run alone that a note names


def run_names(folders: Sequence[Path]) -> list[str]:
    """What each run is called: its folder's name, or as much of its path as differs."""
    parts = [folder.resolve().parts for folder in folders]
    for depth in range(1, max(map(len, parts)) + 1):
        names = ["/".join(own[-depth:]) for own in parts]
        if len(set(names)) == len(names):
            return names
    raise InputError.of("RUN", "the same folder twice", "folders of several runs")


def side_by_side(runs: Sequence[Gathered], names: Sequence[str]) -> Table:
    """One line a thing that two runs or more have; differences are against the first.

    Raises:
        InputError: fewer than two runs, or nothing that is in two of them.
    """
    if len(runs) < 2:
        raise InputError("compare", "", "two `run` folders or more")
    both, left = joined(runs)
    if not both:
        raise InputError(
            "compare",
            " ".join(names),
            "rows of the same rung or selector on the same images",
            "Sweep both over the same data set, at the same resolutions.",
            "no row is in two of them",
        )
    timed = any(
        own is not None and own.row.latency_p50_us is not None
        for line in both
        for own in line.rows
    )
    return Table(
        title=f"Side by side: {', '.join(names)}",
        columns=tuple(_columns(names, timed)),
        rows=tuple(tuple(_cells(line, runs, timed)) for line in both),
        words=2,
        notes=tuple(_notes(runs, names, left)),
        kind="comparison",
        more=tuple(f"{what}, {name}" for what in ("MMACs", "p50 ms") for name in names),
    )


def _columns(names: Sequence[str], timed: bool) -> list[str]:
    later = names[1:] if len(names) > 2 else [""]
    ends = [f", {name}" if name else "" for name in later]
    return [
        "row",
        "data",
        *(f"top-1 % (95 %), {name}" for name in names),
        *(f"difference, points (95 %){end}" for end in ends),
        *(f"images in both{end}" for end in ends),
        *(f"MMACs, {name}" for name in names),
        *(f"MACs change %{end}" for end in ends),
        *([f"p50 ms, {name}" for name in names] if timed else []),
    ]


def _cells(line: Joined, runs: Sequence[Gathered], timed: bool) -> list[str]:
    rows = [own.row if own else None for own in line.rows]
    differences = [
        _difference(runs[0], line.rows[0], run, own)
        for run, own in zip(runs[1:], line.rows[1:], strict=True)
    ]
    cells = [line.what, line.data, *map(_top1, rows)]
    cells += [told for told, _ in differences]
    cells += [images for _, images in differences]
    cells += [_millions(row) for row in rows]
    cells += [_change(rows[0], row) for row in rows[1:]]
    return [*cells, *(map(_latency, rows) if timed else [])]


def _difference(
    base: Gathered, first: Found | None, run: Gathered, own: Found | None
) -> tuple[str, str]:
    """(the gain in points, positive is better; how many images are in both)."""
    if first is None or own is None or first.row.top1 is None or own.row.top1 is None:
        return "", ""
    before = answered(base, first.folder, first.row)
    after = answered(run, own.folder, own.row)
    plain = 100 * (own.row.top1 - first.row.top1)
    unpaired = f"{plain + 0.0:+.2f}, not paired", ""
    if before is None or after is None:
        return unpaired
    where = {name: place for place, name in enumerate(after.ids)}
    common = [place for place, name in enumerate(before.ids) if name in where]
    there = [where[before.ids[place]] for place in common]
    if not common or not np.array_equal(before.labels[common], after.labels[there]):
        return unpaired
    drop = paired_drop(before.right[common], after.right[there])
    ends = f"({-drop.high + 0.0:+.2f}..{-drop.low + 0.0:+.2f})"
    return f"{-drop.points + 0.0:+.2f} {ends}", f"{len(common):,}"


def _top1(row: Row | None) -> str:
    if row is None or row.top1 is None:
        return ""
    told = f"{100 * row.top1:.2f}"
    if row.top1_low is None or row.top1_high is None:
        return told
    return f"{told} ({100 * row.top1_low:.1f}..{100 * row.top1_high:.1f})"


def _millions(row: Row | None) -> str:
    return f"{row.macs / 1e6:,.2f}" if row and row.macs is not None else ""


def _change(first: Row | None, row: Row | None) -> str:
    if first is None or row is None or not first.macs or row.macs is None:
        return ""
    return f"{100 * (row.macs / first.macs - 1) + 0.0:+.2f}"


def _latency(row: Row | None) -> str:
    known = row is not None and row.latency_p50_us is not None
    return f"{row.latency_p50_us / 1e3:.3f}" if known else ""  # type: ignore[union-attr,operator]


def _notes(
    runs: Sequence[Gathered], names: Sequence[str], left: Sequence[Sequence[Found]]
) -> list[str]:
    notes = [
        f"Differences are against {names[0]}, positive means better; 95 % intervals: "
        "Wilson for top-1, paired over the images in both (Bonett-Price) for "
        "differences. Not paired: the answer to each image is not stored there, or no "
        "image with the same label is in both.",
    ]
    for run, name, rows in zip(runs, names, left, strict=True):
        alone = [thing(run, where) for where in rows]
        if alone:
            more = " and others" if len(set(alone)) > _NAMED else ""
            told = "; ".join(list(dict.fromkeys(alone))[:_NAMED])
            notes.append(
                f"Of {name} not joined, {len(alone)} rows: {told}{more}. Nothing alike "
                "is in another run, or several rows of one run are."
            )
    return notes
