"""The text of a table as spreadsheets, scripts and people write it -> rows of cells.

Read right where it can be meant in one way only: UTF-8, or UTF-16 with its mark;
commas, semicolons or tabs, also with Excel's line `sep=;` before; spaces around names;
empty columns at the end. Columns are found by their names.
"""

import codecs
import csv
import io
from dataclasses import dataclass
from pathlib import Path

from datasets.errors import InputError

FORM = "expected a CSV file with the columns file and class_index"
_DELIMITERS = (",", ";", "\t", "|")
# What such columns are called elsewhere; the first is ours and goes before the others.
_FILE = ("file", "filename", "file_name", "filepath", "file_path", "path", "image",
         "image_path", "image_file", "img")  # fmt: skip
_LABEL = ("class_index", "label", "class", "target", "class_id", "label_id", "category")
_OTHERS = ("split", "class_name")


@dataclass(frozen=True)
class Line:
    """One row: its line in the file, and its cells by our names of the columns."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Text:
    """A whole table."""

    lines: tuple[Line, ...]
    columns: dict[str, str]  # our name -> the name in the file
    blank: int  # lines that hold nothing but delimiters


def read_text(path: Path, where: str) -> Text:
    """Reads a table; files and classes are not looked at.

    Raises:
        InputError: no table, columns missing or twice, a row with too many cells.
    """
    text = _decoded(path, where)
    first = text.split("\n", 1)[0].strip().lower()
    skipped = 0
    if first.startswith("sep=") and len(first) == 5:
        text, skipped = text.split("\n", 1)[1] if "\n" in text else "", 1
    delimiter = first[-1] if skipped else _delimiter(text)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True
    )
    try:
        header = [cell.strip() for cell in next(reader, [])]
        columns = _columns(header, where)
        return _rows(reader, header, columns, skipped, where)
    except csv.Error as error:
        raise InputError(f"{where} is not a table ({error}); {FORM}.") from error


def _decoded(path: Path, where: str) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{where} cannot be read ({error.strerror}); {FORM}."
        ) from error
    wide = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    try:
        return content.decode("utf-16" if content.startswith(wide) else "utf-8-sig")
    except UnicodeDecodeError as error:
        kind = "a workbook: save it as CSV" if content[:2] == b"PK" else str(error)
        raise InputError(
            f"{where} is not a table in UTF-8 ({kind}); {FORM}."
        ) from error


def _delimiter(text: str) -> str:
    """The one by which the first line has columns that are known."""
    line = next(iter(text.splitlines()), "")
    known = {*_FILE, *_LABEL, *_OTHERS}

    def found(delimiter: str) -> int:
        return len(known & {name.strip(' "').lower() for name in line.split(delimiter)})

    best = max(_DELIMITERS, key=found)
    return best if found(best) else ","


def _columns(header: list[str], where: str) -> dict[str, str]:
    names = [name.lower() for name in header]
    found = {}
    for ours, known in (("file", _FILE), ("class_index", _LABEL)):
        if ours in names:
            found[ours] = ours
            continue
        some = [name for name in dict.fromkeys(names) if name in known]
        if len(some) > 1:
            raise InputError(
                f"{where} has the columns {', '.join(some)}, each of which may be "
                f"{ours}; {FORM}."
            )
        found |= {ours: some[0]} if some else {}
    found |= {name: name for name in _OTHERS if name in names}
    if "class_name" in found and "class_index" not in found:
        found["class_index"] = "class_name"
    if not {"file", "class_index"} <= set(found):
        named = ", ".join(filter(None, header))[:200] or "of an empty file"
        raise InputError(
            f"{where} has the columns {named}; expected at least file and class_index "
            "in the first line."
        )
    for name in found.values():
        if names.count(name) > 1:
            raise InputError(
                f"{where} has the column {name} {names.count(name)} times; expected it "
                "once."
            )
    return found


def _rows(
    reader: "csv._reader",  # type: ignore[name-defined]
    header: list[str],
    columns: dict[str, str],
    skipped: int,
    where: str,
) -> Text:
    places = {
        ours: [name.lower() for name in header].index(name)
        for ours, name in columns.items()
    }
    lines, blank = [], 0
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            blank += bool(cells)
            continue
        number = reader.line_num + skipped
        if any(cell.strip() for cell in cells[len(header) :]):
            raise InputError(
                f"{where} line {number} has {len(cells)} cells, the first line "
                f"{len(header)}; a name with a comma in it stands in quotation marks."
            )
        filled = {
            ours: cells[place] if place < len(cells) else ""
            for ours, place in places.items()
        }
        lines.append(Line(number, filled))
    return Text(tuple(lines), columns, blank)
