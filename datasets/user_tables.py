"""Tables in files that a user names: CSV with a first line of names."""

import csv
import io
from dataclasses import dataclass

from datasets.user_files import MOST_TEXT_BYTES, UserFile

MOST_COLUMNS = 1000


@dataclass(frozen=True)
class Row:
    """A line of a table: its number in the file, its cells by the names of columns."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Rows:
    """A whole table; where a row has fewer cells than columns the rest is empty."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_rows(file: UserFile, most: int = MOST_TEXT_BYTES) -> Rows:
    """Reads a table.

    Raises:
        InputError: no plain text, a name of a column twice, a row with more cells than
            columns, or a cell of over 131,072 letters.
    """
    return rows_of(file, file.text(most))


def rows_of(file: UserFile, text: str) -> Rows:
    """`read_rows` of text that was read."""
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        columns = tuple(next(reader, []))
        if len(columns) > MOST_COLUMNS or len(set(columns)) < len(columns):
            raise file.wrong("has too many columns, or one name twice")
        lines = [
            Row(reader.line_num, _cells(file, reader.line_num, columns, cells))
            for cells in reader
            if cells
        ]
    except csv.Error as error:
        raise file.wrong(f"is no CSV in line {reader.line_num} ({error})") from None
    return Rows(columns, tuple(lines))


def _cells(
    file: UserFile, number: int, columns: tuple[str, ...], cells: list[str]
) -> dict[str, str]:
    if len(cells) > len(columns):
        raise file.wrong(
            f"has {len(cells)} cells, not {len(columns)}, in line {number}"
        )
    filled = cells + [""] * (len(columns) - len(cells))
    return dict(zip(columns, filled, strict=True))
