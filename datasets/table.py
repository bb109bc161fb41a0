"""`csv:PATH`: a table with the columns file and class_index; files lie relative to it.

`split` and `class_name` columns are used where there are any, others are passed over.
The number of classes is the highest class_index of the whole table plus one.
"""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from datasets.dataset import Dataset
from datasets.errors import InputError
from datasets.local_files import read_picture_file
from datasets.splits import check_split, default_split, parse_split, sliced

_CLASS_INDEX = re.compile("[0-9]{1,6}")


@dataclass(frozen=True)
class _Row:
    file: str
    label: int
    split: str
    class_name: str


def open_table(path: Path, split: str | None) -> Dataset:
    """Ids are the file column as written; a file that is missing counts as unreadable.

    Raises:
        InputError: no such table, column, split or row; a class_index that is none.
    """
    where = f"csv:{path}"
    rows = _rows(path, where)
    names = list(dict.fromkeys(row.split for row in rows))
    text = split or default_split(names, where)
    name = parse_split(text)[0]
    check_split(name, names, where)
    chosen = [row for row in rows if row.split == name]
    files = [row.file for row in chosen]
    whole = Dataset(
        where,
        name,
        files,
        [row.label for row in chosen],
        _class_names(rows, where),
        lambda index: read_picture_file(path.parent / files[index]),
    )
    return sliced(whole, text)


def _rows(path: Path, where: str) -> list[_Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            _check_columns(reader.fieldnames, where)
            rows = [_row(cells, f"{where} line {reader.line_num}") for cells in reader]
    except OSError as error:
        raise InputError(
            f"{where} cannot be read ({error.strerror}); expected a CSV file with the "
            "columns file and class_index."
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{where} is not a table in UTF-8 ({error}); expected a CSV file with the "
            "columns file and class_index."
        ) from error
    if not rows:
        raise InputError(f"{where} has no rows; expected one a picture.")
    return rows


def _check_columns(columns: object, where: str) -> None:
    found = [str(name) for name in columns] if isinstance(columns, list) else []
    if not {"file", "class_index"} <= set(found):
        raise InputError(
            f"{where} has the columns {', '.join(found)[:200] or 'of an empty file'}; "
            "expected at least file and class_index in the first line."
        )


def _row(cells: dict[str, str | None], place: str) -> _Row:
    file, index = cells["file"] or "", (cells["class_index"] or "").strip()
    if not file:
        raise InputError(f"{place} names no file; expected a path in the column file.")
    if not _CLASS_INDEX.fullmatch(index):
        raise InputError(
            f"{place} has class_index {index[:20]!r}; expected a whole number of at "
            "most six digits, from 0."
        )
    name = cells.get("class_name") or ""
    return _Row(file, int(index), cells.get("split") or "all", name.strip())


def _class_names(rows: list[_Row], where: str) -> list[str]:
    names: dict[int, str] = {}
    for row in rows:
        if names.setdefault(row.label, row.class_name) != row.class_name:
            raise InputError(
                f"{where} calls class {row.label} both {names[row.label]!r} and "
                f"{row.class_name!r}; expected one class_name a class_index."
            )
    return [names.get(label) or str(label) for label in range(max(names) + 1)]
