"""rows.csv: one line per measured thing. The columns are the product's contract."""

import csv
import io
from dataclasses import dataclass, fields
from pathlib import Path

from datasets.errors import InputError
from datasets.files import write_text


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


COLUMNS = tuple(field.name for field in fields(Row))


def to_csv(rows: list[Row]) -> str:
    """The rows as CSV text; a float is written so that it reads back equal."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        values = (getattr(row, name) for name in COLUMNS)
        writer.writerow("" if value is None else value for value in values)
    return text.getvalue()


def write_rows(path: Path, rows: list[Row]) -> None:
    """Writes rows.csv, whole or not at all."""
    write_text(path, to_csv(rows))


def read_rows(path: Path) -> list[Row]:
    """The rows of a file that `write_rows` made.

    Raises:
        InputError: other columns, or a cell that is no number where one belongs.
    """
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        header = tuple(next(reader, []))
        if header != COLUMNS:
            raise InputError.of(path, f"columns {','.join(header)}", ",".join(COLUMNS))
        return [_row(path, cells) for cells in reader]


def _row(path: Path, cells: list[str]) -> Row:
    types = {"int | None": int, "float | None": float, "str | None": str}
    try:
        return Row(
            **{
                field.name: types[str(field.type)](cell) if cell else None
                for field, cell in zip(fields(Row), cells, strict=True)
            }
        )
    except ValueError as error:
        raise InputError.of(path, str(error), "a row of rows.csv") from error
