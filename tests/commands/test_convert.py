"""`reswise convert`: bundles, what is made once, exit codes, refusals."""

import argparse
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from commands import bundle as bundle_verb
from commands import convert
from convert.bundle import Bundle, open_bundle
from convert.quantising.ranges import Seen
from convert.rung_files import RungFiles
from convert.running import Runner
from datasets.errors import InputError
from keras_models.adapted import Match, Outcome, write_record, write_tensors
from keras_models.loading import ModelChoice, load
from reports.rows import read_rows
from selection.selectors.cascade import Cascade
from selection.selectors.learned import Dense, Learned
from selection.selectors.thumbnail import FEATURES, look

MODEL = ["--model", "small_resnet", "--weights", "glyphs"]
IMAGES = ["--dataset", "glyphs", "--limit", "40", "--calibration-images", "12"]


def _run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    convert.add_flags(parser)
    return convert.run(parser.parse_args([*arguments]))


def _parts(run: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (run / "parts").iterdir()}


def test_bundles_are_written_and_nothing_is_made_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = [*MODEL, *IMAGES, "--resolutions", "96,48", "--run", str(tmp_path)]
    assert _run(*flags, "--recipe", "float32,full_int8", "--crop", "1.0") == 0
    said = capsys.readouterr().out
    assert "2 rungs in" in said
    assert "agreement" in said
    assert "--separate-files" in said
    bundle = open_bundle(tmp_path / "small_resnet_full_int8")
    assert [rung.rung for rung in bundle.manifest.rungs] == [
        "small_resnet@48", "small_resnet@96",
    ]  # fmt: skip
    assert [rung.subgraph for rung in bundle.manifest.rungs] == [1, 0]
    assert {rung.file for rung in bundle.manifest.rungs} == {
        "small_resnet_full_int8.tflite"
    }
    assert len(bundle.labels) == 36
    measured = bundle.manifest.measured
    assert measured["calibration"]["images"] == 12
    assert measured["calibration"]["seed"] == 0
    assert measured["calibration"]["split"].startswith("calibration")
    assert measured["parity"]["images"] == 40
    report = json.loads((bundle.folder / "parity.json").read_text())
    assert [one["rung"] for one in report["rungs"]] == [
        "small_resnet@96", "small_resnet@48",
    ]  # fmt: skip
    assert "Agreement" in (bundle.folder / "parity.md").read_text()
    same = sum(round(40 * one["agreement"]) for one in report["rungs"])
    together = f"All rungs together: {same} of 80 answers agree, {same / 0.8:.2f} %."
    assert together in said.replace("\n", " ")
    rows = read_rows(tmp_path / "rows.csv")
    assert [(row.recipe, row.resolution) for row in rows] == [
        ("float32", 96), ("float32", 48), ("full_int8", 96), ("full_int8", 48),
    ]  # fmt: skip
    _check_again(tmp_path, flags)


def _check_again(run: Path, flags: list[str]) -> None:
    """A recipe more: parts that are there stay; a lost one comes back the same."""
    before = _parts(run)
    lost = next((run / "parts").glob("small_resnet_48_full_int8_*"))
    content = lost.read_bytes()
    lost.unlink()
    del before[lost.name]
    assert _run(*flags, "--recipe", "full_int8,float16", "--crop", "1.0") == 0
    after = _parts(run)
    assert len(after) == len(before) + 3
    assert lost.read_bytes() == content
    assert before.items() <= after.items()
    report = (run / "small_resnet_float16" / "parity.json").read_text()
    assert json.loads(report)["rungs"][0]["largest_difference"] < 0.02


def test_files_can_be_separate(tmp_path: Path) -> None:
    flags = [*MODEL, *IMAGES, "--resolutions", "48,32", "--separate-files"]
    assert _run(*flags, "--run", str(tmp_path)) == 0
    bundle = open_bundle(tmp_path / "small_resnet_float32")
    assert [(one.file, one.subgraph) for one in bundle.manifest.rungs] == [
        ("small_resnet_32_float32.tflite", 0), ("small_resnet_48_float32.tflite", 0),
    ]  # fmt: skip
    assert bundle.manifest.selector["ladder"] == ["small_resnet@48"]


