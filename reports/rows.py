"""rows.csv: one line per measured thing. The columns are the product's contract."""

import csv
import io
import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

from datasets import user_tables
from datasets.errors import InputError
from datasets.files import write_text
from datasets.shown import from_csv, in_csv, shown
from datasets.user_files import MOST_RUN_BYTES, UserFile


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measured thing; None where a column does not apply.

    `macs` includes everything paid for: every rung climbed and the selector itself.
    1 MAC = 2 FLOPs, so a FLOPs drop in per cent equals a MACs drop in per cent.
    """

    model: str | None = None
    weights: str | None = None
    dataset: str | None = None
    split: str | None = None
    resolution: int | None = None
    crop: str | None = None  # fraction of the short side, or squash
    interpolation: str | None = None  # bilinear-antialiased, bicubic, ...
    recipe: str | None = None
    selector: str | None = None
    ladder: str | None = None
    images: int | None = None
    top1: float | None = None  # fraction
    top5: float | None = None
    top1_low: float | None = None  # 95 % Wilson
    top1_high: float | None = None
    drop_points: float | None = None  # against the native resolution, top-1
    drop_low: float | None = None  # 95 %, paired
    drop_high: float | None = None
    mcnemar_p: float | None = None
    macs: float | None = None  # per image
    flops_drop_percent: float | None = None
    parameters: int | None = None
    size_bytes: int | None = None
    latency_p50_us: float | None = None
    latency_p90_us: float | None = None
    device: str | None = None  # and the engine that computed the scores
    command: str | None = None

    def __post_init__(self) -> None:
        """Names in it do nothing, wherever it is shown; see datasets/shown.py."""
        for own in fields(self):
            value = getattr(self, own.name)
            if isinstance(value, str):
                object.__setattr__(self, own.name, shown(value))


COLUMNS = tuple(field.name for field in fields(Row))


def to_csv(rows: list[Row]) -> str:
    """The rows as CSV text; a float is written so that it reads back equal."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        values = (getattr(row, name) for name in COLUMNS)
        writer.writerow(_cell(value) for value in values)
    return text.getvalue()


def _cell(value: object) -> object:
    return "" if value is None else in_csv(value) if isinstance(value, str) else value


def write_rows(path: Path, rows: list[Row]) -> None:
    """Writes rows.csv, whole or not at all."""
    write_text(path, to_csv(rows))


def read_rows(path: Path) -> list[Row]:
    """The rows of a file that `write_rows` made.

    Raises:
        InputError: other columns, or a cell that is no number where one belongs.
    """
    file = UserFile(path, expected="rows.csv of a verb", do="Run the verb again.")
    table = user_tables.read_rows(file, MOST_RUN_BYTES)
    if table.columns != COLUMNS:
        columns = ",".join(table.columns)[:300]
        raise InputError.of(path, f"has the columns {columns}", ",".join(COLUMNS))
    with file.shaped():
        return [_row(row.cells) for row in table.rows]


def _row(cells: dict[str, str]) -> Row:
    types: dict[str, Callable[[str], object]] = {
        "int | None": int,
        "float | None": _finite,
        "str | None": from_csv,
    }
    return Row(
        **{  # type: ignore[arg-type]
            field.name: types[str(field.type)](cells[field.name])
            if cells[field.name]
            else None
            for field in fields(Row)
        }
    )


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is no finite number")
    return value
