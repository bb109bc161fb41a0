"""A table on a terminal of any width, no cell cut: half a number is another number."""

from collections.abc import Sequence
from itertools import chain

from rich.markup import escape
from rich.table import Table as RichTable

_FOLDED = 12  # letters that a column of words needs at least
_WORDS = 18  # that a row of words takes at most, where it stands as a column
Rows = Sequence[Sequence[str]]


def drawn(
    title: str, columns: Sequence[str], rows: Rows, words: int, width: int
) -> list[RichTable]:
    """The table as it is; where too wide its heads broken at spaces, else lying.

    Args:
        words: the first columns, which may fold.
        width: letters in a line of the terminal.
    """
    broken = [name.replace(" ", "\n") for name in columns]
    for heads in (columns, broken):
        if least_width(heads, rows, words) <= width:
            return [_upright(title, heads, rows, words)]
    return _lying(title, columns, rows, words, width)


def least_width(heads: Sequence[str], rows: Rows, words: int) -> int:
    """Letters in a line that the table needs for no number to be cut."""
    total = 1
    for index, head in enumerate(heads):
        longest = max((len(row[index]) for row in rows), default=0)
        if index < words:
            longest = min(max(longest, _longest([head])), _FOLDED)
        total += max(longest, 0 if index < words else _longest([head])) + 3
    return total


def _longest(cells: Sequence[str]) -> int:
    return max(len(line) for line in chain(*(cell.split("\n") for cell in cells)))


def _upright(title: str, heads: Sequence[str], rows: Rows, words: int) -> RichTable:
    table = _titled(title)
    for index, head in enumerate(heads):
        if index < words:
            table.add_column(escape(head), overflow="fold")
        else:
            table.add_column(escape(head), justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*map(escape, row))
    return table


def _lying(
    title: str, columns: Sequence[str], rows: Rows, words: int, width: int
) -> list[RichTable]:
    """A line a column; as many rows side by side as there is room for."""
    resolution = max(map(len, columns), default=0)
    room = max(width - resolution - 4, _FOLDED)
    tables: list[RichTable] = []
    left = list(rows)
    while left or not tables:
        table = _titled("" if tables else title)
        table.add_column(escape(columns[0]), no_wrap=True)
        some: list[Sequence[str]] = []
        used = 0
        while left and (not some or used + _needed(left[0], words) + 3 <= room):
            some.append(left.pop(0))
            wide = min(_needed(some[-1], words), room - 3)
            used += wide + 3
            head = escape(some[-1][0])
            table.add_column(head, width=wide, overflow="fold", justify="right")
        for place, name in enumerate(columns[1:], 1):
            table.add_row(escape(name), *(escape(row[place]) for row in some))
        tables.append(table)
    return tables


def _needed(row: Sequence[str], words: int) -> int:
    """Letters that a row needs where it stands as a column; its words may fold."""
    told = max(min(_longest([cell]), _WORDS) for cell in row[: max(words, 1)])
    return max(told, _longest(row[words:]) if row[words:] else 0)


def _titled(title: str) -> RichTable:
    return RichTable(title=escape(title) if title else None, title_justify="left")