def test_a_failed_check_ends_with_1_and_names_layers(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ranges half as wide as what was seen: activations are cut off."""

    def narrow(seen: Seen) -> Any:
        return {
            name: {
                "min": np.full((1, 1, 1, 1), seen.low[name] / 2, np.float32),
                "max": np.full((1, 1, 1, 1), seen.high[name] / 2, np.float32),
            }
            for name in seen.low
        }

    monkeypatch.setattr("convert.quantising.quantise._ranges", narrow)
    flags = [*MODEL, *IMAGES, "--resolutions", "32", "--recipe", "full_int8"]
    assert _run(*flags, "--min-agreement", "0.99", "--run", str(tmp_path)) == 1
    said = capsys.readouterr().out
    assert "CHECK FAILED: small_resnet@32 full_int8: agrees on" in said
    assert "layers that add most relative error" in said
    assert "What to try" in said
    measured = open_bundle(tmp_path / "small_resnet_full_int8").manifest.measured
    assert "agrees on" in measured["parity"]["rungs"][0]["failures"][0]


def test_islands_are_named_and_their_shared_file_is_sound(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All is raised, as an agreement beyond reach has it; nothing is made twice."""
    monkeypatch.setattr(RungFiles, "_wanted_of", lambda *_: 2.0)
    flags = [*MODEL, *IMAGES, "--resolutions", "48,32", "--run", str(tmp_path)]
    assert _run(*flags, "--recipes", "full_int8,mixed_int8") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "operations raised to float activations (" in said
    assert "which no more islands can give" in said
    assert "calibration images that set no range" in said
    assert "one thread, in turn" in said
    plain, mixed = (
        json.loads((tmp_path / f"small_resnet_{name}" / "parity.json").read_text())
        for name in ("full_int8", "mixed_int8")
    )
    assert "islands" not in plain
    assert set(mixed["islands"]) == {"small_resnet@48", "small_resnet@32"}
    for raised in mixed["islands"].values():
        assert len(raised["operations"]) > 20
        assert raised["latency"]["own_us"] > 0
    for own, other in zip(mixed["rungs"], plain["rungs"], strict=True):
        assert own["agreement"] >= other["agreement"]
        assert own["mean_difference"] < other["mean_difference"]
    folder = str(tmp_path / "small_resnet_mixed_int8")
    check = argparse.ArgumentParser()
    bundle_verb.add_flags(check)
    assert bundle_verb.run(check.parse_args(["verify", folder])) == 0
    made = _parts(tmp_path)
    assert _run(*flags, "--recipes", "mixed_int8") == 0
    assert _parts(tmp_path) == made


def test_islands_of_another_quantiser_are_refused(tmp_path: Path) -> None:
    flags = [*MODEL, *IMAGES, "--resolutions", "48", "--run", str(tmp_path)]
    with pytest.raises(InputError) as refused:
        _run(*flags, "--recipe", "mixed_int8", "--quantiser", "tensorflow")
    assert "expected --quantiser litert" in refused.value.as_flags()
    assert not (tmp_path / "parts").exists()


def test_a_learned_selector_becomes_a_file(tmp_path: Path) -> None:
    """Its chances are those of the selector's own arithmetic."""
    generator = np.random.default_rng(3)
    weights = generator.normal(0, 0.3, (FEATURES, 2))
    selector = Learned(
        ("small_resnet@32", "small_resnet@48"),
        (0.4, 1.0),
        (Dense(tuple(map(tuple, weights.tolist())), (0.1, -0.2)),),
        0.1,
    )
    path = tmp_path / "selector.json"
    path.write_text(json.dumps(selector.to_json()))
    run = tmp_path / "run"
    flags = [*MODEL, *IMAGES, "--resolutions", "48,32", "--selector", str(path)]
    assert _run(*flags, "--run", str(run)) == 0
    bundle = open_bundle(run / "small_resnet_float32")
    thumbnail = generator.uniform(0, 255, (48, 48, 3)).astype(np.float32)
    expected = selector.chances(look(thumbnail[None]))[0]
    assert np.abs(_chances(bundle, thumbnail) - expected).max() < 1e-4


def _chances(bundle: Bundle, thumbnail: NDArray[np.float32]) -> NDArray[np.float32]:
    assert bundle.manifest.look is not None
    part = bundle.manifest.look
    content = bundle.path(part.file).read_bytes()
    return Runner(content, part.signature).scores(thumbnail)


def test_a_plan_may_join_two_models(tmp_path: Path) -> None:
    selector = Cascade(ladder=("first@32", "second@48"), thresholds=(0.9,)).to_json()
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"kind": "plan", "selector": selector}))
    flags = ["--plan", str(plan), *MODEL, *MODEL, "--name", "first", "--name", "second"]
    assert _run(*flags, *IMAGES, "--run", str(tmp_path / "run")) == 0
    bundle = open_bundle(tmp_path / "run" / "first+second_float32")
    assert [one.file for one in bundle.manifest.rungs] == [
        "first_float32.tflite", "second_float32.tflite",
    ]  # fmt: skip
    assert bundle.selector.ladder == ("first@32", "second@48")
    assert bundle.manifest.measured["plan"]["kind"] == "plan"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "resolutions: expected either these or `plan`"),
        (
            ["--resolutions", "32", "--plan", "p"],
            "resolutions: expected either these or `plan`",
        ),
        (["--plan", "p", "--selector", "s"], "A plan has its own"),
        (["--resolutions", "32", "--min-agreement", "93"], "expected 0..1"),
        (
            ["--resolutions", "32", "--weights", "glyphs"],
            "weights=given 2 times: expected as many as `model`, 1",
        ),
        (["--resolutions", "32", "--crop", "1.0,0.5"], "expected one for all rungs"),
        (["--resolutions", "32", "--recipe", "int4"], "recipe=int4: expected some of"),
        (["--resolutions", "32", "--labels", "/none"], "labels=/none"),
        (["--resolutions", "32", "--calibration-split", "no"], "no split 'no'"),
        (["--resolutions", "32", "--limit", "0"], "limit=0"),
    ],
)
def test_bad_input_is_refused(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    flags = [*MODEL, "--dataset", "glyphs", "--run", str(tmp_path)]
    with pytest.raises(InputError, match=message):
        _run(*flags, *arguments)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_photographs_keep_their_answers(tmp_path: Path, shared_data: Path) -> None:
    """MobileNetV2 with ImageNet weights, on real photographs."""
    weights = shared_data / "weights" / "mobilenet_v2_imagenet.weights.h5"
    labels = shared_data / "photographs" / "labels.csv"
    code = _run(
        "--model", "mobilenet_v2", "--weights", str(weights), "--resolutions",
        "224,160", "--recipe", "float16,dynamic_int8,full_int8", "--dataset",
        f"csv:{labels}", "--crop", "1.0", "--limit", "200", "--run", str(tmp_path),
    )  # fmt: skip
    assert code == 0
    least = {"float16": 0.99, "dynamic_int8": 0.93, "full_int8": 0.92}
    for recipe, agreement in least.items():
        path = tmp_path / f"mobilenet_v2_{recipe}" / "parity.json"
        report = json.loads(path.read_text())
        for one in report["rungs"]:
            assert one["agreement"] >= agreement
            assert one["drop"]["points"] <= 2.5
        largest = max(one["size_bytes"] for one in report["rungs"])
        assert report["bundle_bytes"] <= 1.06 * largest + 20_000  # labels twice


def _adaptation(folder: Path) -> None:
    """As `reswise adapt` leaves it for small_resnet@48, offsets of norms moved."""
    match = Match(1.0, 0.5, 0.5)
    outcome = Outcome(
        resolution=48,
        pictures=20,
        held_out=10,
        before=match,
        after=match,
        gain=0.1,
        gain_error=0.01,
        worth_error=0.01,
        accepted=True,
        tuned=1,
    )
    source = load(ModelChoice(model="small_resnet", weights="glyphs"))
    before = source.at(48).get_weights()
    model = source.at(48)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.beta.assign_add(0.25 * np.ones(layer.beta.shape))
    write_tensors(folder, 48, before, model.get_weights())
    write_record(folder, source.weights_sha256, {}, [outcome])


def test_adapted_tensors_are_converted_at_their_resolution_only(tmp_path: Path) -> None:
    _adaptation(tmp_path / "adapted")
    flags = [*MODEL, *IMAGES, "--resolutions", "96,48", "--min-agreement", "0"]
    assert _run(*flags, "--run", str(tmp_path / "plain")) == 0
    adapted = ["--adapted", str(tmp_path / "adapted")]
    assert _run(*flags, *adapted, "--run", str(tmp_path / "own")) == 0  # Keras agrees
    plain, own = (
        open_bundle(tmp_path / one / "small_resnet_float32") for one in ("plain", "own")
    )
    image = np.random.default_rng(0).random((96, 96, 3), np.float32) * 2 - 1
    scores = [
        {
            resolution: Runner(
                (bundle.folder / "small_resnet_float32.tflite").read_bytes(),
                f"resolution_{resolution}",
            ).scores(image[:resolution, :resolution])
            for resolution in (96, 48)
        }
        for bundle in (plain, own)
    ]
    assert np.array_equal(scores[0][96], scores[1][96])
    source = load(
        ModelChoice(
            model="small_resnet", weights="glyphs", adapted=tmp_path / "adapted"
        )
    )
    wanted = source.at(48).predict(image[None, :48, :48], verbose=0)[0]
    assert np.allclose(scores[1][48], wanted, rtol=0.01, atol=0)
    assert not np.allclose(scores[0][48], wanted, rtol=0.5, atol=0)
    said = own.manifest.measured["weights"]["small_resnet"]["weights"]
    assert said == "glyphs, adapted"
    rows = read_rows(tmp_path / "own" / "rows.csv")
    assert {row.weights for row in rows} == {"glyphs, adapted"}
    # offsets end in biases, so kernels are still stored once
    assert own.size_bytes < 1.06 * plain.size_bytes


def test_as_many_adaptations_as_models(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="adapted=given 2 times: expected as many as `model`, 1"
    ):
        _run(*MODEL, *IMAGES, "--resolutions", "96", "--adapted", "none",
             "--adapted", "none", "--run", str(tmp_path))  # fmt: skip
