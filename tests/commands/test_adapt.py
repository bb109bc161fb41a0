"""`reswise adapt`: from the flags to a folder that loading takes up."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from commands import adapt as verb
from datasets.errors import InputError
from datasets.files import file_sha256
from datasets.glyphs import glyphs
from datasets.preprocessing import Preprocessing
from keras_models.adapted import Adaptation, write_tensors
from keras_models.loading import ModelChoice, load
from keras_models.normalisation import normalise
from keras_models.pretrained import tensors_sha256
from keras_models.scoring.scores import ScoreStore
from keras_models.scoring.sweeping import SweepOptions, sweep
from keras_models.training.data import in_memory


def _parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    verb.add_flags(parser)
    return parser.parse_args(words)


def _words(run: Path) -> list[str]:
    return [
        *("--model", "small_resnet", "--weights", "glyphs", "--dataset", "glyphs"),
        *("--split", "train", "--limit", "60", "--resolutions", "40"),
        *("--passes", "3", "--views", "2", "--run", str(run)),
    ]


def test_adapted_tensors_are_taken_up_at_their_resolution_only(tmp_path: Path) -> None:
    assert verb.run(_parsed(*_words(tmp_path))) == 0
    record = json.loads((tmp_path / "adapted.json").read_text())
    assert record["outcomes"][0]["resolution"] == 40
    assert "Command:" in (tmp_path / "adapt.md").read_text()
    plain = load(ModelChoice(model="small_resnet", weights="glyphs"))
    adapted = load(
        ModelChoice(model="small_resnet", weights="glyphs", adapted=tmp_path)
    )
    assert adapted.weights == "glyphs, adapted"
    assert adapted.weights_sha256 != plain.weights_sha256  # scores of their own
    assert tensors_sha256(adapted.at(48)) == tensors_sha256(plain.at(48))
    same = tensors_sha256(adapted.at(40)) == tensors_sha256(plain.at(40))
    assert same == (not record["outcomes"][0]["accepted"])


@pytest.mark.parametrize("engine", ["litert", "keras"])
def test_a_sweep_gives_each_resolution_its_own_tensors(
    engine: str, tmp_path: Path
) -> None:
    """Of one graph, whose .tflite would serve all if the tensors were the same."""
    plain = load(ModelChoice(model="small_resnet", weights="glyphs"))
    trained = plain.model.get_weights()
    hashes = {}
    for resolution in (48, 40):
        tuned = [np.roll(tensor, resolution) if tensor.ndim == 1 else tensor
                 for tensor in trained]  # fmt: skip
        write_tensors(tmp_path, resolution, trained, tuned)
        hashes[resolution] = file_sha256(tmp_path / f"{resolution}.npz")
    source = replace(plain, adaptation=Adaptation(tmp_path, hashes))
    pictures = glyphs("test").limited(3)
    resolutions, way = [96, 48, 40], Preprocessing()
    store, how = ScoreStore(tmp_path / "run"), SweepOptions(engine)
    found = sweep(source, pictures, resolutions, [way], store, how)
    for resolution, rung in zip(resolutions, found, strict=True):
        images = normalise(in_memory(pictures, resolution, way).pixels, "tf")
        own = source.at(resolution).predict(images, verbose=0)
        assert abs(rung.scores - own).max() < 5e-3  # pixels in memory are whole numbers


def test_repeated_splits_tabulate_and_keep_no_tensors(tmp_path: Path) -> None:
    flags = ["--limit", "80", "--resolutions", "48,40", "--passes", "1", "--together"]
    words = [*_words(tmp_path), *flags, "--repeat-splits", "1"]
    assert verb.run(_parsed(*words)) == 0
    table = (tmp_path / "splits.md").read_text()
    assert "| 48 |" in table
    assert "| 40 |" in table
    assert "of 40 tested images each" in table
    assert not list(tmp_path.glob("*.npz"))


@pytest.mark.parametrize(
    ("flag", "value", "said"),
    [
        ("--resolutions", "96", "not below the native resolution"),
        ("--limit", "12", "expected at least 10"),
        ("--crop", "1.0,0.875", "one crop"),
        ("--held-out", "1.5", "between 0 and 1"),
        ("--repeat-splits", "-1", "expected 0 or more"),
    ],
)
def test_bad_flags_are_refused(
    flag: str, value: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=said):
        verb.run(_parsed(*_words(tmp_path), flag, value))


def test_no_batch_norm_is_said_before_a_picture_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Views and native scores of all pictures take minutes."""
    image = keras.Input((96, 96, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(image)
    model = keras.Model(image, keras.layers.Dense(36, "softmax")(pooled), name="plain")
    model.save(tmp_path / "plain.keras")
    monkeypatch.setattr(
        "keras_models.adapting.lessons.lessons",
        lambda *_: pytest.fail("pictures were read first"),
    )
    words = ["--model", str(tmp_path / "plain.keras"), "--dataset", "glyphs"]
    words += ["--resolutions", "48", "--run", str(tmp_path), "--limit", "60"]
    words += ["--normalisation", "unit"]
    with pytest.raises(InputError, match="has no batch norm to tune"):
        verb.run(_parsed(*words))
