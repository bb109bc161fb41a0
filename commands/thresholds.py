"""Thresholds of a ladder: maps, the exact Pareto front, the best for each target.

The front is exact over all distinct thresholds, found on calibration images; beside it
stand the same thresholds on the images that chose nothing. The maps are on a grid.

Examples:
  reswise thresholds --ladder mobilenet_v2@160,mobilenet_v2@192,mobilenet_v2@224
  reswise thresholds --ladder small_resnet@32,small_resnet@48,small_resnet@96 \\
      --grid 50x100 --from 0.97,0.74 --to 1,1 --targets 95,97
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from commands import flags, stored
from datasets.errors import InputError

if TYPE_CHECKING:
    from commands.stored import Parts
    from reports.table import Table
    from selection.arrays import Floats, Ints
    from selection.plans.front import Front
    from selection.plans.grid import Grid
    from selection.plans.search import Climber
    from selection.scored import Scored

HELP = "threshold maps, the exact Pareto front, the best thresholds per target"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Ladder, way, grid, targets, stored scores."""
    add = parser.add_argument
    add(
        "--ladder",
        required=True,
        metavar="RUNG,RUNG[,RUNG]",
        help="two or three rungs in ascending cost",
    )
    add(
        "--way",
        default="top1",
        help="top1, margin, entropy, calibrated, top1-mean, margin-mean, deferral, "
        "deferral-boosted or deferral-mean (default: top1)",
    )
    add(
        "--grid",
        default="40x40",
        metavar="AxB",
        help="thresholds of the maps, A at the first rung, B at the second "
        "(default: 40x40; the cascade report also used 50x100)",
    )
    add("--from", dest="lowest", default="0,0", metavar="T,T", help="(default: 0,0)")
    add("--to", dest="highest", default="1,1", metavar="T,T", help="(default: 1,1)")
    add(
        "--targets",
        metavar="P[,P..]",
        help="accuracies in per cent (default: the top rung's, and 0.5, 1, 2 less)",
    )
    stored.add_stored_flags(parser, "thresholds")


@dataclass(frozen=True, eq=False)
class _Found:
    """The front on calibration images and what its thresholds do on test images."""

    ladder: tuple[str, ...]
    template: "Climber"
    front: "Front"
    grid: "Grid"
    test_right: "Floats"  # (points,) fractions
    test_macs: "Floats"
    report_macs: "Floats"  # (points,) by equation 2.2 of the cascade report


def run(args: argparse.Namespace) -> int:
    """Tables, three CSV files and two figures."""
    axes = _axes(args)
    parts = stored.parts(args)
    ladder = stored.names(args.ladder)
    if len(ladder) not in (2, 3):
        raise InputError(
            f"--ladder {args.ladder}: {len(ladder)} rungs; expected two or three."
        )
    calibration, test = (
        part.ladder(ladder) for part in (parts.calibration, parts.test)
    )
    found = _found(args.way, calibration, test, axes[: len(ladder) - 1], parts)
    tables = [_target_table(found, calibration, test, args.targets)]
    _write(args, found, test, tables)
    return 0


def _axes(args: argparse.Namespace) -> "tuple[Floats, ...]":
    import numpy as np

    try:
        counts = [int(word) for word in args.grid.split("x")]
    except ValueError:
        counts = []
    if len(counts) not in (1, 2) or min(counts) < 2 or max(counts) > 1000:
        raise InputError(
            f"--grid {args.grid}: expected two counts of 2..1000, such as 40x40."
        )
    lowest = stored.numbers("--from", args.lowest)
    highest = stored.numbers("--to", args.highest)
    for low, high in zip(lowest, highest, strict=False):
        if not 0 <= low < high <= 1:
            raise InputError(
                f"--from {args.lowest} --to {args.highest}: thresholds out of range; "
                "expected 0 <= from < to <= 1 for each rung but the last."
            )
    if not len(lowest) == len(highest) >= len(counts):
        raise InputError("--from, --to and --grid: expected as many numbers in each.")
    return tuple(
        np.linspace(low, high, count)
        for low, high, count in zip(lowest, highest, counts, strict=False)
    )


def _found(
    way: str, calibration: "Scored", test: "Scored", axes: "tuple[Floats, ...]",
    parts: "Parts",
) -> _Found:  # fmt: skip
    import numpy as np

    from selection.plans.grid import evaluate_grid
    from selection.plans.naive import stops
    from selection.plans.search import front_of, right_by_stop

    template, confidences, front = front_of(way, calibration)
    right = right_by_stop(calibration, template.answer)
    grid = evaluate_grid(axes, confidences, right, calibration.macs, template.own_macs)
    test_right = right_by_stop(test, template.answer)
    unseen = template.confidences(test.scores)
    climbs = np.array(test.macs).cumsum() + template.own_macs
    rights, macs, report = [], [], []
    native, scale = _report_scale(test.rungs, parts)
    for thresholds in front.thresholds:
        stop = stops(unseen, thresholds)
        rights.append(test_right[np.arange(test.images), stop].mean())
        macs.append(climbs[stop].mean())
        report.append(_report(native, scale, stop))
    return _Found(
        test.rungs, template, front, grid,
        np.array(rights), np.array(macs), np.array(report),
    )  # fmt: skip


def _report_scale(
    rungs: tuple[str, ...], parts: "Parts"
) -> tuple[list[float], list[float]]:
    """Of each rung's model the MACs at its largest stored resolution, and f_p."""
    native, scale = [], []
    for name in rungs:
        rung = parts.rungs[name]
        same = [one for one in parts.rungs.values() if one.model == rung.model]
        largest = max(same, key=lambda one: one.resolution)
        native.append(float(largest.macs))
        scale.append(rung.resolution / largest.resolution)
    return native, scale


