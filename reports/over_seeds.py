"""Mean and standard deviation over training seeds: rows alike but for their weights."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from datasets.errors import InputError
from reports.gathered import Gathered
from reports.joined_rows import Found, Key, data_of, thing, thing_key
from reports.measured_answers import weights_of
from reports.rows import Row
from reports.table import Table


@dataclass(kw_only=True)
class _Group:
    """The rows of one thing, by the hash of their weights; the newest of each."""

    what: str
    rows: dict[str, Row] = field(default_factory=dict)


def over_seeds(runs: Sequence[Gathered]) -> Table:
    """One line a thing that was measured with two sets of weights or more.

    Raises:
        InputError: nothing was.
    """
    groups, unknown = _grouped(runs)
    several = [group for group in groups if len(group.rows) > 1]
    if not several:
        raise InputError(
            "group",
            "weights",
            "rows of the same rung and images from two sets of weights or more",
            "Train with several seeds under one model name, and sweep each into a run "
            "folder of its own.",
            f"{len(groups)} rows, none with more than one set of weights",
        )
    alone = len(groups) - len(several)
    notes = [
        "Mean and, in brackets, standard deviation (n - 1) over the sets of weights, "
        "each counted once by the hash of its tensors. It is the spread over "
        "trainings, not over images.",
        *([f"{alone} rows with one set of weights alone."] if alone else []),
        *([f"{unknown} rows of weights that are not known."] if unknown else []),
    ]
    return Table(
        title=f"Mean and spread over {_counts(several)} sets of weights",
        columns=(
            "row", "data", "weights", "top-1 % (sd)", "drop, points (sd)",
            "MMACs (sd)", "FLOPs drop % (sd)",
        ),
        rows=tuple(map(_cells, several)),
        words=2,
        notes=tuple(notes),
        kind="seeds",
    )  # fmt: skip


def _grouped(runs: Sequence[Gathered]) -> tuple[list[_Group], int]:
    groups: dict[Key, _Group] = {}
    unknown = 0
    for run in runs:
        for folder, row in run.rows:
            if row.top1 is None or row.latency_p50_us is not None:
                continue
            where = Found(folder=folder, row=row)
            weights = weights_of(run, folder, row)
            if weights is None:
                unknown += 1
                continue
            key = (*thing_key(run, where), row.images)
            group = groups.setdefault(key, _Group(what=thing(run, where)))
            group.rows[weights] = row
    return list(groups.values()), unknown


def _counts(groups: Sequence[_Group]) -> str:
    counts = sorted({len(group.rows) for group in groups})
    return str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"


def _cells(group: _Group) -> tuple[str, ...]:
    rows = list(group.rows.values())
    first = rows[0]
    return (
        group.what,
        data_of(first),
        str(len(rows)),
        _spread([None if row.top1 is None else 100 * row.top1 for row in rows]),
        _spread([row.drop_points for row in rows]),
        _spread([None if row.macs is None else row.macs / 1e6 for row in rows]),
        _spread([row.flops_drop_percent for row in rows]),
    )


def _spread(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return ""
    mean, deviation = float(np.mean(known)), float(np.std(known, ddof=1))
    return f"{mean + 0.0:,.2f} ({deviation:,.2f})"
