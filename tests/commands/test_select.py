"""`reswise select` over a store of synthetic scores."""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from commands import select
from datasets.errors import InputError
from reports.rows import read_rows
from tests.selection.store import store
from tests.selection.synthetic import scored as table

DATA = table(images=400)
RESNET50 = {224: 3857.97, 210: 3707.35, 196: 3289.89, 182: 2729.15, 168: 2373.17}


def _run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    select.add_flags(parser)
    return select.run(parser.parse_args(arguments))


def test_rows_and_table_of_all_but_learned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(tmp_path / "scores", DATA)
    names = "fixed,random,cascade,deferral,oracle"
    flags = ["--scores", str(tmp_path / "scores"), "--run", str(tmp_path / "run")]
    assert _run("--selector", names, "--max-macs", "14", "--repeats", "5", *flags) == 0
    every = read_rows(tmp_path / "run" / "rows.csv")
    rungs, rows = every[: len(DATA.rungs)], every[len(DATA.rungs) :]
    assert [row.ladder for row in rungs] == list(DATA.rungs)
    assert ",".join(str(row.selector) for row in rows) == names
    oracle = rows[-1]
    assert all((oracle.top1 or 0) >= (row.top1 or 0) for row in rows)
    assert {row.images for row in rows} == {200}
    assert "gain on cascade" in capsys.readouterr().out


def test_random_over_resnet50_gives_the_published_mean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Thesis table 6: 17.30 %; its own costs give 17.275, so 4,000 draws come near."""
    data = table(images=80, rungs=1)
    five = replace(
        data,
        rungs=tuple(f"resnet50@{resolution}" for resolution in sorted(RESNET50)),
        macs=tuple(
            round(1e6 * RESNET50[resolution]) for resolution in sorted(RESNET50)
        ),
        scores=data.scores * 5,
    )
    store(tmp_path / "scores", five)
    flags = ["--scores", str(tmp_path / "scores"), "--run", str(tmp_path / "run")]
    _run("--selector", "random", "--repeats", "100", *flags)
    said = capsys.readouterr().out
    assert "Expected FLOPs drop of these weights: 17.275 %" in said
    line = next(line for line in said.splitlines() if line.startswith("FLOPs drop"))
    mean, deviation, most, least = (float(cell) for cell in line.split("│")[1:])
    assert mean == pytest.approx(17.275, abs=0.6)
    assert least < mean < most
    # one image's drop has a standard deviation of 14.0 points over the five rungs
    assert deviation == pytest.approx(14.0 / np.sqrt(40), rel=0.25)


def test_random_takes_rungs_as_often_as_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(tmp_path / "scores", DATA)
    rungs = ",".join(reversed(DATA.rungs))  # dearest first, weights likewise
    flags = ["--scores", str(tmp_path / "scores"), "--run", str(tmp_path / "run")]
    weights = ["--random-weights", "1,0,3"]
    assert _run("--selector", "random", "--rungs", rungs, *weights, *flags) == 0
    said = capsys.readouterr().out
    assert (
        f"{DATA.rungs[0]} 0.750, {DATA.rungs[1]} 0.000, {DATA.rungs[2]} 0.250" in said
    )
    expected = 100 * (1 - (0.75 * DATA.macs[0] + 0.25 * DATA.macs[2]) / DATA.macs[2])
    assert f"Expected FLOPs drop of these weights: {expected:.3f} %" in said


def test_given_thresholds_are_replayed_as_they_are(tmp_path: Path) -> None:
    store(tmp_path / "scores", DATA)
    flags = ["--scores", str(tmp_path / "scores"), "--run", str(tmp_path / "run")]
    rungs = ",".join(DATA.rungs[:2])
    _run("--selector", "cascade", "--rungs", rungs, "--thresholds", "0", *flags)
    row = read_rows(tmp_path / "run" / "rows.csv")[-1]
    assert row.selector == "cascade"
    assert row.macs == DATA.macs[0]


def test_learned_reads_the_thumbnails_of_the_data_set_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = table(images=60)
    ids = tuple(f"test/{number:05d}" for number in range(60))
    dear = replace(data, ids=ids, macs=(10**6, 2 * 10**6, 4 * 10**6), looks=None)
    store(tmp_path / "scores", dear)
    flags = ["--scores", str(tmp_path / "scores"), "--run", str(tmp_path / "run")]
    assert _run("--selector", "learned", "--max-macs", "2e6", *flags) == 0
    row = read_rows(tmp_path / "run" / "rows.csv")[-1]
    assert row.selector == "learned"
    assert (row.macs or 0) % 1000 != 0  # the look is charged too

    def refused(*_: object) -> None:
        raise AssertionError("thumbnails were made already")

    monkeypatch.setattr("selection.selectors.looks.looks_of", refused)
    assert _run("--selector", "learned", "--max-macs", "2e6", *flags) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--selector", "guess"), "selectors='guess': expected"),
        (("--selector", "random", "--repeats", "0"), "expected 1 draw"),
        (("--selector", "random", "--random-weights", "1"), "expected one for each"),
        (("--selector", "fixed", "--max-macs", "1"), "cheapest rung"),
        (("--selector", "fixed", "--max-macs", "much"), "expected numbers"),
        (("--selector", "fixed", "--rungs", "none@1"), "has no scores"),
        (("--selector", "fixed", "--calibration-part", "1"), "between 0 and 1"),
        (("--selector", "cascade", "--thresholds", "0.5"), "`selectors=cascade` and"),
        (("--selector", "cascade", "--thresholds", "1.5", "--rungs",
          "small@32,small@64"), "thresholds=1.5: expected a confidence"),
        (("--selector", "cascade", "--thresholds", "0.5", "--rungs",
          "small@64,small@32"), "does not ascend"),
        (("--selector", "cascade", "--ways", "gut"), "ways='gut': expected some of"),
    ],
)  # fmt: skip
def test_bad_input_is_refused(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    store(tmp_path / "scores", DATA)
    flags = ["--scores", str(tmp_path / "scores"), "--run", str(tmp_path / "run")]
    with pytest.raises(InputError, match=message):
        _run(*arguments, *flags)


def test_a_budget_that_the_judging_images_exceed_gets_a_remark(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(tmp_path / "scores", table(images=300, seed=0))
    flags = ["--scores", str(tmp_path / "scores"), "--run", str(tmp_path / "run")]
    for budget in ("5", "59"):
        _run("--selector", "cascade", "--max-macs", budget, *flags)
        said = " ".join(capsys.readouterr().out.split())
        (row,) = read_rows(tmp_path / "run" / "rows.csv")[3:]
        exceeded = (row.macs or 0) > float(budget)
        assert ("more than --max-macs allows" in said) is exceeded
