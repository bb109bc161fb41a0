"""`reswise train`: from the flags to packed weights, and the weights that we ship."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import commands
from commands import train as verb
from datasets.errors import InputError
from datasets.glyphs import glyphs
from datasets.preprocessing import Preprocessing

ROOT = Path(commands.__file__).resolve().parents[1]
PACKAGED = ROOT / "keras_models" / "weights" / "glyphs"


def _parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    verb.add_flags(parser)
    return parser.parse_args(words)


def _words(run: Path) -> list[str]:
    return [
        *("--model", "small_resnet", "--dataset", "glyphs", "--resolution", "32"),
        *("--limit", "256", "--epochs", "3", "--batch", "16", "--run", str(run)),
    ]


AUGMENTED = ("--flip", "--random-crop", "--cutout", "--mixup")


def test_run_folder_is_runs_train_unless_said() -> None:
    args = _parsed(
        "--model", "small_resnet", "--dataset", "glyphs", "--resolution", "96"
    )
    assert args.run == Path("runs/train")
    assert (args.epochs, args.batch, args.seed, args.alpha) == (6, 64, 1, 1.0)


def test_the_defaults_are_those_that_made_the_packaged_weights() -> None:
    args = _parsed(
        "--model", "small_resnet", "--dataset", "glyphs", "--resolution", "96"
    )
    assert (args.schedule, args.label_smoothing, args.weight_decay) == (
        "cosine",
        0.05,
        None,
    )
    assert (args.flip, args.random_crop, args.cutout, args.mixup) == (False, 0, 0, 0)


def test_flags_of_augmentation_have_usual_parts() -> None:
    words = ("--model", "m", "--dataset", "d", "--resolution", "32")
    args = _parsed(*words, "--random-crop", "--cutout", "--mixup")
    assert (args.random_crop, args.cutout, args.mixup) == (0.125, 0.5, 0.2)


@pytest.mark.parametrize("wrong", ["x", "32,", "0"])
def test_resolutions_that_are_none_are_refused(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^resolutions="):
        verb.run(_parsed(*_words(tmp_path), "--resolution", wrong))


def test_tensorboard_that_is_not_installed_is_said_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(InputError, match="tensorboard is not installed"):
        verb.run(_parsed(*_words(tmp_path), "--tensorboard"))


@pytest.mark.slow
def test_several_resolutions_train_one_model_each(tmp_path: Path) -> None:
    from keras_models.loading import ModelChoice, load

    words = [*_words(tmp_path), "--resolution", "16,24", "--epochs", "1"]
    assert verb.run(_parsed(*words, "--limit", "64", "--flip", "--mixup")) == 0
    for resolution in (16, 24):
        folder = tmp_path / str(resolution)
        facts = json.loads((folder / "small_resnet.json").read_text())
        assert facts["native"] == resolution
        assert (folder / "history.svg").exists()
        loaded = load(
            ModelChoice(model="small_resnet", weights=str(folder / "small_resnet.npz"))
        )
        assert (loaded.native, loaded.classes) == (resolution, 36)


def _folders(root: Path) -> str:
    """Two splits of two classes, twelve pictures each."""
    for split in ("train", "validation"):
        for label, name in enumerate(("dark", "light")):
            for index in range(6):
                path = root / split / name / f"{split}{index}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                shade = 60 + 120 * label + index
                Image.new("RGB", (32, 32), (shade, shade, shade)).save(path)
    return f"folder:{root}"


def test_a_split_of_its_own_chooses_the_epoch(tmp_path: Path) -> None:
    run = tmp_path / "run"
    words = ["--model", "small_resnet", "--dataset", _folders(tmp_path / "pictures")]
    words += ["--resolution", "32", "--epochs", "1", "--batch", "4", "--run", str(run)]
    assert verb.run(_parsed(*words, "--validation", "validation")) == 0
    facts = json.loads((run / "small_resnet.json").read_text())
    assert facts["images"] == 12  # none was held out of the training split
    settings = json.loads((run / "settings.json").read_text())
    assert settings["validation"] == "validation"


def test_a_training_from_weights_records_what_made_them(tmp_path: Path) -> None:
    words = ["--model", "small_resnet", "--dataset", _folders(tmp_path / "pictures")]
    words += ["--epochs", "1", "--batch", "4", "--validation", "validation"]
    first, second = tmp_path / "first", tmp_path / "second"
    assert verb.run(_parsed(*words, "--resolution", "16", "--run", str(first))) == 0
    words += ["--resolution", "32", "--run", str(second), "--start"]
    assert verb.run(_parsed(*words, str(first / "small_resnet.npz"))) == 0
    facts = json.loads((second / "small_resnet.json").read_text())
    assert (facts["native"], facts["started_from"]["native"]) == (32, 16)
    assert facts["started_from"]["log"][0].startswith("epoch,")
    assert facts["started_from"]["started_from"] == "random weights"
    with pytest.raises(InputError, match="no such file"):
        verb.run(_parsed(*words, str(tmp_path / "none.npz")))


@pytest.mark.parametrize("split", ["train", "train[:4]"])
def test_pictures_to_train_on_do_not_choose_the_epoch(
    split: str, tmp_path: Path
) -> None:
    words = ["--model", "small_resnet", "--dataset", _folders(tmp_path / "pictures")]
    words += ["--resolution", "32", "--run", str(tmp_path / "run")]
    with pytest.raises(InputError, match=r"of its pictures are in --split train too"):
        verb.run(_parsed(*words, "--validation", split))


def test_unknown_model_and_data_set_are_refused(tmp_path: Path) -> None:
    words = _words(tmp_path)
    with pytest.raises(InputError, match="letters"):
        verb.run(_parsed(*words, "--dataset", "letters"))
    with pytest.raises(InputError, match="lenet"):
        verb.run(_parsed(*words, "--model", "lenet"))


@pytest.mark.slow
def test_a_run_killed_with_sigkill_goes_on_when_repeated(tmp_path: Path) -> None:
    """Killed amid the second of three epochs; repeated, it ends as if undisturbed."""
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    program = (
        "import sys; from keras_models.framework import quiet; quiet();"
        "import argparse; from commands import train;"
        "p = argparse.ArgumentParser(); train.add_flags(p);"
        "sys.exit(train.run(p.parse_args()))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, *_words(killed), *AUGMENTED],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    metadata = killed / "resume" / "training_metadata.json"
    end = time.monotonic() + 120
    while process.poll() is None and not _is_whole(metadata):
        assert time.monotonic() < end, "no epoch ended in two minutes"
        time.sleep(0.01)
    time.sleep(0.1)  # into the next epoch
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (killed / "small_resnet.npz").exists()

    assert verb.run(_parsed(*_words(killed), *AUGMENTED)) == 0
    assert verb.run(_parsed(*_words(whole), *AUGMENTED)) == 0
    with (
        np.load(killed / "small_resnet.npz") as resumed,
        np.load(whole / "small_resnet.npz") as undisturbed,
    ):
        assert resumed.files == undisturbed.files
        for name in resumed.files:
            np.testing.assert_allclose(
                resumed[name], undisturbed[name], rtol=1e-3, atol=1e-4
            )
    facts = json.loads((killed / "small_resnet.json").read_text())
    assert (facts["native"], facts["classes"], facts["images"]) == (32, 36, 256)
    assert [line.split(",")[0] for line in facts["log"]] == ["epoch", "0", "1", "2"]


def _is_whole(metadata: Path) -> bool:
    return metadata.exists() and metadata.read_text().endswith("}")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "alpha", "file", "least"),
    [
        ("mobilenet_v2", 0.35, "mobilenet_v2_0.35", 0.93),
        ("small_resnet", 1.0, "small_resnet", 0.95),
    ],
)
def test_packaged_weights_read_glyphs(
    model: str, alpha: float, file: str, least: float
) -> None:
    """On 300 test pictures, whose fonts no training picture has; chance is 0.03."""
    from keras_models.catalogue import build
    from keras_models.normalisation import normalise
    from keras_models.opening.weight_files import load_weights
    from keras_models.training.train import in_memory

    facts = json.loads((PACKAGED / f"{file}.json").read_text())
    built = build(model, facts["native"], facts["classes"], alpha)
    load_weights(built, PACKAGED / f"{file}.npz")
    pictures = in_memory(glyphs("test").limited(300), 96, Preprocessing())
    scores = built.predict(normalise(pictures.pixels, "tf"), verbose=0)
    assert np.mean(scores.argmax(axis=1) == pictures.labels) >= least
