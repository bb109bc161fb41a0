"""The text of a table as spreadsheets, scripts and people write it -> rows of cells.

Read right where it can be meant in one way only: UTF-8, or UTF-16 with its mark;
commas, semicolons or tabs, also with Excel's line `sep=;` before; spaces around names;
empty columns at the end. Columns are found by their names; a column that says train,
val or test in every row is the split whatever it is called, and so is one such as
is_valid. Cells that programs write for empty ones (nan, N/A) are empty.
"""

import codecs
import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from datasets.errors import DataError
from datasets.splits import kind_of
from datasets.user_files import MOST_RUN_BYTES, UserFile

FORM = "expected a CSV file with the columns file and class_index"
_DELIMITERS = (",", ";", "\t", "|")
# What such columns are called elsewhere; the first is ours and goes before the others.
_FILE = ("file", "filename", "file_name", "filepath", "file_path", "path", "image",
         "image_path", "image_file", "img")  # fmt: skip
_LABEL = ("class_index", "label", "class", "target", "class_id", "label_id", "category",
          "classid", "label_index", "class_label")  # fmt: skip
_OTHERS = ("split", "class_name")
_EMPTY = frozenset(["nan", "n/a", "#n/a", "<na>", "null"])
_FLAG = re.compile("is_?([a-z]+)")  # is_valid, as fastai writes it
_YES, _NO = frozenset(["1", "true", "yes"]), frozenset(["0", "false", "no"])


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
    if "\0" in text:
        raise DataError.of(
            where,
            "is text of two or four bytes a letter without its mark (UTF-16, UTF-32)",
            "UTF-8",
            "Save it as such.",
        )
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
        raise DataError.of(where, f"is not a table ({error})", FORM) from error


def _decoded(path: Path, where: str) -> str:
    file = UserFile(path, "dataset", f"csv:{path}", FORM.removeprefix("expected "))
    content = file.content(MOST_RUN_BYTES)
    wide = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    try:
        return content.decode("utf-16" if content.startswith(wide) else "utf-8-sig")
    except UnicodeDecodeError as error:
        kind = "a workbook: save it as CSV" if content[:2] == b"PK" else str(error)
        raise DataError.of(where, f"is not a table in UTF-8 ({kind})", FORM) from error


def _delimiter(text: str) -> str:
    """The one by which the first line has columns that are known."""
    line = next(iter(text.splitlines()), "")
    known = {*_FILE, *_LABEL, *_OTHERS}

    def found(delimiter: str) -> int:
        return len(known & {_plain(name.strip(' "')) for name in line.split(delimiter)})

    best = max(_DELIMITERS, key=found)
    return best if found(best) else ","


def _plain(name: str) -> str:
    """ "Class Index" -> "class_index" """
    return re.sub(r"[\s-]+", "_", name.strip().lower())


def _columns(header: list[str], where: str) -> dict[str, str]:
    names = [_plain(name) for name in header]
    columns = {}
    for ours, known in (("file", _FILE), ("class_index", _LABEL)):
        if ours in names:
            columns[ours] = ours
            continue
        some = [name for name in dict.fromkeys(names) if name in known]
        if len(some) > 1:
            raise DataError.of(
                where,
                f"has the columns {', '.join(some)}, each of which may be {ours}",
                FORM,
            )
        columns |= {ours: some[0]} if some else {}
    columns |= {name: name for name in _OTHERS if name in names}
    if "class_name" in columns and "class_index" not in columns:
        columns["class_index"] = "class_name"
    if not {"file", "class_index"} <= set(columns):
        named = ", ".join(filter(None, header))[:200] or "of an empty file"
        raise DataError.of(
            where,
            f"has the columns {named}",
            "at least file and class_index in the first line",
        )
    for name in columns.values():
        if names.count(name) > 1:
            raise DataError.of(
                where, f"has the column {name} {names.count(name)} times", "it once"
            )
    return columns


def _rows(
    reader: "csv._reader",  # type: ignore[name-defined]
    header: list[str],
    columns: dict[str, str],
    skipped: int,
    where: str,
) -> Text:
    names = [_plain(name) for name in header]
    raw, blank = [], 0
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            blank += bool(cells)
            continue
        number = reader.line_num + skipped
        if any(cell.strip() for cell in cells[len(header) :]):
            raise DataError.of(
                f"{where} line {number}",
                f"has {len(cells)} cells, the first line {len(header)}; a name with "
                "a comma in it stands in quotation marks",
            )
        filled = [_filled(cell) for cell in cells[: len(header)]]
        raw.append((number, filled + [""] * (len(header) - len(filled))))
    if "split" not in columns:
        columns |= _split_column(names, [cells for _, cells in raw], columns, where)
    places = {ours: names.index(name) for ours, name in columns.items()}
    lines = [
        Line(number, {ours: cells[place] for ours, place in places.items()})
        for number, cells in raw
    ]
    for line in lines:
        line.cells.update(_split_of_flag(columns.get("split", ""), line.cells))
    return Text(tuple(lines), columns, blank)


def _filled(cell: str) -> str:
    return "" if cell.strip().lower() in _EMPTY else cell


def _split_column(
    names: list[str], rows: list[list[str]], columns: dict[str, str], where: str
) -> dict[str, str]:
    """The column that says what each row is for, under whatever name.

    Raises:
        InputError: several do.
    """
    some = []
    for column, name in enumerate(names):
        words = {cells[column].strip() for cells in rows} - {""}
        flags = _flag(name) and {word.lower() for word in words} <= _YES | _NO
        if name in columns.values() or not words:
            continue
        if flags or all(map(kind_of, words)):
            some.append(name)
    if len(some) > 1:
        raise DataError.of(
            where,
            f"has the columns {', '.join(some)}, each of which may be split",
            "one, called split",
        )
    return {"split": some[0]} if some else {}


def _flag(name: str) -> str | None:
    """What is_valid, is_train or is_test are about."""
    match = _FLAG.fullmatch(name)
    return kind_of(match[1]) if match else None


def _split_of_flag(name: str, cells: dict[str, str]) -> dict[str, str]:
    """ "True" in is_valid -> validation, "False" there -> train."""
    kind, word = _flag(name), cells.get("split", "").strip().lower()
    if kind is None or not word:
        return {}
    if word in _YES:
        return {"split": kind}
    return {"split": "not train" if kind == "train" else "train"}
