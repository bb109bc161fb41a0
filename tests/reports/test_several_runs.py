"""Runs side by side, and grouped over weights: by hand from what the folders hold."""

import json
import math
import re
import statistics
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import reswise
from datasets.errors import InputError
from keras_models.scoring.stored_scores import load_rungs
from reports.drop import drop_rows
from reports.gathered import gather
from reports.joined_rows import joined
from reports.over_seeds import over_seeds
from reports.page import several_runs
from reports.rows import Row, read_rows, write_rows
from reports.run_folder import add_sweep
from reports.side_by_side import run_names, side_by_side
from selection.scored import Scored
from tests.selection.store import store
from tests.selection.synthetic import scored as synthetic

_Z = 1.959963984540054  # of 95 %
_IMAGES = 300


def _seed(seed: int, images: int = _IMAGES) -> Scored:
    """Other scores of the same pictures with the same labels."""
    first = synthetic(images=images, rungs=2, seed=0)
    scores = tuple(
        np.roll(part, seed, axis=0) if seed else part for part in first.scores
    )
    mixed = tuple(
        np.where((np.arange(images) % 5 == 0)[:, None], other, own)
        for own, other in zip(first.scores, scores, strict=True)
    )
    return replace(first, scores=mixed)


def _run(folder: Path, data: Scored, weights: str) -> Path:
    store(folder, data, weights=weights)
    rungs = list(load_rungs(folder).values())
    for model in ("small",):
        own = [rung for rung in rungs if rung.model == model]
        add_sweep(folder, own, drop_rows(own, "reswise drop"))
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("several")
    return [
        _run(folder / f"seed-{seed}", _seed(seed), weights=str(seed))
        for seed in (1, 2, 3)
    ]


def _right(folder: Path, rung: str) -> np.ndarray:
    stored = load_rungs(folder)[rung]
    return np.asarray(stored.scores.argmax(axis=1) == stored.labels)


def test_differences_are_paired_by_the_published_formula(runs: list[Path]) -> None:
    """Bonett and Price 2012, equation 6, written out here a second time."""
    table = side_by_side([gather([runs[0]]), gather([runs[1]])], ["a", "b"])
    lines = {row[0]: dict(zip(table.columns, row, strict=True)) for row in table.rows}
    assert set(lines) == {"small@32", "small@64"}
    for rung, line in lines.items():
        before, after = _right(runs[0], rung), _right(runs[1], rung)
        won, lost = int((after & ~before).sum()), int((before & ~after).sum())
        assert won + lost > 10
        up, down = (won + 1) / (_IMAGES + 2), (lost + 1) / (_IMAGES + 2)
        half = _Z * math.sqrt((up + down - (up - down) ** 2) / (_IMAGES + 2))
        low, high = 100 * (up - down - half), 100 * (up - down + half)
        told = line["difference, points (95 %)"]
        numbers = [float(word) for word in re.findall(r"[+-]\d+\.\d+", told)]
        wanted = [100 * (won - lost) / _IMAGES, low, high]
        assert numbers == pytest.approx(wanted, abs=0.0051)
        assert line["top-1 % (95 %), a"].startswith(f"{100 * before.mean():.2f} (")
        assert line["images in both"] == str(_IMAGES)
        assert line["MACs change %"] == "+0.00"


def test_only_images_in_both_are_paired(runs: list[Path], tmp_path: Path) -> None:
    fewer = _seed(2).take(np.arange(100))
    other = _run(tmp_path / "fewer", fewer, weights="2")
    table = side_by_side([gather([runs[0]]), gather([other])], ["a", "b"])
    line = dict(zip(table.columns, table.rows[0], strict=True))
    assert line["images in both"] == "100"
    before, after = _right(runs[0], "small@32")[:100], _right(other, "small@32")
    gain = 100 * (after.mean() - before.mean())
    assert line["difference, points (95 %)"].startswith(f"{gain + 0.0:+.2f} (")


