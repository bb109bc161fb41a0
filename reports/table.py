"""One table: on the terminal, as Markdown, LaTeX, CSV, and as JSON for the report."""

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from rich.console import Console

from datasets.files import write_text
from datasets.shown import in_csv, in_markdown, shown
from datasets.user_files import UserFile
from reports import terminal

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
    "published",
    "listing",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

_SUFFIX = ".tables.json"
_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#",
    "_": r"\_", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}", "<": r"$<$", ">": r"$>$", "→": r"$\rightarrow$",
    "×": r"$\times$", "≥": r"$\geq$", "≤": r"$\leq$", "±": r"$\pm$", "·": r"$\cdot$",
    "…": r"\ldots{}", "µ": r"$\mu$",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Table:
    """Cells that are already text; the first `words` columns are aligned left."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1
    notes: tuple[str, ...] = ()
    kind: Kind = field(kw_only=True)  # reports/sections.py: its section of the page

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
        notes = "".join(f"\n{in_markdown(note)}\n" for note in self.notes)
        return f"**{in_markdown(self.title)}**\n\n" + "\n".join(lines) + "\n" + notes

    def latex(self) -> str:
        """A LaTeX table, for a preamble with the packages booktabs and graphicx."""
        marks = "l" * self.words + "r" * (len(self.columns) - self.words)
        lines = [
            r"\begin{table}",
            rf"\caption{{{_escaped(self.title)}}}",
            r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
            rf"\begin{{tabular}}{{{marks}}}",
            r"\toprule",
            _latex_row(self.columns),
            r"\midrule",
            *map(_latex_row, self.rows),
            r"\bottomrule",
            r"\end{tabular}}",
            *(rf"\par\footnotesize {_escaped(note)}" for note in self.notes),
            r"\end{table}",
        ]
        return "\n".join(lines) + "\n"

    def csv(self) -> str:
        """Columns and rows as CSV; reads back equal, text as text."""
        text = io.StringIO()
        rows = [map(in_csv, row) for row in (self.columns, *self.rows)]
        csv.writer(text, lineterminator="\n").writerows(rows)
        return text.getvalue()

    def show(self, console: Console | None = None) -> None:
        """Prints it: to a terminal's width, elsewhere as wide as needed."""
        console = console or Console()
        if not console.is_terminal:
            wide = max(console.width, _width(self))
            console = Console(file=console.file, width=wide)
        facts = (self.title, self.columns, self.rows, self.words)
        for table in terminal.drawn(*facts, console.width):
            console.print(table)
        for note in self.notes:
            console.print(note, markup=False, highlight=False)


def _lines(text: str) -> str:
    return "\n".join(map(shown, text.split("\n")))


def write_tables(folder: Path, name: str, tables: Sequence[Table]) -> list[Path]:
    """name.md to read, and name.tables.json, which `reswise report` finds."""
    read, kept = folder / f"{name}.md", folder / f"{name}{_SUFFIX}"
    write_text(read, "\n".join(table.markdown() for table in tables))
    facts = [asdict(table) for table in tables]
    write_text(kept, json.dumps(facts, indent=1) + "\n")
    return [read]


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


def _latex_row(cells: Sequence[str]) -> str:
    return " & ".join(map(_escaped, cells)) + r" \\"


def _escaped(text: str) -> str:
    # two hyphens would become one dash, and a flag could not be copied
    text = re.sub(r".", lambda found: _LATEX.get(found[0], found[0]), text)
    return re.sub(r"-(?=-)", "-{}", text)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(_markdown_cell, cells)) + " |"


def _markdown_cell(text: str) -> str:
    return in_markdown(text.replace("\n", " ")).replace("|", "\\|")


def _width(table: Table) -> int:
    rows = (table.columns, *table.rows)
    widest = (max(len(cell) for cell in column) for column in zip(*rows, strict=True))
    return sum(width + 3 for width in widest) + 1
