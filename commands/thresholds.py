"""Thresholds of a ladder: maps, the exact Pareto front, the best for each target.

The front is exact over all distinct thresholds, found on calibration images; beside it
stand the same thresholds on the images that chose nothing. The maps are on a grid.

Examples:
  reswise thresholds --rungs mobilenet_v2@160,mobilenet_v2@192,mobilenet_v2@224
  reswise thresholds --rungs small_resnet@32,small_resnet@48,small_resnet@96 \\
      --grid 50x100 --lowest 0.97,0.74 --highest 1,1 --targets 95,97
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from commands import echo, stored
from datasets.errors import InputError

if TYPE_CHECKING:
    from reports.table import Table
    from selection.arrays import Float64s
    from selection.plans.seen_front import SeenFront
    from selection.scored import Scored

HELP = "threshold maps, the exact Pareto front, the best thresholds per target"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Ladder, way, grid, targets, stored scores."""
    add = parser.add_argument
    add(
        "--rungs",
        "--ladder",
        dest="ladder",
        required=True,
        metavar="RUNG,RUNG[,RUNG]",
        help="the ladder: two or three rungs in ascending cost",
    )
    add(
        "--ways",
        "--way",
        dest="way",
        default="top1",
        metavar="WAY",
        help="how it is climbed: top1, margin, entropy, calibrated, top1-mean, "
        "margin-mean, deferral, deferral-boosted or deferral-mean (default: top1)",
    )
    add(
        "--grid",
        default="40x40",
        metavar="AxB",
        help="thresholds of the maps, A at the first rung, B at the second "
        "(default: 40x40; the cascade report also used 50x100)",
    )
    add(
        "--lowest",
        default="0,0",
        metavar="T,T",
        help="where the thresholds of the maps begin, one a rung (default: 0,0)",
    )
    add(
        "--highest",
        default="1,1",
        metavar="T,T",
        help="where they end (default: 1,1)",
    )
    add(
        "--targets",
        metavar="P[,P..]",
        help="accuracies in per cent (default: the top rung's, and 0.5, 1, 2 less)",
    )
    stored.add_stored_flags(parser, "thresholds")


def run(args: argparse.Namespace) -> int:
    """Tables, three CSV files and two figures."""
    from reports.threshold_table import target_table
    from selection.plans.seen_front import seen_front

    axes = _axes(args)
    parts = stored.parts(args)
    ladder = stored.names(args.ladder)
    if len(ladder) not in (2, 3):
        raise InputError(
            f"--rungs {args.ladder}: {len(ladder)} rungs; expected two or three."
        )
    calibration, test = (
        part.ladder(ladder) for part in (parts.calibration, parts.test)
    )
    axes = axes[: len(ladder) - 1]
    found = seen_front(args.way, calibration, test, axes, parts.rungs)
    targets = args.targets and stored.numbers("--targets", args.targets)
    _write(args, found, test, target_table(found, calibration, test, targets))
    return 0


def _axes(args: argparse.Namespace) -> "tuple[Float64s, ...]":
    import numpy as np

    try:
        counts = [int(word) for word in args.grid.split("x")]
    except ValueError:
        counts = []
    if len(counts) not in (1, 2) or min(counts) < 2 or max(counts) > 1000:
        raise InputError(
            f"--grid {args.grid}: expected two counts of 2..1000, such as 40x40."
        )
    lowest = stored.numbers("--lowest", args.lowest)
    highest = stored.numbers("--highest", args.highest)
    for low, high in zip(lowest, highest, strict=False):
        if not 0 <= low < high <= 1:
            raise InputError(
                f"--lowest {args.lowest} --highest {args.highest}: out of range; "
                "expected 0 <= lowest < highest <= 1 for each rung but the last."
            )
    if not len(lowest) == len(highest) >= len(counts):
        raise InputError(
            "--lowest, --highest and --grid: expected as many numbers in each."
        )
    return tuple(
        np.linspace(low, high, count)
        for low, high, count in zip(lowest, highest, counts, strict=False)
    )


def _write(
    args: argparse.Namespace, found: "SeenFront", test: "Scored", table: "Table"
) -> None:
    from datasets.files import write_text
    from reports.run_folder import add_tables
    from reports.threshold_figures import draw_all
    from reports.threshold_table import front_csv, map_csv

    ends = f"{args.dataset} | {args.split} | {args.calibration_split} | {args.scores}"
    key = f"{' '.join(found.ladder)} | {args.way} | {ends}"
    folder = _own_folder(args.run, key, found.ladder)
    write_text(folder / "front.csv", front_csv(found))
    write_text(folder / "map.csv", map_csv(found))
    add_tables(folder, "thresholds", [table], [key])
    title = f"{' → '.join(found.ladder)}, {args.way}"
    figures = draw_all(found, test, title, folder)
    table.show()  # after the files: head may close the pipe
    for path in (*(folder / name for name in ("front.csv", "map.csv")), *figures):
        print(f"wrote {echo.shown(path)}")


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
