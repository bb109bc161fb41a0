"""`reswise label`: what it asks, what it says and what it refuses."""

import argparse
import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from commands import label, plan
from commands.family_file import read_family
from datasets.errors import InputError
from datasets.user_files import UserFile
from selection.plans.known import Known
from selection.plans.label_file import questions, read_answers
from selection.scored import Scored
from tests.selection.store import store
from tests.selection.synthetic import scored as table

TRUTH = table(images=900, seed=2)
FOLDER = "data"


def pictures(folder: Path, data: Scored) -> str:
    """A csv: data set of small pictures, one an image; returns its name."""
    from PIL import Image

    (folder / FOLDER).mkdir(parents=True)
    rows = ["file,class_index"]
    for place, name in enumerate(data.ids):
        Image.new("RGB", (8, 8), (place % 256, 80, 40)).save(folder / FOLDER / name)
        rows.append(f"{name},{place % 4}")
    (folder / FOLDER / "labels.csv").write_text("\n".join(rows) + "\n")
    return f"csv:{folder / FOLDER / 'labels.csv'}"


def unlabelled() -> Scored:
    ids = tuple(f"{place:04d}.png" for place in range(TRUTH.images))
    return replace(TRUTH, ids=ids).unlabelled()


def run_plan(folder: Path, data: Scored, *more: str) -> Path:
    store(folder / "scores", data, pictures(folder, data), "all")
    parser = argparse.ArgumentParser()
    plan.add_flags(parser)
    arguments = [
        "--scores", str(folder / "scores"), "--run", str(folder / "run"),
        "--reference", data.rungs[-1], "--max-drop", "5", "--confidence", "0.9",
        "--calibration-part", "0.9", *more,
    ]  # fmt: skip
    plan.run(parser.parse_args(arguments))
    return folder / "run"


def run_label(run: Path, *labels: Path) -> int:
    parser = argparse.ArgumentParser()
    label.add_flags(parser)
    given = [word for file in labels for word in ("--labels", str(file))]
    return label.run(parser.parse_args(["--plan-run", str(run), *given]))


def fill(run: Path, path: Path, most: int) -> int:
    """Answers the first `most` questions of to_label.csv from the truth."""
    with (run / "to_label.csv").open() as file:
        rows = list(csv.DictReader(file))[:most]
    truth = dict(zip(unlabelled().ids, TRUTH.labels.tolist(), strict=True))
    for row in rows:
        right = truth[row["id"]]
        pair = (int(row["first_index"]), int(row["second_index"]))
        row["answer"] = ("first", "second", "")[
            pair.index(right) if right in pair else 2
        ] or "neither"
    with path.open("w") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else ["id"])
        writer.writeheader()
        writer.writerows(rows)
    return len(rows)


def test_labels_in_several_sittings_end_as_the_labelled_data_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_plan(tmp_path, unlabelled(), "--no-search-labels")
    first = json.loads((run / "plan.json").read_text())
    assert first["certificate"]["labels_used"] == 0
    given, sitting = 0, 0
    while True:
        code = run_label(run)
        count = fill(run, tmp_path / f"{sitting}.csv", 9)
        if not count:
            break
        given += count
        sitting += 1
        run_label(run, tmp_path / f"{sitting - 1}.csv")
    said = capsys.readouterr().out
    assert "No further label can change the plan." in said
    last = json.loads((run / "plan.json").read_text())
    held = read_family(run)
    here = held.family.asked(_truth(held.family.ids)).standing
    assert last["certificate"]["certified"] is (here.passed > 0) is (code == 0)
    assert last["family_place"] == max(here.passed - 1, 0)
    assert last["certificate"]["labels_used"] == given < len(held.family.ids) / 2
    assert last["family_sha256"] == first["family_sha256"] == held.family.sha256


def _truth(ids: tuple[str, ...]) -> np.ndarray:
    truth = dict(zip(unlabelled().ids, TRUTH.labels.tolist(), strict=True))
    return np.array([truth[name] for name in ids])


def test_no_label_is_asked_where_answers_agree(tmp_path: Path) -> None:
    run = run_plan(tmp_path, unlabelled(), "--no-search-labels")
    held = read_family(run)
    asked = questions(held.family, Known.nothing(len(held.family.ids)))
    assert asked
    for one in asked:
        own = int(held.family.reference_answers[one.row])
        assert own in (one.first, one.second)
        assert one.first != one.second


def test_a_family_that_was_changed_is_refused(tmp_path: Path) -> None:
    run = run_plan(tmp_path, unlabelled(), "--no-search-labels")
    facts = json.loads((run / "family.json").read_text())
    facts["family"]["selectors"] = facts["family"]["selectors"][::-1]
    facts["family"]["max_drop_points"] = 4.0
    (run / "family.json").write_text(json.dumps(facts))
    with pytest.raises(InputError, match="was changed after it was written"):
        run_label(run)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{id},yes,0,1", "answer 'yes'"),
        ("nowhere.png,first,0,1", "no certification image"),
        ("{id},first,x,1", "class 'x'"),
        ("{id},first,0,1\n{id},second,0,1", "before"),
    ],
)
def test_answers_that_are_none_are_refused(
    tmp_path: Path, line: str, message: str
) -> None:
    held = read_family(run_plan(tmp_path, unlabelled(), "--no-search-labels"))
    text = "id,answer,first_index,second_index\n" + line.format(id=held.family.ids[0])
    path, known = tmp_path / "a.csv", Known.nothing(len(held.family.ids))
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_answers(held.family, known, UserFile(path))


def test_a_run_without_a_plan_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected the `run` folder"):
        run_label(tmp_path)
