"""The page holds what the runs hold, stands alone, and says what is missing."""

import argparse
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from commands import plan, report, select, thresholds
from datasets.errors import InputError
from reports.first_sentence import answer, spoken
from reports.gathered import gather
from reports.page import render
from reports.rows import Row, read_rows, write_rows
from reports.sections import sections
from reports.table import Table, write_tables
from tests.selection.store import store
from tests.selection.synthetic import scored as table

DATA = table(images=900, seed=2)


def _run(verb: object, *arguments: str) -> int:
    parser = argparse.ArgumentParser()
    verb.add_flags(parser)  # type: ignore[attr-defined]
    return int(verb.run(parser.parse_args(arguments)))  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scores, selectors, thresholds and a plan over them, as verbs leave them."""
    folder = tmp_path_factory.mktemp("runs")
    store(folder, DATA)
    scores = ["--scores", str(folder)]
    names = "fixed,random,cascade,deferral,oracle"
    _run(select, "--selector", names, "--max-macs", "14", "--repeats", "3",
         *scores, "--run", str(folder / "select"))  # fmt: skip
    _run(thresholds, "--ladder", ",".join(DATA.rungs[:3]), "--grid", "6x5",
         *scores, "--run", str(folder / "thresholds"))  # fmt: skip
    _run(plan, "--reference", DATA.rungs[-1], "--max-drop", "6", "--confidence", "0.9",
         "--ways", "top1", *scores, "--run", str(folder / "plan"))  # fmt: skip
    return folder


def test_every_section_that_has_content_is_there(runs: Path) -> None:
    found = gather([runs])
    shown = {one.name for one in sections(found, "reswise report") if not one.empty}
    assert {"selectors", "thresholds", "pictures", "calibration", "measured"} <= shown
    assert "device" not in shown


def test_the_page_stands_alone(runs: Path) -> None:
    text = render(gather([runs]), "reswise report")
    markup = re.sub(r"<script.*?</script>", "", text, flags=re.S)
    assert not re.findall(r'(?:src|href)="(?!#|data:)[^"]*"', markup)
    assert "@import" not in markup
    assert "url(" not in markup
    assert "<script src" not in text
    assert len(text) < 5_000_000
    charts = re.findall(r'data-chart="([^"]+)">(.*?)</script>', text, re.S)
    assert len(charts) >= 6
    for name, spec in charts:
        assert json.loads(spec), name


def test_the_answer_is_the_plans(runs: Path) -> None:
    said = answer(gather([runs]))
    facts = json.loads((runs / "plan" / "plan.json").read_text())
    saved = read_rows(runs / "plan" / "rows.csv")[0].flops_drop_percent
    assert facts["certificate"]["certified"]
    assert f"saves {saved:.0f} % of the computation of {spoken(DATA.rungs[-1])}" in said
    assert "with 90 % confidence at most 6 points of accuracy are lost" in said


def test_a_hollow_reference_is_said_first(runs: Path, tmp_path: Path) -> None:
    """The page's first line keeps a plan's warning, and never rounds up to all."""
    facts = json.loads((runs / "plan" / "plan.json").read_text())
    facts["certificate"]["warning"] = "HOLLOW: it guesses."
    (tmp_path / "plan.json").write_text(json.dumps(facts))
    rows = read_rows(runs / "plan" / "rows.csv")
    write_rows(tmp_path / "rows.csv", [replace(rows[0], flops_drop_percent=99.76)])
    assert answer(gather([tmp_path])).startswith("HOLLOW: it guesses. ")
    assert "saves 99.76 % of" in answer(gather([tmp_path]))


def test_a_sweep_of_a_network_that_guesses_answers_nothing(tmp_path: Path) -> None:
    row = Row(model="m", weights="w", dataset="d", split="s", resolution=16, images=9,
              drop_points=0.0, drop_low=-9.0, drop_high=9.0,
              flops_drop_percent=50.0)  # fmt: skip
    write_rows(tmp_path / "rows.csv", [row])
    for title, start in (
        ("m (w) on d s, 9 images. HOLLOW: m@32 itself is", "HOLLOW"),
        ("m (w) on d s, 9 images", "m saves 50.0 % of the computation"),
    ):
        write_tables(
            tmp_path,
            "drop",
            [Table(title=title, columns=("x",), rows=(("1",),), kind="drop")],
        )
        assert answer(gather([tmp_path])).startswith(start)


def test_without_a_certificate_the_answer_says_so(tmp_path: Path) -> None:
    store(tmp_path, table(images=60, seed=2))
    _run(plan, "--reference", DATA.rungs[-1], "--max-drop", "1", "--ways", "top1",
         "--scores", str(tmp_path), "--run", str(tmp_path / "plan"))  # fmt: skip
    assert answer(gather([tmp_path])).startswith("No plan cheaper than")


def test_pictures_that_are_gone_leave_a_remark(runs: Path) -> None:
    """The synthetic images are in no data set."""
    text = render(gather([runs]), "reswise report")
    assert "No example pictures: glyphs: no picture" in text


def test_files_of_every_table(runs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert _run(report, str(runs), "--out", str(out)) == 0
    tables = gather([runs]).tables
    assert len(list((out / "tables").glob("*.tex"))) == len(tables)
    assert len(list((out / "tables").glob("*.csv"))) == len(tables)
    assert (out / "report.html").stat().st_size > 100_000
    assert (out / "report.md").read_text().startswith("# ")


def test_text_of_others_is_not_run_as_a_script(runs: Path, tmp_path: Path) -> None:
    evil = "</script><script>window.hurt=1</script>"
    text = (runs / "plan" / "plan.tables.json").read_text()
    text = text.replace("selector", evil)
    (tmp_path / "plan.tables.json").write_text(text)
    shown = render(gather([tmp_path]), evil)
    assert "<script>window.hurt" not in shown


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (None, "", "no results there"),
        ("plan.json", "{", "not JSON"),
        ("map.csv", "threshold_1,top1\nx,y\n", "expected numbers of"),
        ("rows.csv", "a,b\n", "columns a,b; expected"),
    ],
)
def test_what_is_no_result_is_refused(
    tmp_path: Path, name: str | None, text: str, message: str
) -> None:
    if name is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=message):
        gather([tmp_path])
    with pytest.raises(InputError, match="no such folder"):
        gather([tmp_path / "none"])
