"""What version 0.1.0 left in a run folder is read today, and gives the same numbers.

tests/references/recorded_run/README.md has the commands that wrote it.
"""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reswise
from convert.bundle import open_bundle
from convert.entering import normalised
from convert.running import Runner
from datasets.batches import pictures
from datasets.catalogue import open_dataset
from datasets.errors import InputError
from datasets.preprocessing import Preprocessing
from keras_models.loading import ModelChoice, load
from keras_models.pretrained import adapted
from keras_models.scoring.scores import ScoreStore
from keras_models.scoring.stored_scores import load_rungs
from reports.gathered import gather
from reports.rows import Row, read_rows
from selection.judge import judge
from selection.scored import from_stored
from selection.selectors.catalogue import from_json
from selection.split import split

RECORDED = Path(__file__).parents[1] / "references" / "recorded_run"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the recorded folder, beside what the test writes."""
    shutil.copytree(RECORDED, tmp_path / "run")
    shutil.copy(RECORDED / "tiny.keras", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "run"


def _numbers(row: Row) -> dict[str, object]:
    """All of a row but how it was asked for."""
    return {key: value for key, value in asdict(row).items() if key != "command"}


def _same_rows(one: Path, other: Path) -> None:
    first, second = read_rows(one), read_rows(other)
    assert len(first) == len(second) > 0
    for before, now in zip(first, second, strict=True):
        assert _numbers(now) == pytest.approx(_numbers(before), nan_ok=True)


def _tables(path: Path) -> list[tuple[str, list[list[str]]]]:
    return [
        (table["title"], [_whole(table["columns"], row) for row in table["rows"]])
        for table in json.loads(path.read_text())
    ]


def _whole(columns: list[str], row: list[str]) -> list[str]:
    """Cells with their intervals, which had columns of their own in version 0.1.0."""
    cells: list[str] = []
    for column, cell in zip(columns, row, strict=True):
        if column == "95 %":
            cells[-1] += f" ({cell})" if cell else ""
        else:
            cells.append(cell)
    return cells


def _json(path: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(path.read_text())
    return facts


def test_scores_lie_under_the_keys_that_they_have_today() -> None:
    store = ScoreStore(RECORDED / "drop")
    metas = store.metas()
    assert {meta.rung for meta in metas} == {f"tiny@{n}" for n in (48, 40, 32, 24)}
    for meta in metas:
        assert store.folder(meta).is_dir()
        assert store.load(meta).scores.shape == (240, 36)


def test_scores_give_the_accuracies_of_then() -> None:
    rungs = load_rungs(RECORDED / "drop")
    for row in read_rows(RECORDED / "drop" / "rows.csv"):
        rung = rungs[str(row.ladder)]
        right = rung.scores.argmax(axis=1) == rung.labels
        assert np.mean(right) == row.top1
        assert rung.macs == row.macs


def test_a_sweep_comes_to_the_same_rows(run: Path) -> None:
    line = "drop --model tiny.keras --dataset glyphs --resolutions 40,32,24 --limit 240"
    assert reswise.run([*line.split(), "--run", "anew"]) == 0
    shutil.copytree("anew/datasets", run / "drop" / "datasets", dirs_exist_ok=True)
    assert len(list((run / "drop" / "datasets").iterdir())) == 1  # the same pictures
    _same_rows(run / "drop" / "rows.csv", Path("anew/rows.csv"))


def _scores(run: Path) -> list[str]:
    return sorted(path.name for path in (run / "drop" / "scores").iterdir())


def test_a_folder_of_then_is_gone_on_with(run: Path) -> None:
    """One resolution more, and nothing of then is run or stored a second time."""
    before = _scores(run)
    shard = run / "drop" / "scores" / before[0] / "00001.npy"
    shard.unlink()  # as if it had been interrupted
    line = "drop --model tiny.keras --dataset glyphs --resolutions 40,32,28,24"
    assert reswise.run([*line.split(), "--limit", "240", "--run", "run/drop"]) == 0
    assert shard.exists()
    (added,) = set(_scores(run)) - set(before)
    meta = _json(run / "drop" / "scores" / added / "meta.json")
    assert meta["rung"] == "tiny@28"
    rungs = load_rungs(run / "drop")  # each once
    assert set(rungs) == {f"tiny@{n}" for n in (48, 40, 32, 28, 24)}
    for row in read_rows(RECORDED / "drop" / "rows.csv"):
        rung = rungs[str(row.ladder)]
        assert np.mean(rung.scores.argmax(axis=1) == rung.labels) == row.top1


def test_scores_of_then_that_are_another_models_are_not_taken_up(run: Path) -> None:
    """Equal tensors, another graph: version 0.1 gave both one name."""
    import keras

    own = keras.saving.load_model("tiny.keras", compile=False)
    image = keras.Input((48, 48, 3))
    darker = keras.Model(image, own(keras.layers.Rescaling(0.2)(image)), name="tiny")
    darker.save("tiny.keras")
    before = _scores(run)
    line = "drop --model tiny.keras --normalisation none --dataset glyphs"
    more = "--resolutions 24 --limit 240 --run run/drop"
    assert reswise.run([*line.split(), *more.split()]) == 0
    added = set(_scores(run)) - set(before)
    assert len(added) == 2  # both resolutions, beside what was there
    with pytest.raises(InputError, match="stored more than once"):
        load_rungs(run / "drop")


def test_selectors_and_thresholds_come_to_the_same(run: Path) -> None:
    names = "fixed,random,cascade,deferral,learned,oracle"
    line = f"select --selector {names} --scores run/drop --equal-macs --run again"
    assert reswise.run(line.split()) == 0
    _same_rows(run / "select" / "rows.csv", Path("again/rows.csv"))
    (title, rows), (draws, spread) = _tables(Path("again/select.tables.json"))
    spread = [row for row in spread if row[0] != "top-5 %"]  # not printed then
    assert [(title, rows), (draws, spread)] == _tables(
        run / "select" / "select.tables.json"
    )
    assert len(list((run / "drop" / "looks").iterdir())) == 1  # thumbnails found again
    line = "thresholds --ladder tiny@24,tiny@48 --scores run/drop --run front"
    assert reswise.run(line.split()) == 0
    assert (
        Path("front/front.csv").read_text()
        == (run / "thresholds" / "front.csv").read_text()
    )


def test_the_plan_costs_and_drops_what_it_did() -> None:
    """On the images that judged it then: half of all, by a hash of their ids."""
    plan = _json(RECORDED / "plan" / "plan.json")
    selector = from_json(plan["selector"])
    scored = from_stored(load_rungs(RECORDED / "drop"))
    _, judged = split(scored, 0.5, seed=0)
    verdict = judge(selector, judged, plan["reference"])
    (row,) = read_rows(RECORDED / "plan" / "rows.csv")
    assert verdict.images == row.images
    assert verdict.macs == pytest.approx(row.macs)
    assert verdict.accuracy == pytest.approx(row.top1)


def test_the_adaptation_belongs_to_its_network() -> None:
    source = load(ModelChoice(model=str(RECORDED / "tiny.keras")))
    adaptation = adapted(source, RECORDED / "adapt").adaptation
    assert adaptation is not None
    assert dict(adaptation.accepted) == {}  # declined, with its reason


@pytest.mark.parametrize("recipe", ["float32", "full_int8"])
def test_bundles_open_and_answer_as_then(recipe: str) -> None:
    """parity.json holds how many answers were right when the file was made."""
    folder = RECORDED / "convert" / f"tiny_{recipe}"
    bundle = open_bundle(folder)
    assert [rung.rung for rung in bundle.manifest.rungs] == ["tiny@32", "tiny@48"]
    plan = _json(RECORDED / "plan" / "plan.json")
    decided = json.loads(json.dumps(bundle.selector.to_json()))
    assert decided == plan["selector"]
    data = open_dataset("glyphs", "test").limited(80)
    recorded = {
        told["rung"]: told["top1"] for told in _json(folder / "parity.json")["rungs"]
    }
    for rung in bundle.manifest.rungs:
        runner = Runner(bundle.path(rung.file).read_bytes(), rung.signature)
        crop = Preprocessing(0.875)
        (batch,) = pictures(data, [rung.resolution], [crop], batch=80)
        images = normalised(batch.pixels[crop, rung.resolution], rung.preprocessing)
        right = [
            int(runner.scores(image).argmax()) == label
            for image, label in zip(images, data.labels[batch.indices], strict=True)
        ]
        assert np.mean(right) == pytest.approx(recorded[rung.rung], abs=1.01 / 80)


def test_the_report_shows_all_of_it() -> None:
    found = gather([RECORDED])
    assert len(found.plans) == 1
    assert len(found.bundles) == 2
    assert {rung.rung for rung in found.rungs} == {
        f"tiny@{resolution}" for resolution in (48, 40, 32, 24)
    }
    titles = {table.title for _, table in found.tables}
    assert "Selectors, tuned to 0.95 MMACs" in titles
    assert len(found.tables) == 7
