"""Stored scores -> the rows and the table of an accuracy drop over resolutions."""

import platform
from dataclasses import replace

from keras_models.accuracy import (
    correct,
    no_better_than_chance,
    paired_drop,
    wilson,
)
from keras_models.framework import versions
from keras_models.scoring.score_records import StoredRung
from reports.remarks import remarks
from reports.rows import Row
from reports.table import Table


def drop_rows(rungs: list[StoredRung], command: str) -> list[Row]:
    """One row a rung; drops are against the largest resolution of the same crop.

    Args:
        rungs: of one model and data set, the native resolution of each crop included.
    """
    references = {}
    for rung in sorted(rungs, key=lambda rung: rung.resolution):
        references[str(rung.meta.preprocessing)] = rung
    return [
        _row(rung, references[str(rung.meta.preprocessing)], command) for rung in rungs
    ]


def _row(rung: StoredRung, reference: StoredRung, command: str) -> Row:
    first = correct(rung.scores, rung.labels)
    low, high = wilson(int(first.sum()), first.size)
    row = Row(
        model=rung.model,
        weights=rung.meta.weights,
        dataset=rung.meta.dataset,
        split=rung.meta.split,
        resolution=rung.resolution,
        crop=str(rung.meta.preprocessing["crop"]),
        interpolation=_interpolation(rung),
        recipe=rung.meta.recipe,
        selector="fixed",
        ladder=rung.rung,
        images=first.size,
        top1=float(first.mean()),
        top5=float(correct(rung.scores, rung.labels, k=5).mean()),
        top1_low=low,
        top1_high=high,
        macs=float(rung.macs),
        flops_drop_percent=100 * (1 - rung.macs / reference.macs),
        parameters=rung.meta.parameters,
        size_bytes=rung.meta.size_bytes,
        device=f"{platform.machine()} CPU, {rung.meta.engine}",
        command=command,
    )
    if rung is reference:
        return replace(row, drop_points=0.0, drop_low=0.0, drop_high=0.0, mcnemar_p=1.0)
    drop = paired_drop(correct(reference.scores, reference.labels), first)
    return replace(
        row,
        drop_points=drop.points,
        drop_low=drop.low,
        drop_high=drop.high,
        mcnemar_p=drop.mcnemar_p,
    )


def _interpolation(rung: StoredRung) -> str:
    resize = rung.meta.preprocessing
    smooth = "antialiased" if resize["antialias"] else "not antialiased"
    return f"{resize['interpolation']}, {smooth}"


def group_key(row: Row) -> str:
    """What stands in one table and one figure: all rungs of one model on one split."""
    if row.resolution is None or row.drop_points is None or row.latency_p50_us:
        return ""  # not of a sweep
    facts = (row.model, row.weights, row.dataset, row.split, row.interpolation)
    return " | ".join(map(str, (*facts, row.recipe, f"{row.images} images")))


def alike(key: str, other: str) -> bool:
    """Whether two groups differ in their number of images alone, or not at all."""
    return key.rpartition(" | ")[0] == other.rpartition(" | ")[0]


def in_group(rows: list[Row], key: str) -> list[Row]:
    """Its rows: crop by crop, from the largest resolution down."""
    own = [row for row in rows if group_key(row) == key]
    crops = list(dict.fromkeys(row.crop for row in own))
    return sorted(own, key=lambda row: (crops.index(row.crop), -(row.resolution or 0)))


def drop_table(
    rows: list[Row], rungs: list[StoredRung], command: str | None = None
) -> Table:
    """The rows for reading: intervals beside their values, notes on how measured.

    Args:
        rows: of one group.
        rungs: those that were swept last, and command: what swept them.
    """
    first, meta = rows[0], rungs[0].meta
    columns = (
        "crop",
        "resolution",
        "MMACs",
        "FLOPs drop %",
        "top-1 % (95 %)",
        "top-5 %",
        "drop, points (95 %)",
        "McNemar p",
    )
    crops = {row.crop for row in rows}
    more = ("McNemar p", *(["crop"] if len(crops) == 1 else []))
    title = (
        f"{first.model} ({first.weights}) on {first.dataset} {first.split}, "
        f"{first.images} images{_hollow(rows, rungs)}"
    )
    notes = (
        "Drops are against the native resolution on the same images and crop: positive "
        "means worse. 1 MAC = 2 FLOPs. Intervals: Wilson for top-1, paired "
        "(Bonett-Price) for the drop.",
        *(
            f"{rung.rung}: the scores of {rung.nonfinite} of {len(rung.ids)} images "
            "are not finite and count as wrong answers."
            for rung in rungs
            if rung.nonfinite
        ),
        *(
            [f"The images, as read: {'; '.join(rungs[0].read)}."]
            if rungs[0].read
            else []
        ),
        *_top5_drops(rungs),
        *(f"Not counted in MACs: {name}" for name in meta.uncounted),
        *remarks(rungs),
        f"Pixels: crop {', '.join(map(str, dict.fromkeys(row.crop for row in rows)))}, "
        f"{first.interpolation}, normalisation {meta.normalisation}. Scores by "
        f"{first.device}.",
        "Versions: " + ", ".join(f"{k} {v}" for k, v in versions().items()) + ".",
    )
    return Table(
        title=title,
        columns=columns,
        rows=tuple(_cells(row, meta.classes) for row in rows),
        words=1,
        notes=notes,
        kind="drop",
        more=(*more, *(["top-5 %"] if meta.classes <= 5 else [])),
        command=command or str(first.command),
    )


def _top5_drops(rungs: list[StoredRung]) -> list[str]:
    """A line a crop: drops of top-5 with their intervals, where five are not all."""
    if rungs[0].meta.classes <= 5:
        return []
    lines = []
    for crop in dict.fromkeys(rung.crop for rung in rungs):
        own = [rung for rung in rungs if rung.crop == crop]
        native, *lower = sorted(own, key=lambda rung: -rung.resolution)
        base = correct(native.scores, native.labels, k=5)
        drops = [
            (rung.resolution, paired_drop(base, correct(rung.scores, rung.labels, k=5)))
            for rung in lower
        ]
        told = ", ".join(
            f"{resolution}: {drop.points:.2f} ({drop.low:.1f}..{drop.high:.1f})"
            for resolution, drop in drops
        )
        if told:
            lines.append(f"Top-5 drops in points, 95 %, crop {crop}: {told}.")
    return lines


def _hollow(rows: list[Row], rungs: list[StoredRung]) -> str:
    """In the title, that the network guesses at its native resolution already."""
    native = max(rungs, key=lambda rung: rung.resolution)
    right = correct(native.scores, native.labels)
    said = no_better_than_chance(right, native.labels, native.meta.classes)
    return f". HOLLOW: {native.rung} itself is {said}" if said and rows else ""


def _cells(row: Row, classes: int) -> tuple[str, ...]:
    return (
        str(row.crop),
        str(row.resolution),
        f"{(row.macs or 0) / 1e6:,.2f}",
        f"{row.flops_drop_percent:.2f}",
        f"{100 * (row.top1 or 0):.2f} "
        f"({100 * (row.top1_low or 0):.1f}..{100 * (row.top1_high or 0):.1f})",
        # with five classes or fewer every answer is among the first five
        f"{100 * (row.top5 or 0):.2f}" if classes > 5 else "-",
        f"{row.drop_points:.2f} ({row.drop_low:.1f}..{row.drop_high:.1f})",
        "< 1e-300" if row.mcnemar_p == 0 else f"{row.mcnemar_p:.2g}",
    )
