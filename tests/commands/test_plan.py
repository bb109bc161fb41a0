"""`reswise plan`: its JSON, its exit code, its table over splits."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from commands import plan
from datasets.errors import InputError
from selection.replay import replay
from selection.scored import Scored
from selection.selectors.catalogue import from_json
from selection.split import split
from tests.commands.test_label import pictures
from tests.selection.store import store
from tests.selection.synthetic import scored as table

DATA = table(images=900, seed=2)


def _run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    plan.add_flags(parser)
    return plan.run(parser.parse_args(arguments))


def _flags(folder: Path, reference: str = DATA.rungs[-1]) -> list[str]:
    return [
        "--scores", str(folder / "scores"), "--run", str(folder / "run"),
        "--reference", reference, "--ways", "top1",
    ]  # fmt: skip


def test_a_certified_plan_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(tmp_path / "scores", DATA)
    assert _run("--max-drop", "6", "--confidence", "0.9", *_flags(tmp_path)) == 0
    facts = json.loads((tmp_path / "run" / "plan.json").read_text())
    assert facts["certificate"]["certified"] is True
    assert facts["certificate"]["bound_points"] <= 6
    ladder = from_json(facts["selector"]).ladder
    assert set(ladder) <= set(DATA.rungs)
    assert [one["rung"] for one in facts["rungs"]] == list(ladder)
    assert all(len(one["weights_sha256"]) > 0 for one in facts["rungs"])
    said = capsys.readouterr().out
    assert "CERTIFIED: with 90 % confidence" in said
    assert "regret" in said


def test_labels_that_end_early_certify_what_they_had(tmp_path: Path) -> None:
    """The plan after 5 labels is the one that stands in all labels' steps at 5."""
    store(tmp_path / "scores", DATA)
    flags = ["--max-drop", "2", "--confidence", "0.9", *_flags(tmp_path)]
    assert _run(*flags) == 0
    whole = json.loads((tmp_path / "run" / "plan.json").read_text())
    steps = whole["label_steps"]
    assert steps[-1]["labels"] <= whole["certificate"]["labels_used"]
    early = steps[-1]["labels"]
    assert _run("--max-labels", str(early), *flags) == 0
    capped = json.loads((tmp_path / "run" / "plan.json").read_text())
    assert capped["label_steps"] == steps
    assert capped["certificate"]["labels_used"] == early
    assert capped["selector"] == whole["selector"]
    text = (tmp_path / "run" / "plan.md").read_text()
    assert text.count("Certified saving against labels, 2 points") == 1
    assert f"| {early} |" in text