def test_other_labels_or_no_scores_are_not_paired(
    runs: list[Path], tmp_path: Path
) -> None:
    """A row alone says what it says, and no interval is made up."""
    data = _seed(2)
    relabelled = replace(data, labels=(data.labels + 1) % 4)
    other = _run(tmp_path / "relabelled", relabelled, weights="2")
    bare = tmp_path / "bare"
    write_rows(bare / "rows.csv", read_rows(runs[1] / "rows.csv"))
    for folder in (other, bare):
        table = side_by_side([gather([runs[0]]), gather([folder])], ["a", "b"])
        line = dict(zip(table.columns, table.rows[0], strict=True))
        assert line["difference, points (95 %)"].endswith(", not paired")
        assert line["images in both"] == ""


def test_a_row_that_is_not_of_the_scores_stored_is_not_paired(
    runs: list[Path], tmp_path: Path
) -> None:
    """Scores that were overwritten since give another accuracy."""
    store(tmp_path, _seed(2), weights="2")
    rows = read_rows(runs[1] / "rows.csv")
    changed = [replace(row, top1=(row.top1 or 0) - 0.01) for row in rows]
    write_rows(tmp_path / "rows.csv", changed)
    table = side_by_side([gather([runs[0]]), gather([tmp_path])], ["a", "b"])
    line = dict(zip(table.columns, table.rows[0], strict=True))
    assert line["difference, points (95 %)"].endswith(", not paired")


