"""`csv:PATH`: a table with the columns file and class_index; files lie relative to it.

`split` and `class_name` columns are used where there are any, others are passed over.
The number of classes is the highest class_index of the whole table plus one. A column
called label, class or target serves too; where it holds names, not numbers, the classes
are in the order of the names, as class folders are. `datasets.table_text` has how such
files are written; `datasets.class_order` brings names and numbers to a model's own.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from datasets.dataset import UNLABELLED, Dataset, Order
from datasets.errors import DataError
from datasets.folder import in_order, twins
from datasets.local_files import read_picture_file
from datasets.splits import parse_split, resolved, sliced
from datasets.table_text import Line, Text, read_text

_CLASS_INDEX = re.compile("[0-9]{1,6}")
_SEEMS_A_NUMBER = re.compile(r"[-+]?[\d.,]+(e[-+]?\d+)?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class _Row:
    line: int
    file: str
    label: str  # as written
    split: str
    class_name: str


def open_table(path: Path, split: str | None) -> Dataset:
    """Ids are the file column as written; a file that is missing counts as unreadable.

    Raises:
        InputError: no such table, column, split or row; a class_index that is none; a
            picture twice; some rows without a split; no file there at all.
    """
    where = f"csv:{path}"
    text = read_text(path, where)
    rows = [_row(line, f"{where} line {line.number}") for line in text.lines]
    if not rows:
        raise DataError.of(where, "has no rows", "one a picture")
    _check_splits(rows, where)
    classes, order = _classes(rows, text, where)
    labels = _labels(rows, classes, order)
    names = list(dict.fromkeys(row.split for row in rows))
    asked = resolved(split, names, where)
    name = parse_split(asked)[0]
    places = [_place(path.parent, row.file) for row in rows]
    notes = _notes(rows, places, text, where)
    notes += tuple(twins(classes)) if order.kind == "names" else ()
    chosen = [index for index, row in enumerate(rows) if row.split == name]
    files = [places[index] for index in chosen]
    _check_there(files, path.parent, [rows[index] for index in chosen], where)
    whole = Dataset(
        where,
        name,
        [rows[index].file for index in chosen],
        [labels[index] for index in chosen],
        classes,
        _reader(files),
        order=order,
        notes=notes,
    )
    return sliced(whole, asked)


def _reader(files: Sequence[Path]) -> Callable[[int], bytes]:
    return lambda index: read_picture_file(files[index])


def _row(line: Line, said: str) -> _Row:
    cells = line.cells
    file, index = cells["file"], cells["class_index"].strip()
    if not file.strip():
        raise DataError.of(said, "names no file", "a path in the column file")
    if _SEEMS_A_NUMBER.fullmatch(index) and not _index(index):
        raise DataError.of(
            said,
            f"has class_index {index[:20]!r}",
            "a whole number of at most six digits, from 0",
        )
    name = cells.get("class_name", "").strip()
    return _Row(
        line=line.number,
        file=file,
        label=index,
        split=cells.get("split", "").strip(),
        class_name=name,
    )


def _index(text: str) -> bool:
    return _CLASS_INDEX.fullmatch(text) is not None


def _check_splits(rows: list[_Row], where: str) -> None:
    """All rows have a split or none has; two names do not differ in case alone."""
    filled = [row for row in rows if row.split]
    blank = [row for row in rows if not row.split]
    if filled and blank:
        raise DataError.of(
            f"{where} line {blank[0].line}",
            f"has an empty split, as {len(blank)} of {len(rows)} rows have, beside "
            f"{filled[0].split} in line {filled[0].line}",
            "a split in every row, or in none",
        )
    spelt: dict[str, _Row] = {}
    for row in filled:
        other = spelt.setdefault(row.split.casefold(), row)
        if other.split != row.split:
            raise DataError.of(
                where,
                f"has the splits {other.split} (line {other.line}) and {row.split} "
                f"(line {row.line})",
                "one spelling",
            )
    if not filled:
        rows[:] = [
            _Row(
                line=row.line,
                file=row.file,
                label=row.label,
                split="all",
                class_name=row.class_name,
            )
            for row in rows
        ]


def _classes(rows: list[_Row], text: Text, where: str) -> tuple[list[str], Order]:
    """The class names, and whether rows say numbers or names."""
    column = text.columns["class_index"]
    rows = [row for row in rows if row.label]  # the others have no label
    if not rows:
        return [], Order("given")
    words = [row for row in rows if not _index(row.label)]
    if not words and column != "class_name":
        names = _names_of_numbers(rows, where)
        numbers = tuple(sorted({int(row.label) for row in rows}))
        named = any(row.class_name for row in rows)
        return names, Order("given", numbers, named)
    if column == "class_index":
        raise DataError.of(
            f"{where} line {words[0].line}",
            f"has class_index {words[0].label[:20]!r}",
            "a whole number of at most six digits, from 0",
            "Names stand in a column class_name, without class_index.",
        )
    if len(words) < len(rows) and column != "class_name":
        number = next(row for row in rows if _index(row.label))
        raise DataError.of(
            where,
            f"has {column} {words[0].label[:20]!r} in line {words[0].line} and "
            f"{number.label} in line {number.line}",
            "names or numbers",
        )
    return in_order({row.label for row in rows}, where)


def _names_of_numbers(rows: list[_Row], where: str) -> list[str]:
    names: dict[int, str] = {}
    for row in rows:
        known = names.get(int(row.label)) or row.class_name
        if row.class_name and known != row.class_name:
            raise DataError.of(
                where,
                f"calls class {row.label} both {known!r} and {row.class_name!r}",
                "one class_name a class_index",
            )
        names[int(row.label)] = known
    return [names.get(label) or str(label) for label in range(max(names) + 1)]


def _labels(rows: list[_Row], classes: Sequence[str], order: Order) -> list[int]:
    label_of = {name: label for label, name in enumerate(classes)}
    given = order.kind == "given"
    return [
        UNLABELLED
        if not row.label
        else int(row.label)
        if given
        else label_of[row.label]
        for row in rows
    ]


def _place(folder: Path, written: str) -> Path:
    """Where a file lies: as written where it is there, else as it can only be meant."""
    tries = [written, written.strip()]
    if "\\" in written:
        tries.append(written.strip().replace("\\", "/"))
    for name in dict.fromkeys(tries):
        path = folder / (os.path.expanduser(name) if name[:1] == "~" else name)
        try:
            if path.exists():
                return path
        except (ValueError, OSError):  # no file has such a name; reading it says so
            break
    return folder / written


def _notes(
    rows: list[_Row], places: list[Path], text: Text, where: str
) -> tuple[str, ...]:
    """What the table also holds; refuses a picture twice in a split."""
    seen: dict[tuple[str, str], _Row] = {}
    split_of: dict[str, str] = {}
    torn = 0
    for row, path in zip(rows, places, strict=True):
        real = _real(path)
        other = seen.setdefault((row.split, real), row)
        if other is not row:
            labels = f" with classes {other.label} and {row.label}"
            raise DataError.of(
                where,
                f"has {row.file!r} twice, in lines {other.line} ({other.file}) and "
                f"{row.line}{labels if other.label != row.label else ''}",
                "every picture once",
            )
        torn += split_of.setdefault(real, row.split) != row.split
    columns = [
        f"column {name} taken for {ours}"
        for ours, name in text.columns.items()
        if name != ours
    ]
    splits = Counter(row.split for row in rows)
    listed = ", ".join(f"{name} ({count})" for name, count in splits.items())
    return (
        *([f"splits {listed}"] if len(splits) > 1 else []),
        *columns,
        *([f"{text.blank} blank rows"] if text.blank else []),
        *([f"{torn} pictures are in more than one split"] if torn else []),
    )


def _real(path: Path) -> str:
    try:
        return os.path.realpath(path)
    except (ValueError, OSError):
        return str(path)


def _check_there(
    files: Sequence[Path], folder: Path, rows: Sequence[_Row], where: str
) -> None:
    """One file that is missing is a finding; all of them are a wrong place."""
    for path in files:
        try:
            if os.path.lexists(path):
                return
        except ValueError:
            return
    raise DataError.of(
        where,
        f"none of its {len(files)} files is there, such as {rows[0].file!r} (line "
        f"{rows[0].line}) in {folder}",
        "paths relative to the table's folder",
    )