def test_too_few_images_end_with_1_and_say_how_many(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(tmp_path / "scores", table(images=60, seed=2))
    assert _run("--max-drop", "1", *_flags(tmp_path)) == 1
    said = capsys.readouterr().out
    assert "NOT CERTIFIED" in said
    assert "301" in said or "no number of images" in said


def test_nothing_cheaper_than_the_cheapest_rung_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(tmp_path / "scores", DATA)
    cheapest = DATA.rungs[0]
    assert _run("--max-drop", "6", *_flags(tmp_path, cheapest)) == 0
    facts = json.loads((tmp_path / "run" / "plan.json").read_text())
    assert from_json(facts["selector"]).ladder == (cheapest,)
    assert facts["certificate"]["certified"] is True
    said = capsys.readouterr().out
    assert f"No plan that costs less was certified: this is {cheapest} itself." in said


def test_a_budget_gives_a_bound(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(tmp_path / "scores", DATA)
    assert _run("--max-macs", "14", *_flags(tmp_path)) == 0
    facts = json.loads((tmp_path / "run" / "plan.json").read_text())
    assert facts["mean_macs"] <= 14 * 1.1
    assert "CERTIFIED" in capsys.readouterr().out


def test_another_split_calibrates(tmp_path: Path) -> None:
    store(tmp_path / "scores", DATA)
    other = table(images=500, seed=9)
    ids = tuple(f"calibration {name}" for name in other.ids)
    store(tmp_path / "scores", replace(other, ids=ids), split="calibration")
    flags = ["--split", "test", "--calibration-split", "calibration"]
    assert _run("--max-drop", "8", *flags, *_flags(tmp_path)) == 0
    facts = json.loads((tmp_path / "run" / "plan.json").read_text())
    assert facts["search_images"] == 150


def test_shared_images_are_refused(tmp_path: Path) -> None:
    store(tmp_path / "scores", DATA)
    store(tmp_path / "scores", DATA, split="calibration")
    flags = ["--split", "test", "--calibration-split", "calibration"]
    with pytest.raises(InputError, match="shares images"):
        _run("--max-drop", "8", *flags, *_flags(tmp_path))


def test_splits_are_tabulated(tmp_path: Path) -> None:
    store(tmp_path / "scores", DATA)
    flags = ["--max-drop", "6", "--confidence", "0.9", "--longest", "2"]
    assert _run("--repeat-splits", "2", *flags, *_flags(tmp_path)) == 0
    text = (tmp_path / "run" / "splits.md").read_text()
    assert "| certified |" in text
    assert "/2 |" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--max-drop", "101"), "expected points from -100"),
        (("--confidence", "1.5"), "expected above 0.5"),
        (
            ("--max-drop", "1", "--max-macs", "9"),
            "max_drop=1.0: expected either this or `max_macs`",
        ),
        (("--max-macs", "1"), "cheapest rung"),
        (("--max-labels", "-1"), "max_labels=-1: expected 0 or more"),
        (
            ("--max-labels", "9", "--max-macs", "9"),
            "max_labels=9: expected either this or `max_macs`",
        ),
        (("--ways", "gut"), "ways='gut': expected some of"),
        (("--repeat-splits", "-1"), "expected 0 or more"),
    ],
)
def test_bad_input_is_refused(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    store(tmp_path / "scores", DATA)
    with pytest.raises(InputError, match=message):
        _run(*_flags(tmp_path), *arguments)


def test_a_reference_that_guesses_is_said_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Labels that have nothing to do with the scores: a certificate of nothing."""
    guessed = replace(DATA, labels=np.random.default_rng(0).permutation(DATA.labels))
    store(tmp_path / "scores", guessed)
    _run("--max-drop", "6", *_flags(tmp_path))
    assert capsys.readouterr().out.startswith(f"HOLLOW: {DATA.rungs[-1]} itself is not")
    facts = json.loads((tmp_path / "run" / "plan.json").read_text())
    assert "not better than chance" in facts["certificate"]["warning"]
    assert "HOLLOW" in (tmp_path / "run" / "plan.md").read_text().splitlines()[0]
    store(tmp_path / "sound" / "scores", DATA)
    _run("--max-drop", "6", *_flags(tmp_path / "sound"))
    assert "HOLLOW" not in capsys.readouterr().out


def _groups_of(folder: Path) -> dict[str, dict[str, dict[str, float]]]:
    """What the plan's JSON says by column and group."""
    facts = json.loads((folder / "run" / "plan.json").read_text())
    return {
        group["what"]: {part["part"]: part for part in group["parts"]}
        for group in facts["groups"]
    }


def test_groups_are_counted_apart_and_bounded_wider(tmp_path: Path) -> None:
    """By the reference's answer, by label and by a column; counted here by hand."""
    data = _named_files(DATA)
    name = pictures(tmp_path, data)
    store(tmp_path / "scores", data, name, "all")
    rooms = ["attic" if place % 3 else "" for place in range(data.images)]
    lines = [f"{one},0,{room}" for one, room in zip(data.ids, rooms, strict=True)]
    table_of = Path(name.partition(":")[2])
    table_of.write_text("\n".join(["file,class_index,room", *lines]) + "\n")
    columns = ("answer", "class", "room")
    asked = [word for column in columns for word in ("--groups", column)]
    assert _run("--max-drop", "6", "--confidence", "0.9", *asked,
                *_flags(tmp_path)) == 0  # fmt: skip
    certifying = split(split(data, 0.5, 0)[0], 0.3, 0)[1]
    facts = json.loads((tmp_path / "run" / "plan.json").read_text())
    selector = from_json(facts["selector"])
    answers = replay(selector, certifying).answers
    reference = certifying.answers[:, -1]
    lost = (reference == certifying.labels) & (answers != certifying.labels)
    won = (reference != certifying.labels) & (answers == certifying.labels)
    place = {one: number for number, one in enumerate(data.ids)}
    held = np.array([rooms[place[one]] or "(empty)" for one in certifying.ids])
    found = _groups_of(tmp_path)
    assert sorted(found) == sorted(columns)
    for column, values in (
        ("answer", [f"{one} class {one}" for one in reference]),
        ("class", [f"{one} class {one}" for one in certifying.labels]),
        ("room", held.tolist()),
    ):
        assert set(found[column]) == set(values)
        for part, said in found[column].items():
            rows = np.array(values) == part
            assert said["images"] == rows.sum()
            assert said["lost"] >= lost[rows].sum()  # what was not asked counts lost
            assert said["won"] <= won[rows].sum()
            assert said["bound_points"] >= 100 * (lost[rows].mean() - won[rows].mean())
    assert "worst room" in (tmp_path / "run" / "plan.md").read_text()


def _named_files(data: Scored) -> Scored:
    """The same, its ids names of files."""
    return replace(data, ids=tuple(f"{place:04d}.png" for place in range(data.images)))


@pytest.mark.parametrize(
    ("column", "said"),
    [("class", "some images have no label"), ("room", "no csv: table")],
)
def test_groups_that_are_not_known_are_refused(
    tmp_path: Path, column: str, said: str
) -> None:
    store(tmp_path / "scores", DATA.unlabelled())
    with pytest.raises(InputError, match=said):
        _run("--groups", column, *_flags(tmp_path))


def test_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    data = _named_files(DATA)
    store(tmp_path / "scores", data, pictures(tmp_path, data), "all")
    with pytest.raises(InputError, match="has the columns file, class_index"):
        _run("--groups", "room", *_flags(tmp_path))


@pytest.mark.parametrize(("seed", "exceeded"), [(0, True), (3, False)])
def test_a_budget_that_test_images_exceed_gets_a_remark(
    seed: int, exceeded: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = table(images=300, seed=seed)
    store(tmp_path / "scores", data)
    _run("--max-macs", "12", *_flags(tmp_path, data.rungs[-1]))
    selector = from_json(
        json.loads((tmp_path / "run" / "plan.json").read_text())["selector"]
    )
    _, test = split(data, 0.5, 0)
    assert (replay(selector, test).mean_macs > 12) is exceeded
    said = " ".join(capsys.readouterr().out.split())
    assert ("more than --max-macs allows" in said) is exceeded
