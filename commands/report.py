"""One HTML page, and every table as Markdown, LaTeX and CSV, of what runs have found.

The page is one file: it opens from disk without a network, on a phone too. Nothing is
computed again; run the verbs first, each into a --run folder.

Examples:
  reswise report runs/drop
  reswise report runs/demo runs/photographs --out runs/report
"""

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from commands import echo
from datasets.errors import InputError

if TYPE_CHECKING:
    from reports.table import Table

HELP = "one HTML page, Markdown, LaTeX and CSV of the results under run folders"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The run folders and where the page goes."""
    parser.add_argument(
        "runs",
        nargs="*",
        type=Path,
        metavar="RUN",
        help="folders that verbs wrote with --run; searched with all that is in them",
    )
    parser.add_argument(
        "--from",
        dest="more_runs",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="the same, as other verbs name the folders that they read",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs/report"),
        metavar="DIR",
        help="where report.html, report.md and tables/ go (default: runs/report)",
    )


def run(args: argparse.Namespace) -> int:
    """Gathers, renders, writes; names the page last."""
    from datasets.files import write_text
    from reports.first_screen import answer
    from reports.gathered import gather
    from reports.page import every_table, render

    runs = [*args.runs, *args.more_runs]
    if not runs:
        raise InputError.of(
            "RUN", "none given", "one `run` folder of a verb or more, such as runs/drop"
        )
    gathered = gather(runs)
    tables = every_table(gathered)
    names: set[str] = set()
    for table in tables:
        names.add(_write_table(args.out / "tables", table, names))
    text = "\n".join(table.markdown() for table in tables)
    write_text(args.out / "report.md", f"# {answer(gathered)}\n\n{text}")
    page = args.out / "report.html"
    write_text(page, render(gathered, echo.command_line()))
    echo.say(answer(gathered))
    print(f"wrote {echo.shown(args.out / 'report.md')}")
    print(f"wrote {len(tables)} tables to {echo.shown(args.out / 'tables')}")
    print(f"wrote {echo.shown(page)}")
    return 0


def _write_table(folder: Path, table: "Table", taken: set[str]) -> str:
    """NAME.tex and NAME.csv; titles that are alike get names of their own."""
    from datasets.files import write_text

    name = re.sub(r"[^a-z0-9]+", "-", table.title.lower()).strip("-")[:80]
    like, number = name, 1
    while name in taken:
        number += 1
        name = f"{like}-{number}"
    write_text(folder / f"{name}.tex", table.latex())
    write_text(folder / f"{name}.csv", table.csv())
    return name
