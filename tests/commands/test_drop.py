"""`reswise drop`: real photographs, a killed sweep, what it writes."""

import csv
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import reswise
from reports.rows import COLUMNS, read_rows

ROOT = Path(reswise.__file__).parent


def _photographs(folder: Path, count: int) -> Path:
    generator = np.random.default_rng(2)
    with (folder / "labels.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "class_index", "author"])
        for index in range(count):
            pixels = generator.integers(0, 255, (60, 80, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"picture {index}.jpg")
            writer.writerow([f"picture {index}.jpg", index % 36, "nobody"])
    return folder / "labels.csv"


def _drop(run: Path, table: Path, *more: str) -> list[str]:
    images = ["--dataset", f"csv:{table}", "--resolutions", "48,32"]
    model = ["--model", "small_resnet", "--weights", "random"]
    return ["drop", *model, *images, "--run", str(run), *more]


def test_writes_rows_a_table_and_a_figure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = _photographs(tmp_path, 12)
    run = tmp_path / "run"
    assert reswise.run(_drop(run, table, "--crop", "0.875,squash")) == 0
    rows = read_rows(run / "rows.csv")
    assert [(row.crop, row.resolution) for row in rows] == [
        (crop, resolution)
        for crop in ("0.875", "squash")
        for resolution in (96, 48, 32)
    ]
    assert rows[0].drop_points == 0.0
    assert rows[0].images == 12
    assert "litert" in (rows[0].device or "")
    assert (run / "rows.csv").read_text().splitlines()[0] == ",".join(COLUMNS)
    said = capsys.readouterr().out
    for name in ("rows.csv", "drop.md", "accuracy.svg", "accuracy.png"):
        assert (run / name).stat().st_size > 100
        assert f"{name}\n" in said
    text = (run / "drop.md").read_text()
    assert "1 MAC = 2 FLOPs" in text
    assert "Command: reswise" in text
    assert "tensorflow" in text


def test_limits_are_nested_and_fixed(tmp_path: Path) -> None:
    table = _photographs(tmp_path, 9)
    images = []
    for limit in ("3", "6"):
        run = tmp_path / limit
        assert reswise.run(_drop(run, table, "--limit", limit)) == 0
        images.append(read_rows(run / "rows.csv")[0].images)
    assert images == [3, 6]


@pytest.mark.slow
def test_killed_in_mid_sweep_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """kill -9 after the first shards: they stay, and the rows come out equal."""
    table = _photographs(tmp_path, 700)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    command = [sys.executable, "-m", "reswise", *_drop(killed, table)]
    child = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(list(killed.glob("scores/*/*.npy"))) < 3:
        assert child.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    kept = {path: path.stat().st_mtime_ns for path in killed.glob("scores/*/*.npy")}
    assert 3 <= len(kept) < 3 * 6
    assert reswise.run(_drop(killed, table)) == 0
    assert all(path.stat().st_mtime_ns == at for path, at in kept.items())
    assert reswise.run(_drop(whole, table)) == 0
    rows = [
        [replace(row, command=None) for row in read_rows(run / "rows.csv")]
        for run in (whole, killed)
    ]
    assert rows[0] == rows[1]


@pytest.mark.slow
def test_photographs_give_the_recorded_accuracies(
    tmp_path: Path, shared_data: Path
) -> None:
    """Top-1 and top-5 recorded beside the photographs, within 1 point."""
    recorded = {224: (85.0, 97.2), 160: (73.2, 92.8), 96: (42.0, 64.0)}
    weights = shared_data / "weights" / "mobilenet_v2_imagenet.weights.h5"
    labels = shared_data / "photographs" / "labels.csv"
    assert reswise.run([
        "drop", "--model", "mobilenet_v2", "--weights", str(weights), "--dataset",
        f"csv:{labels}", "--crop", "1.0", "--resolutions", "224,160,96", "--run",
        str(tmp_path),
    ]) == 0  # fmt: skip
    for row in read_rows(tmp_path / "rows.csv"):
        top1, top5 = recorded[row.resolution or 0]
        assert 100 * (row.top1 or 0) == pytest.approx(top1, abs=1.0 + 1e-9)
        assert 100 * (row.top5 or 0) == pytest.approx(top5, abs=1.0 + 1e-9)


def test_too_many_unreadable_pictures_end_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = _photographs(tmp_path, 5)
    (tmp_path / "picture 2.jpg").write_bytes(b"")
    run = tmp_path / "run"
    assert reswise.run(_drop(run, table)) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "1 of 5 unreadable: picture 2.jpg" in said
    assert reswise.run(_drop(run, table, "--max-unreadable", "1")) == 0
    assert read_rows(run / "rows.csv")[0].images == 4


def test_a_rung_that_gives_no_numbers_is_refused_or_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three of nine images without a finite score at 48 pixels alone."""
    table, run = _photographs(tmp_path, 9), tmp_path / "run"
    assert reswise.run(_drop(run, table)) == 0
    before = {row.resolution: row.top1 for row in read_rows(run / "rows.csv")}
    (folder,) = [path.parent for path in run.glob("scores/*/meta.json")
                 if '"resolution": 48' in path.read_text()]  # fmt: skip
    scores = np.load(folder / "00000.npy")
    right = int((scores.argmax(axis=1) == np.arange(9))[:3].sum())
    scores[:3] = np.nan
    np.save(folder / "00000.npy", scores)
    capsys.readouterr()
    assert reswise.run(_drop(run, table)) == 2
    said = capsys.readouterr().err
    assert "small_resnet@48: the scores of 3 of 9 images are not finite" in said
    assert "picture 0.jpg, picture 1.jpg, picture 2.jpg" in said
    assert reswise.run(_drop(run, table, "--nonfinite", "wrong")) == 0
    rows = {row.resolution: row for row in read_rows(run / "rows.csv")}
    assert {row.images for row in rows.values()} == {9}
    assert rows[48].top1 == pytest.approx((before[48] or 0) - right / 9)
    assert rows[96].top1 == before[96]
    assert "3 of 9 images are not finite" in (run / "drop.md").read_text()
