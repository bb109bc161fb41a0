"""`reswise compress` on embedded pictures: killed, resumed, judged by hand, shipped."""

import csv
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import reswise
from convert.compressing.grid import Grid
from convert.compressing.outcome import COSTS
from keras_models.scoring.scores import ScoreStore
from reports import compress_front
from reports.rows import read_rows
from reports.table import Table, read_tables
from selection.plans.bound import Flips, p_value
from selection.split import parted

ROOT = Path(reswise.__file__).parent
TECHNIQUES = "float16,magnitude:0.3,channels:0.2,magnitude:0.9+float16,cascade"
LIMIT, CALIBRATION, MAX_DROP, CONFIDENCE = 230, 30, 4.0, 0.9


def _words(run: Path, *more: str) -> list[str]:
    model = ["--model", "small_resnet", "--weights", "glyphs", "--dataset", "glyphs"]
    numbers = ["--limit", str(LIMIT), "--calibration-images", str(CALIBRATION)]
    grid = ["--techniques", TECHNIQUES, "--resolutions", "64"]
    asked = ["--max-drop", str(MAX_DROP), "--confidence", str(CONFIDENCE)]
    return ["compress", *model, *numbers, *grid, *asked, "--run", str(run), *more]


def _kept(run: Path) -> dict[str, int]:
    """Which variants are measured, and when each was written."""
    return {one.name: one.stat().st_mtime_ns for one in run.glob("variants/*.json")}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A grid that was killed after two variants and then given again."""
    folder = tmp_path_factory.mktemp("compress") / "run"
    words = [sys.executable, "-m", "reswise", *_words(folder)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(words, cwd=ROOT, **quiet) as begun:  # type: ignore[call-overload]
        ends = time.monotonic() + 600
        while len(_kept(folder)) < 2 and begun.poll() is None:
            assert time.monotonic() < ends
            time.sleep(0.05)
        os.kill(begun.pid, signal.SIGKILL)
    before = _kept(folder)
    assert 2 <= len(before) < 6
    assert reswise.run(_words(folder)) == 0
    after = _kept(folder)
    assert {name: after[name] for name in before} == before  # none was made again
    assert len(after) == 6
    return folder


def _tables(run: Path) -> tuple[Table, Table]:
    variants, answers = read_tables(run / "compress.tables.json")
    return variants, answers


pytestmark = pytest.mark.slow


def test_a_second_run_measures_nothing(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("measured again")

    before = _tables(run)
    monkeypatch.setattr(Grid, "_measure", refuse)
    assert reswise.run(_words(run)) == 0
    assert _tables(run)[0].rows == before[0].rows


def test_a_row_a_variant_and_paper_savings_apart(run: Path) -> None:
    variants, _ = _tables(run)
    rows = {
        row[0]: dict(zip(variants.columns, row, strict=True)) for row in variants.rows
    }
    assert set(rows) >= {
        "the parent, float32", "resolution:64", "float16", "magnitude:0.3",
        "channels:0.2", "magnitude:0.9+float16",
    }  # fmt: skip
    parent, masked = rows["the parent, float32"], rows["magnitude:0.3"]
    assert masked["MACs drop %"] == "0.0"
    assert 28 <= float(masked["on paper %"]) <= 32
    assert float(masked["kB"].replace(",", "")) >= 0.99 * float(
        parent["kB"].replace(",", "")
    )
    assert float(masked["zipped kB"].replace(",", "")) < 0.9 * float(
        parent["zipped kB"].replace(",", "")
    )
    assert float(rows["channels:0.2"]["MACs drop %"]) >= 20
    assert "NO FASTER" in variants.notes[0]
    said = " ".join(variants.notes)
    assert "69 images put the variants in an order" in said
    assert "161 others tested" in said
    assert f"{CALIBRATION} more images calibrated and judged nothing" in said


def test_verdicts_by_hand_from_the_stored_scores(run: Path) -> None:
    """Split, flips and the exact p-value from what lies in the folder, no other way."""
    store = ScoreStore(run)
    variants = [json.loads(one.read_text()) for one in run.glob("variants/*.json")]
    metas = {meta.key: meta for meta in store.metas()}
    stored = {one["text"]: store.load(metas[one["scores_key"]]) for one in variants}
    parent = stored["float32"]
    _, certifying = parted(parent.ids, 0.3, 0)
    base = (parent.scores.argmax(1) == parent.labels)[certifying]
    points = {
        one["what"]: one["certified"]
        for one in json.loads((run / "compress.json").read_text())["points"]
    }
    table, _ = _tables(run)
    said = {row[0]: row[-1] for row in table.rows}
    for text, own in stored.items():
        right = (own.scores.argmax(1) == own.labels)[certifying]
        differ = int(
            (own.scores.argmax(1) != parent.scores.argmax(1))[certifying].sum()
        )
        lost, won = int((base & ~right).sum()), int((right & ~base).sum())
        seen = Flips(lost, won, certifying.size, differ)
        passes = p_value(seen, MAX_DROP / 100, CONFIDENCE) <= 1 - CONFIDENCE + 1e-12
        if text == "float32":
            continue
        if said[text].startswith("yes"):
            assert passes
            assert points[text] == "yes"
        elif said[text].startswith("no ("):
            assert not passes
    places = sorted(
        int(value.split("(")[1].rstrip(")")) for value in said.values() if "(" in value
    )
    assert places == list(range(1, len(places) + 1))


def test_the_answers_are_the_cheapest_certified(run: Path) -> None:
    variants, answers = _tables(run)
    rows = [dict(zip(variants.columns, row, strict=True)) for row in variants.rows]
    passed = [row for row in rows if row["certified"].startswith("yes")]
    for row, column in zip(answers.rows[:2], ("kB", "MMACs"), strict=True):
        if row[1].startswith("the parent"):
            continue
        own = {one["variant"]: float(one[column].replace(",", "")) for one in passed}
        assert own[row[1]] == min(own.values())
    assert [row[0] for row in answers.rows] == list(COSTS) == list(compress_front.COSTS)


def test_rows_a_page_latex_and_csv(run: Path, tmp_path: Path) -> None:
    rows = read_rows(run / "rows.csv")
    assert rows[0].drop_points == 0
    assert {row.selector for row in rows} <= {"compressed", "cascade"}
    assert reswise.run(["report", str(run), "--out", str(tmp_path)]) == 0
    text = (tmp_path / "report.html").read_text()
    assert {one.suffix for one in (tmp_path / "tables").iterdir()} >= {".tex", ".csv"}
    assert "Compression and resolution on one front" in text
    assert text.count("Accuracy against latency: small_resnet") == 1
    for name in ("front.svg", "front.png", "compress.md", "compress.flags.txt"):
        assert (run / name).stat().st_size > 100


def test_the_winner_is_what_convert_and_bench_take(run: Path, tmp_path: Path) -> None:
    """The command of channels:0.2, as it is printed for a winner."""
    from convert.compressing.variant import Variant

    (kept,) = (
        one
        for path in run.glob("variants/*.json")
        if (one := Variant.read(path)).text == "channels:0.2"
    )
    made = run / kept.keras_file
    words = (
        f"convert --model {made} --name {kept.rung.split('@')[0]} --normalisation tf "
        f"--resolutions 96 --recipes float32 --dataset glyphs --crop 0.875 --limit 40 "
        f"--run {tmp_path / 'ship'}"
    )
    assert reswise.run(words.split()) == 0
    folder = tmp_path / "ship" / f"{kept.rung.split('@')[0]}_float32"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["rungs"][0]["macs"] == kept.macs
    assert reswise.run(["bundle", "verify", str(folder)]) == 0


def test_printed_commands_parse(run: Path) -> None:
    _, answers = _tables(run)
    for note in answers.notes:
        words = shlex.split(note[note.index("reswise ") :])
        assert reswise.parser(words[1]).parse_args(words[1:]).verb == words[1]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--techniques", "magnetude:0.5"), "magnetude is unknown"),
        (("--max-drop", "400"), "--max-drop 400"),
        (("--confidence", "0.2"), "--confidence 0.2"),
        (("--search-part", "1"), "--search-part 1"),
        (("--resolutions", "large"), "--resolutions large"),
        (("--crop", "1.0,0.8"), "expected one for all rungs"),
    ],
)
def test_bad_input_is_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...],
    said: str,
) -> None:
    assert reswise.run(_words(tmp_path / "run", *more)) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert said in lines[0]


def test_images_without_labels_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image

    with (tmp_path / "labels.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "class_index"])
        for number in range(12):
            drawn = np.random.default_rng(number).integers(0, 255, (60, 60, 3))
            Image.fromarray(drawn.astype(np.uint8)).save(tmp_path / f"{number}.png")
            writer.writerow([f"{number}.png", "" if number % 2 else number])
    words = _words(tmp_path / "run", "--calibration-images", "3")
    words[words.index("--dataset") + 1] = f"csv:{tmp_path / 'labels.csv'}"
    words[words.index("--limit") + 1] = "8"
    assert reswise.run(words) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert "label" in said[0]


def test_the_techniques_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert reswise.run(["compress", "--list"]) == 0
    said = capsys.readouterr().out
    for name in ("magnitude:", "two_four:", "channels:", "full_int8:", "cascade:"):
        assert f"\n{name}" in f"\n{said}"
    assert reswise.run(["compress"]) == 2
    assert "--model: expected one" in capsys.readouterr().err
