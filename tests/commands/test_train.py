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
from numpy.typing import NDArray
from PIL import Image

import commands
from commands import train as verb
from datasets.errors import InputError
from datasets.glyphs import glyphs
from datasets.preprocessing import Preprocessing

Floats = NDArray[np.float32]
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


class _KilledError(Exception):
    pass


def _file(path: Path, name: str = "small_resnet") -> Path:
    """A model file of two classes at 32 pixels, its weights drawn at random."""
    import keras

    from keras_models.catalogue import build

    keras.utils.set_random_seed(6)
    build(name, 32, 2).save(path)
    return path


def _changing(tmp_path: Path, file: Path) -> list[str]:
    words = ["--model", str(file), "--dataset", _folders(tmp_path / "pictures")]
    words += ["--resolution", "32", "--epochs", "2", "--batch", "4", "--flip"]
    return [*words, "--validation", "validation", "--change", "separable"]


def test_a_changed_file_is_trained_from_its_parents_answers(tmp_path: Path) -> None:
    """What it leaves is opened without a flag, and does not lean on a moved record."""
    from keras_models.loading import ModelChoice, load

    words = [*_changing(tmp_path, _file(tmp_path / "mine.keras")), "--distil", "parent"]
    assert verb.run(_parsed(*words, "--run", str(tmp_path / "run"))) == 0
    left = tmp_path / "run" / "small_resnet_separable.keras"
    facts = json.loads(left.with_suffix(".json").read_text())
    assert (facts["change"], facts["native"], facts["class_names"]) == (
        "separable",
        32,
        ["dark", "light"],
    )
    assert facts["started_from"]["file"] == "mine.keras"
    assert facts["distilling"]["temperature"] == 4.0
    assert 0 <= facts["teachers_validation_accuracy"] <= 1
    assert "tensors kept" in facts["changes"][0]
    loaded = load(ModelChoice(model=str(left)))
    assert (loaded.normalisation, loaded.native, loaded.classes) == ("tf", 32, 2)
    assert "as the record of its training says" in " ".join(loaded.remarks)
    left.with_suffix(".json").write_text(json.dumps(facts | {"sha256": "another"}))
    with pytest.raises(InputError, match="Say it: `normalisation"):
        load(ModelChoice(model=str(left)))
    again = load(ModelChoice(model=str(left), normalisation="tf"))
    assert "as asked" in " ".join(again.remarks)


def test_a_killed_training_after_a_change_ends_as_if_undisturbed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keras_models.opening.model_files import read_model
    from keras_models.training import train

    class Killed(train.Batches):
        epoch = 0

        def begin(self, epoch: int) -> None:
            self.epoch = epoch
            super().begin(epoch)

        def __getitem__(self, index: int) -> tuple[Floats, Floats]:
            if self.epoch == 1 and index == 1:
                raise _KilledError
            return super().__getitem__(index)

    file = _file(tmp_path / "mine.keras")
    words = [
        *_changing(tmp_path, file),
        "--distil",
        str(_file(tmp_path / "other.keras")),
    ]
    with monkeypatch.context() as patch:
        patch.setattr(train, "Batches", Killed)
        with pytest.raises(Exception, match="_KilledError"):
            verb.run(_parsed(*words, "--run", str(tmp_path / "cut")))
    assert (tmp_path / "cut" / "resume" / "latest.weights.h5").exists()
    with pytest.raises(InputError, match="unfinished training"):
        verb.run(_parsed(*words, "--temperature", "2", "--run", str(tmp_path / "cut")))
    for run in ("cut", "whole"):
        assert verb.run(_parsed(*words, "--run", str(tmp_path / run))) == 0
    cut, whole = (
        read_model(tmp_path / run / "small_resnet_separable.keras").get_weights()
        for run in ("cut", "whole")
    )
    for here, there in zip(cut, whole, strict=True):
        np.testing.assert_allclose(here, there, rtol=1e-4, atol=1e-5)


def test_packaged_weights_are_begun_with_by_name(tmp_path: Path) -> None:
    from commands import train_model

    words = ["--model", "resnet20", "--dataset", "d", "--resolution", "32"]
    begins = train_model.beginning(_parsed(*words, "--start", "cifar10"))
    assert begins.start is not None
    assert begins.start.name == "resnet20.npz"
    assert (begins.name, begins.whole) == ("resnet20", False)
    changed = _parsed(*words, "--start", "cifar10", "--change", "ghost+excitation")
    begins = train_model.beginning(changed)
    assert (begins.name, begins.whole) == ("resnet20_ghost_excitation", True)
    with pytest.raises(InputError, match="weights"):
        train_model.beginning(_parsed(*words, "--start", "glyphs"))
    del tmp_path


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--change", "pruned"], "separable"),
        (["--temperature", "2"], "expected `distil` too"),
        (["--distil-weight", "0.5"], "expected `distil` too"),
        (["--distil", "parent"], "expected `change`"),
        (["--distil", "parent", "--change", "ghost"], "trained weights"),
        (["--distil", "none.keras"], "no such file"),
        (["--normalisation", "tf"], "model file alone"),
        (["--change", "gap"], "flattens no map"),
        (["--distil-weight", "2", "--distil", "FILE"], "up to 1"),
        (["--distil", "FILE", "--resolution", "16"], "network of 32 pixels"),
        (["--model", "GLYPHS"], "2 classes .*, small_resnet has 36"),
        (["--model", "FILE", "--precision", "bfloat16"], "trains in float32"),
    ],
)
def test_what_does_not_go_together_is_refused(
    words: list[str], error: str, tmp_path: Path
) -> None:
    """Before any picture is read, in one line."""
    from keras_models.catalogue import build

    if "FILE" in words:
        words[words.index("FILE")] = str(_file(tmp_path / "mine.keras"))
    if "GLYPHS" in words:
        words[words.index("GLYPHS")] = str(tmp_path / "glyphs.keras")
        build("small_resnet", 32, 36).save(tmp_path / "glyphs.keras")
    given = ["--model", "small_resnet", "--dataset", _folders(tmp_path / "pictures")]
    given += ["--resolution", "32", "--epochs", "1", "--run", str(tmp_path / "run")]
    given += ["--validation", "validation"]
    with pytest.raises(InputError, match=error) as refusal:
        verb.run(_parsed(*given, *words))
    assert len(str(refusal.value).splitlines()) == 1
    assert not (tmp_path / "run" / "settings.json").exists()


@pytest.mark.parametrize("split", ["train", "train[:4]"])
def test_pictures_to_train_on_do_not_choose_the_epoch(
    split: str, tmp_path: Path
) -> None:
    words = ["--model", "small_resnet", "--dataset", _folders(tmp_path / "pictures")]
    words += ["--resolution", "32", "--run", str(tmp_path / "run")]
    with pytest.raises(InputError, match=r"of its pictures are in `split=train` too"):
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
