"""A table on a terminal of any width: cells wrap between words, no number is cut."""

import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len

Rows = Sequence[Sequence[str]]
_GAP = 2  # letters between columns
_RULED = " │ "  # between columns that a program may read: a name may hold spaces
_ENDLESS = 10**6
_COMFORT = 22  # letters that a row takes at most, where it stands as a column
# after these a long name goes on in the next line; never inside a number
_BREAKS = re.compile(r"(?<=[_@→])|(?<=[A-Za-z][/+-])(?=[A-Za-z])|(?<=,)(?=[A-Za-z])")


def drawn(
    columns: Sequence[str], rows: Rows, words: int, width: int | None
) -> Iterator[list[str]]:
    """Lines of the table upright, or, where too wide, of tables that lie on their side.

    Args:
        words: the first columns, which are aligned left.
        width: letters in a line of the terminal; None: no terminal, so nothing wraps,
            and lines stand between columns.
    """
    columns, rows, words = without_empty(columns, rows, words)
    cells = [list(columns), *map(list, rows)]
    if width is None:
        yield _upright(cells, words, _ENDLESS, _RULED)
    elif sum(_least(cells)) + _GAP * (len(columns) - 1) <= width:
        yield _upright(cells, words, width)
    else:
        yield from _lying(cells, width)


def without_empty(
    columns: Sequence[str], rows: Rows, words: int
) -> tuple[list[str], list[list[str]], int]:
    """The table without the columns that no row fills."""
    full = [
        index
        for index in range(len(columns))
        if not rows or any(row[index].strip() for row in rows)
    ]
    kept = [[row[index] for index in full] for row in rows]
    return [columns[p] for p in full], kept, sum(index < words for index in full)


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` letters: between words, else within a long name.

    A piece that no line holds stands whole in a line of its own.
    """
    lines = [""]
    for word in _words(text):
        parts = [word] if cell_len(word) <= width else _pieces(word)
        for index, part in enumerate(parts):
            space = " " if lines[-1] and not index else ""
            if lines[-1] and cell_len(lines[-1] + space + part) > width:
                lines.append(part)
            else:
                lines[-1] += space + part
    return lines


def _words(text: str) -> list[str]:
    return re.split(r"\s+(?!%)", text.strip())  # a number keeps its unit


def _pieces(text: str) -> list[str]:
    return [piece for word in _words(text) for piece in _BREAKS.split(word) if piece]


def _least(cells: Rows) -> list[int]:
    """Letters that each column needs: its longest piece."""
    return [
        max((cell_len(piece) for cell in column for piece in _pieces(cell)), default=1)
        for column in zip(*cells, strict=True)
    ]


def _widths(cells: Rows, width: int) -> list[int]:
    """Letters of each column: whole names first, then whole cells, then whole heads."""
    widths = _least(cells)
    spare = width - sum(widths) - _GAP * (len(widths) - 1)
    heads, body = cells[:1], cells[1:]
    for rows, longest in ((body, _longest_word), (body, _full), (heads, _full)):
        for index in range(len(widths)):
            wanted = max((longest(row[index]) for row in rows), default=0)
            if 0 < wanted - widths[index] <= spare and wanted <= _COMFORT:
                spare -= wanted - widths[index]
                widths[index] = wanted
    for index in range(len(widths)):  # what is left: names that wrap all the same
        more = min(spare, max(_full(row[index]) for row in cells) - widths[index])
        widths[index] += max(0, more)
        spare -= max(0, more)
    return widths


def _full(text: str) -> int:
    return cell_len(" ".join(text.split()))


def _longest_word(text: str) -> int:
    return max(map(cell_len, _words(text)))


def _upright(
    cells: Rows, words: int, width: int, between: str = " " * _GAP
) -> list[str]:
    widths = _widths(cells, width)
    folded = [
        [wrapped(cell, wide) for cell, wide in zip(row, widths, strict=True)]
        for row in cells
    ]
    # what wraps at the end of its row alone is clear without a line between
    apart = any(len(cell) > 1 for row in folded[1:] for cell in row[:-1])
    head, *body = folded
    high = max(map(len, head))
    bottom = [[""] * (high - len(cell)) + cell for cell in head]  # on the rule
    lines = _block(bottom, widths, words, between)
    crossing = (
        between.replace(" ", "─").replace("│", "┼") if between.strip() else between
    )
    lines.append(crossing.join("─" * wide for wide in widths))
    for number, row in enumerate(body):
        lines += [""] if number and apart else []
        lines += _block(row, widths, words, between)
    return lines


def _block(
    row: list[list[str]], widths: list[int], words: int, between: str
) -> list[str]:
    """One row, whose cells begin together."""
    return [
        between.join(
            _set(_line(cell, level), wide, index < words)
            for index, (cell, wide) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for level in range(max(map(len, row)))
    ]


def _line(cell: list[str], level: int) -> str:
    return cell[level] if 0 <= level < len(cell) else ""


def _set(text: str, width: int, left: bool) -> str:
    space = " " * max(0, width - cell_len(text))
    return text + space if left else space + text


def _lying(cells: Rows, width: int) -> Iterator[list[str]]:
    """A line a column; as many rows side by side as there is room for."""
    heads, *rows = cells
    room = width - max(map(cell_len, heads))
    while rows:
        used, count = 0, 0
        for row in rows:
            longest = max(map(cell_len, row), default=1)
            used += _GAP + max(min(longest, _COMFORT), *_least([[c] for c in row]))
            if count and used > room:
                break
            count += 1
        side = [list(line) for line in zip(heads, *rows[:count], strict=True)]
        rows = rows[count:]
        yield _upright(side, 1, width)
