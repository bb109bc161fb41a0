"""rows.csv keeps its columns and reads back equal."""

import json
from pathlib import Path

import pytest

from datasets.errors import InputError
from reports.rows import COLUMNS, Row, read_rows, write_rows


def test_the_columns_are_the_contract() -> None:
    expected = (
        "model,weights,dataset,split,resolution,crop,interpolation,recipe,selector,"
        "ladder,images,top1,top5,top1_low,top1_high,drop_points,drop_low,drop_high,"
        "mcnemar_p,macs,flops_drop_percent,parameters,size_bytes,latency_p50_us,"
        "latency_p90_us,device,command"
    )
    assert ",".join(COLUMNS) == expected


def test_rows_read_back_equal(tmp_path: Path) -> None:
    rows = [
        Row(model="a,b", resolution=96, top1=1 / 3, macs=154083200.0, images=500),
        Row(command='reswise drop --dataset "folder:my pictures\n"', mcnemar_p=1e-300),
    ]
    write_rows(tmp_path / "rows.csv", rows)
    assert read_rows(tmp_path / "rows.csv") == rows


def test_other_columns_are_refused(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("model,top1\nx,1\n")
    with pytest.raises(InputError, match="columns model,top1; expected model,weights"):
        read_rows(tmp_path / "rows.csv")


def test_a_word_where_a_number_belongs_is_refused(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.csv", [Row(images=5)])
    text = (tmp_path / "rows.csv").read_text().replace(",5,", ",five,")
    (tmp_path / "rows.csv").write_text(text)
    with pytest.raises(InputError, match="five"):
        read_rows(tmp_path / "rows.csv")


def test_values_are_plain_python(tmp_path: Path) -> None:
    """What goes to JSON later must not be a NumPy scalar."""
    write_rows(tmp_path / "rows.csv", [Row(top1=0.5, images=2)])
    row = read_rows(tmp_path / "rows.csv")[0]
    assert json.loads(json.dumps(row.__dict__))["top1"] == 0.5
