"""A run folder knows its networks: nothing is named again, what changed is said."""

import json
import shutil
from pathlib import Path

import pytest

import reswise
from datasets.errors import InputError
from keras_models.loading import ModelChoice, load
from keras_models.specs import Spec, keep, kept_in, spec_of

RECORDED = Path(__file__).parents[1] / "references" / "recorded_run"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A network of one's own, swept, in a folder to work in."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(RECORDED / "tiny.keras", tmp_path)
    line = "drop --model tiny.keras --dataset glyphs --resolutions 24 --limit 60"
    assert reswise.run([*line.split(), "--run", "drop"]) == 0
    line = "plan --reference tiny@48 --max-drop 60 --confidence 0.6 --from drop"
    reswise.run([*line.split(), "--run", "plan"])
    return tmp_path


def test_a_plan_converts_without_naming_its_model(folder: Path) -> None:
    line = "convert --plan plan/plan.json --dataset glyphs --limit 20 --run made"
    assert reswise.run([*line.split(), "--calibration-images", "5"]) == 0
    manifest = json.loads((folder / "made/tiny_float32/manifest.json").read_text())
    planned = json.loads((folder / "plan/plan.json").read_text())
    rungs = {rung["rung"] for rung in manifest["rungs"]}
    assert rungs == set(planned["selector"]["ladder"])


def test_a_moved_or_changed_file_is_said(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    line = "convert --plan plan/plan.json --dataset glyphs --limit 20 --run made"
    (folder / "tiny.keras").rename(folder / "moved.keras")
    assert reswise.run(line.split()) == 2
    assert "the file of tiny is no longer there" in capsys.readouterr().err
    other = load(ModelChoice(model=str(folder / "moved.keras"))).model
    other.set_weights([2 * tensor for tensor in other.get_weights()])
    other.save(folder / "tiny.keras")
    assert reswise.run(line.split()) == 2
    assert "the file of tiny has changed since" in capsys.readouterr().err
    caplog.clear()
    line = "select --selectors oracle --from drop --run select"
    assert reswise.run(line.split()) == 0
    assert "has changed since" in caplog.text


def test_a_folder_that_knows_no_model_asks_for_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "plan" / "models.json").unlink()
    line = "convert --plan plan/plan.json --dataset glyphs --run made"
    assert reswise.run(line.split()) == 2
    assert "does not say how tiny is opened; expected --model" in (
        capsys.readouterr().err
    )


def test_records_add_up_and_replace_each_other(tmp_path: Path) -> None:
    choice = ModelChoice(model="small_resnet", weights="glyphs")
    first, again = spec_of(choice, "small_resnet", "a"), spec_of(choice, "mine", "a")
    keep(tmp_path, [first])
    keep(tmp_path, [again])
    keep(tmp_path, [first])
    assert kept_in(tmp_path) == [first, again]
    assert first.choice() == choice
    assert first.files == {}  # packaged weights are no file of the user's
    (tmp_path / "models.json").write_text("{}")
    with pytest.raises(InputError, match="expected what `reswise drop` keeps"):
        kept_in(tmp_path)


def test_trust_is_not_taken_from_a_folder() -> None:
    """Nothing in models.json can make a file's code run."""
    spec = Spec("x", "a", {"model": "small_resnet", "trust": True, "code": "x"}, {})
    assert spec.choice() == ModelChoice(model="small_resnet")
