"""One HTML page, and every table as Markdown, LaTeX and CSV, of what runs have found.

The page is one file: it opens from disk without a network, on a phone too. Nothing is
computed again; run the verbs first, each into a --run folder.

Examples:
  reswise report runs/drop --open
  reswise report runs/demo runs/photographs --out runs/report
  reswise report runs/before runs/after --compare
  reswise report runs/seed-1 runs/seed-2 runs/seed-3 --group weights
"""

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from commands import echo, report_flags
from datasets.errors import InputError

if TYPE_CHECKING:
    from reports.rows import Row
    from reports.table import Table

HELP = "one HTML page, Markdown, LaTeX and CSV of the results under run folders"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The run folders, where the page goes, what else is made of them."""
    report_flags.add_flags(parser)


def run(args: argparse.Namespace) -> int:
    """Gathers, renders, writes; names the page last."""
    from datasets.files import write_text
    from reports.first_sentence import answer
    from reports.gathered import gather
    from reports.page import beside, every_table, render, several_runs

    runs = [*args.runs, *args.more_runs]
    if not runs:
        raise InputError.of(
            "RUN", "none given", "one `run` folder of a verb or more, such as runs/drop"
        )
    command = echo.command_line()
    gathered = gather(runs)
    added = several_runs(runs, args.compare, args.group, command)
    gathered = beside(gathered, added)
    tables = every_table(gathered)
    names: set[str] = set()
    for table in tables:
        names.add(_write_table(args.out / "tables", table, names))
    text = "\n".join(table.markdown() for table in tables)
    write_text(args.out / "report.md", f"# {answer(gathered)}\n\n{text}")
    page = args.out / "report.html"
    write_text(page, render(gathered, command))
    events = _events(args.tensorboard, [row for _, row in gathered.rows])
    for table in added:  # after the files: a reader such as head may close the pipe
        table.show(wide=args.wide)
    echo.say(answer(gathered))
    print(f"wrote {echo.shown(args.out / 'report.md')}")
    print(f"wrote {len(tables)} tables to {echo.shown(args.out / 'tables')}")
    for line in (*events, f"wrote {echo.shown(page)}"):
        print(line)
    if args.open:
        _open(page)
    return 0


def _events(folder: Path | None, rows: "list[Row]") -> list[str]:
    from reports.event_files import write_events

    if folder is None:
        return []
    written = write_events(rows, folder)
    return [f"wrote {len(written) - 1} rows as runs to {echo.shown(folder)}"]


def _open(page: Path) -> None:
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        print(f"no browser could be opened here; open {echo.shown(page)} yourself")


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