def test_plans_are_paired_over_the_images_that_judged_them(tmp_path: Path) -> None:
    """The plan is replayed over the stored scores."""
    folders = []
    for seed in (1, 2):
        folder = tmp_path / f"plan-{seed}"
        store(folder, _seed(seed), weights=str(seed))
        line = (
            f"plan --reference small@64 --max-drop 20 --confidence 0.8 --ways top1 "
            f"--from {folder} --run {folder}/plan"
        )
        assert reswise.run(line.split()) == 0
        folders.append(folder)
    found = [gather([folder]) for folder in folders]
    lines, left = joined(found)
    assert [line.what for line in lines] == [
        "plan, at most 20 points below small@64"
    ]  # fmt: skip
    assert left == [[], []]
    table = side_by_side(found, ["a", "b"])
    line_of = dict(zip(table.columns, table.rows[0], strict=True))
    assert line_of["images in both"] == str(_IMAGES // 2)
    assert "not paired" not in line_of["difference, points (95 %)"]


def test_selectors_are_paired_by_the_answers_that_select_kept(tmp_path: Path) -> None:
    """Fixed rungs on the judging half: counted from the stored scores by hand."""
    found = []
    for seed in (1, 2):
        folder = tmp_path / f"select-{seed}"
        store(folder, _seed(seed), weights=str(seed))
        line = f"select --selectors cascade --from {folder} --run {folder}/select"
        assert reswise.run(line.split()) == 0
        found.append(gather([folder]))
    table = side_by_side(found, ["a", "b"])
    lines = {row[0]: dict(zip(table.columns, row, strict=True)) for row in table.rows}
    judged = json.loads((tmp_path / "select-1/select/answers.json").read_text())["ids"]
    where = {name: row for row, name in enumerate(_seed(1).ids)}
    rows = [where[name] for name in judged]
    assert len(rows) == _IMAGES // 2
    before, after = (
        _right(tmp_path / f"select-{seed}", "small@32")[rows] for seed in (1, 2)
    )
    gain = 100 * (after.mean() - before.mean())
    told = lines["small@32"]["difference, points (95 %)"]
    assert told.startswith(f"{gain + 0.0:+.2f} (")
    kept = tmp_path / "select-2" / "select" / "answers.json"
    kept.write_text('{"ids": ["x"]}')
    with pytest.raises(InputError, match="not the answers of `reswise select`"):
        side_by_side(found, ["a", "b"])


def test_rows_that_nothing_tells_apart_are_joined_to_none(tmp_path: Path) -> None:
    """A selector tuned to two budgets: which is which is not known."""
    row = Row(model="m", dataset="d", split="s", selector="random", ladder="m@1,m@2",
              images=9, top1=0.5, macs=10.0, drop_points=1.0)  # fmt: skip
    for name in ("a", "b"):
        write_rows(tmp_path / name / "rows.csv", [row, replace(row, macs=20.0)])
    found = [gather([tmp_path / name]) for name in ("a", "b")]
    assert joined(found)[0] == []
    with pytest.raises(InputError, match="no row is in two of them"):
        side_by_side(found, ["a", "b"])


def test_mean_and_deviation_over_weights(runs: list[Path], tmp_path: Path) -> None:
    """Python's own statistics; the same weights a second time count once."""
    again = _run(tmp_path / "again", _seed(3), weights="3")
    table = over_seeds([gather([folder]) for folder in (*runs, again)])
    lines = {row[0]: dict(zip(table.columns, row, strict=True)) for row in table.rows}
    assert set(lines) == {"small@32", "small@64"}
    for rung, line in lines.items():
        values = [100 * float(_right(folder, rung).mean()) for folder in runs]
        mean, deviation = statistics.mean(values), statistics.stdev(values)
        assert deviation > 0
        assert line["weights"] == "3"
        assert line["top-1 % (sd)"] == f"{mean:.2f} ({deviation:.2f})"
    assert lines["small@64"]["drop, points (sd)"] == "0.00 (0.00)"
    assert lines["small@32"]["FLOPs drop % (sd)"] == "70.00 (0.00)"


def test_one_set_of_weights_has_no_spread(runs: list[Path], tmp_path: Path) -> None:
    again = _run(tmp_path / "again", _seed(1), weights="1")
    with pytest.raises(InputError, match="none with more than one set of weights"):
        over_seeds([gather([runs[0]]), gather([again])])


@pytest.mark.parametrize(
    ("compare", "group", "message"),
    [(True, None, "two `run` folders"), (False, "seeds", "one of weights")],
)
def test_what_cannot_be_set_side_by_side_is_refused(
    runs: list[Path], compare: bool, group: str | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        several_runs(runs[:1], compare, group, "reswise report")


def test_runs_are_called_by_as_much_of_their_path_as_differs(tmp_path: Path) -> None:
    paths = [tmp_path / "a" / "drop", tmp_path / "b" / "drop"]
    assert run_names(paths) == ["a/drop", "b/drop"]
    assert run_names([tmp_path / "a", tmp_path / "b"]) == ["a", "b"]
    with pytest.raises(InputError, match="the same folder twice"):
        run_names([tmp_path, tmp_path])


def test_the_command_prints_them_and_the_page_has_them_first(
    runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["report", *map(str, runs), "--compare", "--group", "weights"]
    assert reswise.run([*words, "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "Side by side: seed-1, seed-2, seed-3" in said
    assert "Mean and spread over 3 sets of weights" in said
    page = (tmp_path / "report.html").read_text()
    assert page.index('id="comparison"') < page.index('id="drops"')
    names = {path.name for path in (tmp_path / "tables").iterdir()}
    assert "mean-and-spread-over-3-sets-of-weights.tex" in names
    assert "side-by-side-seed-1-seed-2-seed-3.csv" in names


def test_the_function_gives_the_same_tables(runs: list[Path], tmp_path: Path) -> None:
    page = reswise.report(runs, tmp_path, compare=True, group="weights")
    assert [table.kind for table in page.tables[:2]] == ["comparison", "seeds"]


@pytest.mark.parametrize("there", [True, False])
def test_the_page_is_opened(
    runs: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    there: bool,
) -> None:
    asked: list[str] = []

    def opened(url: str) -> bool:
        asked.append(url)
        return there

    monkeypatch.setattr("webbrowser.open", opened)
    words = ["report", str(runs[0]), "--out", str(tmp_path), "--open"]
    assert reswise.run(words) == 0
    assert asked == [(tmp_path / "report.html").resolve().as_uri()]
    assert ("no browser could be opened" in capsys.readouterr().out) is not there
