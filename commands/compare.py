"""Published tables beside ours: FLOPs drops cell by cell, measured rows below.

The FLOPs columns are counted from the built models; no weights and no images are
needed. --run puts the rows that `reswise drop` measured beside the published accuracies
(tables 1 to 5) or below the literature (table 7). Where a published column does not
reproduce, a note says by how much and why.

Examples:
  reswise compare --table 3
  reswise compare --table 7 --run runs/drop
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from commands import echo, flags
from datasets.errors import InputError
from reports.published import numbers

if TYPE_CHECKING:
    from reports.rows import Row

HELP = "published tables beside ours, cell by cell, with their sources"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The table, run folders, a file to write."""
    add = parser.add_argument
    add(
        "--table",
        required=True,
        choices=numbers(),
        help="1 to 7 of the thesis, or 2.1 of the cascade report",
    )
    add(
        "--from",
        "--run",
        dest="runs",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="a run folder whose rows.csv stands beside; may be given again",
    )
    add(
        "--markdown",
        type=Path,
        metavar="FILE.md",
        help="also write the table there, for people and for `reswise report`",
    )
    flags.add_wide_flag(parser)


def run(args: argparse.Namespace) -> int:
    """Counts, prints, writes."""
    if args.markdown and args.markdown.suffix != ".md":
        raise InputError("markdown", args.markdown, "a name ending in .md")
    rows = _rows(args.runs)
    from keras_models.framework import quiet

    quiet()
    from reports.compare import compare
    from reports.table import write_tables

    table = compare(args.table, rows)
    if args.markdown:
        write_tables(
            args.markdown.parent, args.markdown.stem, [table], echo.command_line()
        )
    table.show(wide=args.wide)
    return 0


def _rows(folders: list[Path]) -> "list[Row]":
    from reports.rows import read_rows

    rows = []
    for folder in folders:
        path = folder / "rows.csv"
        if not path.is_file():
            raise InputError(
                "from",
                folder,
                "a run folder of `reswise drop`",
                fault="it has no rows.csv",
            )
        rows += read_rows(path)
    return rows