def _report(native: list[float], scale: list[float], stop: "Ints") -> float:
    from selection.plans.report_cost import report_macs

    reach = [float((stop >= place).mean()) for place in range(len(native))]
    return report_macs(native, scale, reach)


def _target_table(
    found: _Found, calibration: "Scored", test: "Scored", targets: str | None
) -> "Table":
    from reports.table import Table
    from selection.plans.planning import hollow

    top = 100 * float(calibration.right[:, -1].mean())
    wanted = (
        stored.numbers("--targets", targets)
        if targets is not None
        else tuple(top - less for less in (0, 0.5, 1, 2))
    )
    rows = tuple(_target_row(found, target, test) for target in wanted)
    columns = (
        "target %", "thresholds", "calibration %", "MMACs", "test %", "test MMACs",
        "FLOPs drop %", "test, report's formula, MMACs",
    )  # fmt: skip
    notes = (
        f"Front of {len(found.front.macs):,} points, exact over all distinct "
        f"thresholds of {calibration.images:,} calibration images; {test.images:,} "
        f"others test. FLOPs drop: on test images, against {found.ladder[-1]}. The "
        "report's formula (its equation 2.2) lets cost go with the square of the "
        "resolution.",
        "Chosen to just reach a target, thresholds lose some of it on other images: "
        "for a promise use `reswise plan`.",
    )
    right = calibration.right[:, -1]
    said = hollow(right, calibration, found.ladder[-1])
    title = " → ".join(found.ladder) + (f". {said}" if said else "")
    return Table(title, columns, rows, 2, notes)


def _target_row(found: _Found, target: float, test: "Scored") -> tuple[str, ...]:
    import numpy as np

    reached = np.flatnonzero(100 * found.front.accuracy >= target - 1e-9)
    if not reached.size:
        return (f"{target:.2f}", "not reached", *[""] * 6)
    index = reached[0]
    return (
        f"{target:.2f}",
        ", ".join(f"{value:.6g}" for value in found.front.thresholds[index]),
        f"{100 * found.front.accuracy[index]:.2f}",
        f"{found.front.mean_macs[index] / 1e6:,.2f}",
        f"{100 * found.test_right[index]:.2f}",
        f"{found.test_macs[index] / 1e6:,.2f}",
        f"{100 * (1 - found.test_macs[index] / test.macs[-1]):.2f}",
        f"{found.report_macs[index] / 1e6:,.2f}",
    )


def _write(
    args: argparse.Namespace, found: _Found, test: "Scored", tables: "list[Table]"
) -> None:
    from datasets.files import write_text
    from reports.run_folder import add_tables
    from reports.threshold_figures import Curve, draw_fronts, draw_maps
    from selection.replay import replay
    from selection.selectors.oracle import Oracle

    ends = f"{args.dataset} | {args.split} | {args.calibration_split} | {args.scores}"
    key = f"{' '.join(found.ladder)} | {args.way} | {ends}"
    folder = _own_folder(args.run, key, found.ladder)
    write_text(folder / "front.csv", _front_csv(found))
    write_text(folder / "map.csv", _map_csv(found))
    add_tables(folder, "thresholds", tables, [key])
    bound = replay(Oracle(test.rungs), test)
    figures = draw_maps(found.grid, found.ladder, folder)
    figures += draw_fronts(
        Curve(found.front.mean_macs, found.front.accuracy),
        Curve(found.test_macs, found.test_right),
        {
            name: (float(macs), float(test.right[:, place].mean()))
            for place, (name, macs) in enumerate(
                zip(test.rungs, test.macs, strict=True)
            )
        },
        (bound.mean_macs, bound.accuracy),
        f"{' → '.join(found.ladder)}, {args.way}",
        folder,
    )
    for table in tables:  # after the files: head may close the pipe
        table.show()
    for path in (*(folder / name for name in ("front.csv", "map.csv")), *figures):
        print(f"wrote {flags.shown(path)}")


def _own_folder(run: Path, key: str, ladder: tuple[str, ...]) -> Path:
    """The run folder, or one in it where the maps of another ladder lie there."""
    import hashlib
    import json
    import re

    held = run / "thresholds.tables.json"
    if not held.exists():
        return run
    if key in {one.get("key", key) for one in json.loads(held.read_text("utf-8"))}:
        return run
    words = re.sub(r"[^\w.@-]+", "-", "-".join(ladder))[:60]
    return run / f"{words}_{hashlib.sha256(key.encode()).hexdigest()[:6]}"


def _front_csv(found: _Found) -> str:
    steps = range(1, found.front.thresholds.shape[1] + 1)
    header = [f"threshold_{step}" for step in steps]
    header += ["calibration_top1", "calibration_macs", "test_top1", "test_macs"]
    lines = [",".join([*header, "test_macs_by_report"])]
    for index, thresholds in enumerate(found.front.thresholds):
        values = (
            *thresholds, found.front.accuracy[index], found.front.mean_macs[index],
            found.test_right[index], found.test_macs[index], found.report_macs[index],
        )  # fmt: skip
        lines.append(",".join(repr(float(value)) for value in values))
    return "\n".join(lines) + "\n"


def _map_csv(found: _Found) -> str:
    import numpy as np

    grid = found.grid
    steps = range(1, len(grid.axes) + 1)
    lines = [",".join([*(f"threshold_{step}" for step in steps), "top1", "macs"])]
    for place in np.ndindex(grid.right.shape):
        values = [axis[i] for axis, i in zip(grid.axes, place, strict=True)]
        values += [grid.right[place] / grid.images, grid.macs[place] / grid.images]
        lines.append(",".join(repr(float(value)) for value in values))
    return "\n".join(lines) + "\n"
