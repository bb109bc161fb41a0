"""`reswise thresholds`: CSV files that read back, figures that are there."""

import argparse
import csv
from pathlib import Path

import numpy as np
import pytest

from commands import thresholds
from datasets.errors import InputError
from tests.selection.store import store
from tests.selection.synthetic import scored as table

DATA = table(images=400)
TWO = "small@32,small@64"


def _run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    thresholds.add_flags(parser)
    return thresholds.run(parser.parse_args(arguments))


def _columns(path: Path) -> dict[str, list[float]]:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in rows[0]}


@pytest.mark.parametrize("rungs", [2, 3])
def test_front_map_and_figures(
    tmp_path: Path, rungs: int, capsys: pytest.CaptureFixture[str]
) -> None:
    store(tmp_path / "scores", DATA)
    ladder = ",".join(DATA.rungs[:rungs])
    flags = ["--scores", str(tmp_path / "scores"), "--run", str(tmp_path / "run")]
    assert (
        _run("--ladder", ladder, "--grid", "5x4", "--targets", "40,99.9", *flags) == 0
    )
    front = _columns(tmp_path / "run" / "front.csv")
    assert (np.diff(front["calibration_macs"]) > 0).all()
    assert (np.diff(front["calibration_top1"]) > 0).all()
    cells = _columns(tmp_path / "run" / "map.csv")
    assert len(cells["macs"]) == (5 if rungs == 2 else 20)
    assert max(cells["top1"]) <= max(front["calibration_top1"])
    for name in ("maps.svg", "maps.png", "fronts.svg", "fronts.png"):
        assert (tmp_path / "run" / name).stat().st_size > 5000
    assert "not reached" in capsys.readouterr().out


def test_the_report_counts_half_the_resolution_as_a_quarter(tmp_path: Path) -> None:
    """small@32 alone is a quarter of small@64 by equation 2.2, and 3 of 10 in truth."""
    store(tmp_path / "scores", DATA)
    flags = ["--scores", str(tmp_path / "scores"), "--run", str(tmp_path / "run")]
    _run("--ladder", "small@32,small@64", *flags)
    front = _columns(tmp_path / "run" / "front.csv")
    assert front["threshold_1"][0] == 0
    assert front["test_macs"][0] == 3
    assert front["test_macs_by_report"][0] == 2.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--ladder", "small@64,small@32"), "does not ascend"),
        (("--ladder", "small@64,none@1"), "has no scores"),
        (
            ("--ladder", "small@32,small@64", "--way", "gut"),
            "ways='gut': expected some of",
        ),
        (("--ladder", "small@32,small@64", "--grid", "0x4"), "two counts"),
        (("--ladder", "small@32,small@64", "--grid", "many"), "two counts"),
        (("--rungs", TWO, "--lowest", "0,0", "--highest", "2,1"), "range"),
        (
            ("--rungs", TWO, "--lowest", "0.9,0", "--highest", "0.1,1"),
            "range",
        ),
        (("--ladder", "small@32"), "two or three"),
    ],
)
def test_bad_input_is_refused(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    store(tmp_path / "scores", DATA)
    flags = ["--scores", str(tmp_path / "scores"), "--run", str(tmp_path / "run")]
    with pytest.raises(InputError, match=message):
        _run(*arguments, *flags)


def test_two_ladders_in_one_run_folder_stay(tmp_path: Path) -> None:
    """The first keeps its place, the second has a folder of its own in it."""
    store(tmp_path / "scores", DATA)
    run = tmp_path / "run"
    flags = ["--scores", str(tmp_path / "scores"), "--run", str(run), "--grid", "3x3"]
    first = ",".join(DATA.rungs[:2])
    _run("--ladder", first, *flags)
    before = (run / "front.csv").read_bytes()
    _run("--ladder", ",".join(DATA.rungs[1:3]), *flags)
    assert (run / "front.csv").read_bytes() == before
    (other,) = run.glob("*/front.csv")
    assert other.read_bytes() != before
    _run("--ladder", first, *flags)
    assert len(list(run.rglob("front.csv"))) == 2
