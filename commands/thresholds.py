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

from commands import echo, stored, thresholds_flags
from datasets.errors import InputError

if TYPE_CHECKING:
    from reports.table import Table
    from selection.plans.seen_front import SeenFront
    from selection.scored import Scored

HELP = "threshold maps, the exact Pareto front, the best thresholds per target"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Ladder, way, grid, targets, stored scores."""
    thresholds_flags.add_threshold_flags(parser)
    stored.add_stored_flags(parser, "thresholds")


def run(args: argparse.Namespace) -> int:
    """Tables, three CSV files and two figures."""
    from reports.threshold_table import target_table
    from selection.plans.seen_front import seen_front

    axes = thresholds_flags.axes_of(args)
    parts = stored.parts(args)
    ladder = stored.names(args.ladder)
    if len(ladder) not in (2, 3):
        raise InputError(
            "rungs", args.ladder, "two or three", fault=f"{len(ladder)} rungs"
        )
    calibration, test = (
        part.ladder(ladder) for part in (parts.calibration, parts.test)
    )
    axes = axes[: len(ladder) - 1]
    fronts = seen_front(args.way, calibration, test, axes, parts.rungs)
    targets = args.targets and stored.numbers("targets", args.targets)
    _write(args, fronts, test, target_table(fronts, calibration, test, targets))
    return 0


def _write(
    args: argparse.Namespace, fronts: "SeenFront", test: "Scored", table: "Table"
) -> None:
    from datasets.files import write_text
    from reports.run_folder import add_tables
    from reports.threshold_figures import draw_all
    from reports.threshold_table import front_csv, map_csv

    ends = f"{args.dataset} | {args.split} | {args.calibration_split} | {args.scores}"
    key = f"{' '.join(fronts.ladder)} | {args.way} | {ends}"
    folder = _own_folder(args.run, key, fronts.ladder)
    write_text(folder / "front.csv", front_csv(fronts))
    write_text(folder / "map.csv", map_csv(fronts))
    add_tables(folder, "thresholds", [table], [key], command=echo.command_line())
    title = f"{' → '.join(fronts.ladder)}, {args.way}"
    figures = draw_all(fronts, test, title, folder)
    table.show(wide=args.wide)  # after the files: head may close the pipe
    for path in (*(folder / name for name in ("front.csv", "map.csv")), *figures):
        print(f"wrote {echo.shown(path)}")


def _own_folder(run: Path, key: str, ladder: tuple[str, ...]) -> Path:
    """The run folder, or one in it where the maps of another ladder lie there."""
    import hashlib
    import re

    from datasets.shown import name_bytes
    from reports.table import table_keys

    held = run / "thresholds.tables.json"
    if not held.exists():
        return run
    if key in {kept or key for kept in table_keys(held)}:
        return run
    words = re.sub(r"[^\w.@-]+", "-", "-".join(ladder))[:60]
    return run / f"{words}_{hashlib.sha256(name_bytes(key)).hexdigest()[:6]}"
