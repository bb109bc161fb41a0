"""One table, shown on the terminal and written as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable


@dataclass(frozen=True)
class Table:
    """Cells that are already text; the first `words` columns are aligned left."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1
    notes: tuple[str, ...] = ()

    def markdown(self) -> str:
        """The table as GitHub Markdown, its notes below."""
        marks = ["---" if i < self.words else "---:" for i in range(len(self.columns))]
        lines = [_line(self.columns), _line(marks), *(_line(row) for row in self.rows)]
        notes = "".join(f"\n{note}\n" for note in self.notes)
        return f"**{self.title}**\n\n" + "\n".join(lines) + "\n" + notes

    def show(self, console: Console | None = None) -> None:
        """Prints it: words fold on a terminal, elsewhere it is as wide as needed."""
        console = console or Console()
        if not console.is_terminal:
            wide = max(console.width, _width(self))
            console = Console(file=console.file, width=wide)
        drawn = RichTable(title=self.title, title_justify="left")
        for index, name in enumerate(self.columns):
            if index < self.words:
                drawn.add_column(name, overflow="fold")
            else:
                drawn.add_column(name, justify="right", no_wrap=True)
        for row in self.rows:
            drawn.add_row(*map(escape, row))
        console.print(drawn)
        for note in self.notes:
            console.print(note, markup=False, highlight=False)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _width(table: Table) -> int:
    rows = (table.columns, *table.rows)
    widest = (max(len(cell) for cell in column) for column in zip(*rows, strict=True))
    return sum(width + 3 for width in widest) + 1
