"""The thresholds of a ladder for each target, and its front and map as CSV."""

from collections.abc import Sequence

import numpy as np

from reports.table import Table
from selection.plans.planning import hollow
from selection.plans.seen_front import SeenFront
from selection.scored import Scored

_LESS = (0, 0.5, 1, 2)  # points below the top rung's accuracy


def target_table(
    fronts: SeenFront,
    calibration: Scored,
    test: Scored,
    targets: Sequence[float] | None,
) -> Table:
    """The cheapest thresholds that reach each accuracy, and what they do on others.

    Args:
        targets: per cent; None: the top rung's on calibration images, and a bit less.
    """
    top = 100 * float(calibration.right[:, -1].mean())
    wanted = tuple(top - less for less in _LESS) if targets is None else targets
    rows = tuple(_target_row(fronts, target, test) for target in wanted)
    columns = (
        "target %", "thresholds", "calibration %", "calibration MMACs", "test %",
        "test MMACs", "FLOPs drop %", "test MMACs by the report's formula",
    )  # fmt: skip
    notes = (
        f"Front of {len(fronts.front.macs):,} points, exact over all distinct "
        f"thresholds of {calibration.images:,} calibration images; {test.images:,} "
        f"others test. FLOPs drop: on test images, against {fronts.ladder[-1]}. The "
        "report's formula (its equation 2.2) lets cost go with the square of the "
        "resolution.",
        "Chosen to just reach a target, thresholds lose some of it on other images: "
        "for a promise use `reswise plan`.",
    )
    said = hollow(calibration.right[:, -1], calibration, fronts.ladder[-1])
    title = " → ".join(fronts.ladder) + (f". {said}" if said else "")
    return Table(
        title=title,
        columns=columns,
        rows=rows,
        words=2,
        notes=notes,
        kind="thresholds",
        more=(columns[3], columns[-1]),
    )


def _target_row(fronts: SeenFront, target: float, test: Scored) -> tuple[str, ...]:
    reached = np.flatnonzero(100 * fronts.front.accuracy >= target - 1e-9)
    if not reached.size:
        return (f"{target:.2f}", "not reached", *[""] * 6)
    index = reached[0]
    return (
        f"{target:.2f}",
        ", ".join(f"{value:.6g}" for value in fronts.front.thresholds[index]),
        f"{100 * fronts.front.accuracy[index]:.2f}",
        f"{fronts.front.mean_macs[index] / 1e6:,.2f}",
        f"{100 * fronts.test_right[index]:.2f}",
        f"{fronts.test_macs[index] / 1e6:,.2f}",
        f"{100 * (1 - fronts.test_macs[index] / test.macs[-1]):.2f}",
        f"{fronts.report_macs[index] / 1e6:,.2f}",
    )


def front_csv(fronts: SeenFront) -> str:
    """A line a point of the front, on both parts of the images."""
    steps = range(1, fronts.front.thresholds.shape[1] + 1)
    header = [f"threshold_{step}" for step in steps]
    header += ["calibration_top1", "calibration_macs", "test_top1", "test_macs"]
    lines = [",".join([*header, "test_macs_by_report"])]
    for index, thresholds in enumerate(fronts.front.thresholds):
        values = (
            *thresholds, fronts.front.accuracy[index], fronts.front.mean_macs[index],
            fronts.test_right[index], fronts.test_macs[index],
            fronts.report_macs[index],
        )  # fmt: skip
        lines.append(",".join(repr(float(value)) for value in values))
    return "\n".join(lines) + "\n"


def map_csv(fronts: SeenFront) -> str:
    """A line a cell of the map, on calibration images."""
    grid = fronts.grid
    steps = range(1, len(grid.axes) + 1)
    lines = [",".join([*(f"threshold_{step}" for step in steps), "top1", "macs"])]
    for cell in np.ndindex(grid.right.shape):
        values = [axis[i] for axis, i in zip(grid.axes, cell, strict=True)]
        values += [grid.right[cell] / grid.images, grid.macs[cell] / grid.images]
        lines.append(",".join(repr(float(value)) for value in values))
    return "\n".join(lines) + "\n"
