"""One table: on the terminal, as Markdown, LaTeX, CSV, and as JSON for the report."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

from rich.console import Console

from datasets.files import write_text
from datasets.shown import in_csv, in_markdown, shown
from datasets.user_files import UserFile
from reports import terminal
from reports.latex import distinct, label, latex

Kind = Literal[
    "drop",
    "flops",
    "adaptation",
    "adaptation-trial",
    "selectors",
    "random-draws",
    "plan",
    "plan-splits",
    "plan-labels",
    "thresholds",
    "parity",
    "bundle",
    "bench",
    "compression",
    "compression-answers",
    "comparison",
    "seeds",
    "published",
    "listing",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

_SUFFIX = ".tables.json"


@dataclass(frozen=True, kw_only=True)
class Table:
    """Cells that are already text; the first `words` columns are aligned left."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1
    notes: tuple[str, ...] = ()
    kind: Kind = field(kw_only=True)  # reports/sections.py: its section of the page
    more: tuple[str, ...] = ()  # columns that a terminal shows with --wide alone
    command: str = ""  # what made it; empty: not known

    def __post_init__(self) -> None:
        """Names in it do nothing, wherever it is shown; see datasets/shown.py."""
        for name in ("columns", "notes"):
            object.__setattr__(self, name, tuple(map(_lines, getattr(self, name))))
        object.__setattr__(self, "title", shown(self.title))
        rows = tuple(tuple(map(_lines, row)) for row in self.rows)
        object.__setattr__(self, "rows", rows)

    def markdown(self) -> str:
        """The table as GitHub Markdown, its notes below."""
        marks = ["---" if i < self.words else "---:" for i in range(len(self.columns))]
        lines = [_line(self.columns), _line(marks), *(_line(row) for row in self.rows)]
        notes = "".join(f"\n{in_markdown(note)}\n" for note in self.told)
        return f"**{in_markdown(self.title)}**\n\n" + "\n".join(lines) + "\n" + notes

    def latex(self) -> str:
        """A LaTeX table, for a preamble with the packages booktabs and graphicx."""
        name = label(self.kind, self.title)
        facts = (self.columns, self.rows, self.words, self.told)
        return latex(self.title, name, *facts)

    def csv(self) -> str:
        """Columns and rows as CSV; reads back equal, text as text."""
        text = io.StringIO()
        rows = [map(in_csv, row) for row in (self.columns, *self.rows)]
        csv.writer(text, lineterminator="\n").writerows(rows)
        return text.getvalue()

    @property
    def told(self) -> tuple[str, ...]:
        """The notes, and after them the command."""
        return (*self.notes, *([f"Command: {self.command}"] if self.command else []))

    def brief(self) -> "Table":
        """Without the columns that only --wide shows."""
        kept = [n for n, name in enumerate(self.columns) if name not in self.more]
        return replace(
            self,
            columns=tuple(self.columns[index] for index in kept),
            rows=tuple(tuple(row[index] for index in kept) for row in self.rows),
            words=sum(index < self.words for index in kept),
            more=(),
        )

    def show(self, console: Console | None = None, wide: bool = False) -> None:
        """Prints it: to a terminal's width, elsewhere as wide as needed.

        Args:
            wide: with the columns of `more` too.
        """
        console = console or Console()
        table = self if wide else self.brief()
        width = console.width if console.is_terminal else None
        _print(console, "")
        _print(console, self.title, "bold")
        drawn = terminal.drawn(distinct(table.columns), table.rows, table.words, width)
        for lines in drawn:
            _print(console, "")
            for line in lines:
                _print(console, line)
        _print(console, "")
        if self.more and not wide:
            hidden = "; ".join(self.more)
            _print(console, f"With --wide also: {hidden}.", soft=False)
        for note in self.notes:
            _print(console, note, soft=False)


def _lines(text: str) -> str:
    return "\n".join(map(shown, text.split("\n")))


def _print(
    console: Console, text: str, style: str | None = None, soft: bool = True
) -> None:
    """One line as it is; `soft=False`, or a styled one, wraps between words."""
    whole = (soft and style is None) or not console.is_terminal
    console.print(
        text, style=style, markup=False, highlight=False, emoji=False, soft_wrap=whole
    )


def write_tables(
    folder: Path, name: str, tables: Sequence[Table], command: str = ""
) -> list[Path]:
    """name.md to read, and name.tables.json, which `reswise report` finds.

    Args:
        command: what made them, where they do not say it themselves.
    """
    tables = commanded(tables, command)
    read, kept = folder / f"{name}.md", folder / f"{name}{_SUFFIX}"
    write_text(read, "\n".join(table.markdown() for table in tables))
    facts = [asdict(table) for table in tables]
    write_text(kept, json.dumps(facts, indent=1) + "\n")
    return [read]


def commanded(tables: Sequence[Table], command: str) -> list[Table]:
    """The tables, each with its command; its own where it has one."""
    return [replace(table, command=table.command or command) for table in tables]


def read_tables(path: Path) -> list[Table]:
    """What `write_tables` kept.

    Raises:
        InputError: something else.
    """
    file = _kept_tables(path)
    facts = file.json()
    with file.shaped():
        return [_table(one) for one in facts]


def table_keys(path: Path) -> list[str]:
    """The key of each table that was kept; empty where it has none.

    Raises:
        InputError: something else.
    """
    file = _kept_tables(path)
    facts = file.json()
    with file.shaped():
        return [str(one.get("key", "")) for one in facts]


def _kept_tables(path: Path) -> UserFile:
    return UserFile(path, expected="tables of reswise", do="Run the verb again.")


def _table(facts: dict[str, Any]) -> Table:
    for name, kind in (("title", str), ("columns", list), ("rows", list)):
        if not isinstance(facts[name], kind):
            raise TypeError(f"its {name} is no {kind.__name__}")
    table = Table(
        title=facts["title"],
        columns=tuple(map(str, facts["columns"])),
        rows=tuple(tuple(map(str, row)) for row in facts["rows"]),
        words=int(facts["words"]),
        notes=tuple(map(str, facts["notes"])),
        kind=_kind(facts),
        more=tuple(map(str, facts.get("more", ()))),
        command=str(facts.get("command", "")),
    )
    if any(len(row) != len(table.columns) for row in table.rows):
        raise ValueError("a row has not the cells of its columns")
    return table


def _kind(facts: dict[str, Any]) -> Kind:
    """Of a stored table; those of version 0.1.0 say it by their title and columns."""
    if "kind" in facts:
        said: Kind = facts["kind"]
        if said not in KINDS:
            raise ValueError(f"kind {said!r}; expected one of {', '.join(KINDS)}")
        return said
    title, columns = str(facts["title"]), list(facts["columns"])
    told: tuple[tuple[bool, Kind], ...] = (
        ("agreement %" in columns, "parity"),
        ("p50 ms" in columns, "bench"),
        (columns[:1] == ["target %"], "thresholds"),
        ("gain if never declined" in columns, "adaptation-trial"),
        (title.startswith("Table "), "published"),
        (title.startswith("Selectors"), "selectors"),
        (title.startswith("random,"), "random-draws"),
        (title.startswith("Plan,"), "plan"),
        (title.startswith("Plan"), "plan-splits"),
    )
    return next((kind for fits, kind in told if fits), "drop")


def stored_tables(folder: Path) -> list[Path]:
    """The files of tables under a folder, in the order of their names."""
    return sorted(folder.rglob(f"*{_SUFFIX}"))


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(_markdown_cell, cells)) + " |"


def _markdown_cell(text: str) -> str:
    return in_markdown(text.replace("\n", " ")).replace("|", "\\|")
