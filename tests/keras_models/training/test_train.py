"""Training: it learns, it goes on after a kill, and its weights survive packing."""

import io
from pathlib import Path

import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from datasets.dataset import Dataset
from datasets.errors import InputError
from datasets.preprocessing import Preprocessing
from keras_models.architectures.small_resnet import small_resnet
from keras_models.opening.weight_files import load_weights
from keras_models.training import train
from keras_models.training.callbacks import epochs_done
from keras_models.training.data import BatchRule, mixed_up
from keras_models.training.graph import (
    Augmentation,
    augmented,
    precision,
    schedule,
    scores_in_float32,
)
from keras_models.training.train import Pictures, Settings
from tests.keras_models.training.killed import KilledBatches


def _colours(count: int) -> Pictures:
    """Red is class 0, green 1, blue 2, with noise: easy to learn."""
    random = np.random.default_rng(5)
    labels = np.arange(count) % 3
    pixels = random.integers(0, 80, (count, 16, 16, 3))
    pixels[np.arange(count), :, :, labels] += 120
    return Pictures(pixels.astype(np.uint8), labels, 3)


def _small_model() -> keras.Model:
    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            keras.layers.Conv2D(4, 3, strides=2),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(3, activation="softmax"),
        ],
        name="tiny",
    )


SETTINGS = Settings(epochs=3, batch=8, learning_rate=0.03, seed=4)


def test_it_learns_colours(tmp_path: Path) -> None:
    model = _small_model()
    settings = Settings(epochs=12, batch=8, learning_rate=0.03)
    accuracy = train.train(model, _colours(96), _colours(30), settings, tmp_path)
    assert accuracy > 0.9  # chance is 0.33
    scores = model.predict(_colours(30).pixels / 127.5 - 1, verbose=0)
    assert np.mean(scores.argmax(axis=1) == _colours(30).labels) == accuracy


def _run(folder: Path, settings: Settings) -> list[NDArray[np.float32]]:
    model = _small_model()
    train.train(model, _colours(64), _colours(12), settings, folder)
    weights: list[NDArray[np.float32]] = model.get_weights()
    return weights


def _killed(folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(train, "Batches", KilledBatches)
        with pytest.raises(Exception, match="_KilledError"):
            _run(folder, settings)
    assert (folder / "resume" / "latest.weights.h5").exists()


def _assert_alike(
    ours: list[NDArray[np.float32]], theirs: list[NDArray[np.float32]]
) -> None:
    for here, there in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(here, there, rtol=1e-5, atol=1e-6)


EVERYTHING = Settings(
    epochs=3,
    batch=8,
    learning_rate=0.03,
    seed=4,
    optimizer="sgd",
    schedule="one-cycle",
    mixup=0.2,
    augmentation=Augmentation(flip=True, random_crop=0.125, cutout=0.5),
)


@pytest.mark.parametrize("settings", [SETTINGS, EVERYTHING], ids=["plain", "all"])
def test_a_run_killed_in_the_second_epoch_ends_with_the_same_weights(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _run(tmp_path / "whole", settings)
    _killed(tmp_path / "cut", settings, monkeypatch)
    _assert_alike(_run(tmp_path / "cut", settings), whole)
    assert _epochs(tmp_path / "cut") == _epochs(tmp_path / "whole") == ["0", "1", "2"]
    assert not (tmp_path / "cut" / "resume").exists()


def test_killed_between_weights_and_their_epochs_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The weights themselves say how many steps they have behind them."""
    whole = _run(tmp_path / "whole", SETTINGS)
    _killed(tmp_path / "cut", SETTINGS, monkeypatch)
    metadata = tmp_path / "cut" / "resume" / "training_metadata.json"
    metadata.write_text('{"epoch": 0, "batch": 0}')
    _assert_alike(_run(tmp_path / "cut", SETTINGS), whole)
    assert _epochs(tmp_path / "cut") == ["0", "1", "2"]


def test_killed_between_the_logs_line_and_the_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The epoch is done again: its line stands once, its best weights are whole."""
    _killed(tmp_path / "cut", SETTINGS, monkeypatch)
    log = tmp_path / "cut" / "log.csv"
    log.write_text(
        "epoch,accuracy,loss,val_accuracy,val_loss\n0,0,9,0,9\n1,0,9,1.5,9\n"
    )
    (tmp_path / "cut" / "best.weights.h5").write_bytes(b"torn")  # by epoch 1
    assert all(np.isfinite(value).all() for value in _run(tmp_path / "cut", SETTINGS))
    assert _epochs(tmp_path / "cut") == ["0", "1", "2"]


def test_a_torn_backup_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "latest.weights.h5").write_bytes(b"torn")
    with pytest.raises(InputError, match="begin anew"):
        epochs_done(tmp_path, 8)
    assert epochs_done(tmp_path / "none", 8) == 0


def _images(resolution: int = 16) -> NDArray[np.float32]:
    random = np.random.default_rng(1)
    return random.uniform(0.5, 1.0, (32, resolution, resolution, 3)).astype(np.float32)


def _changed(how: Augmentation, images: NDArray[np.float32]) -> NDArray[np.float32]:
    image = keras.Input(images.shape[1:])
    same = keras.Model(image, keras.layers.Identity()(image))
    model = augmented(same, how)
    untouched = np.asarray(model(images, training=False))
    np.testing.assert_array_equal(untouched, images)
    return np.asarray(model(images, training=True))


def test_flip_mirrors_about_half_of_the_pictures() -> None:
    images = _images()
    after = _changed(Augmentation(flip=True), images)
    mirrored = [
        np.array_equal(a, b[:, ::-1]) for a, b in zip(after, images, strict=True)
    ]
    kept = [np.array_equal(a, b) for a, b in zip(after, images, strict=True)]
    assert 6 < sum(mirrored) < 26
    assert sum(mirrored) + sum(kept) == 32


def test_random_crop_shifts_each_picture_by_whole_pixels() -> None:
    """By up to 2 of 16; where the picture ends there are zeros."""
    images = _images()
    after = _changed(Augmentation(random_crop=0.125), images)
    shifts = set()
    for picture, shifted in zip(images, after, strict=True):
        padded = np.pad(picture, ((2, 2), (2, 2), (0, 0)))
        found = [
            (down, across)
            for down in range(5)
            for across in range(5)
            if np.allclose(padded[down : down + 16, across : across + 16], shifted)
        ]
        assert len(found) == 1
        shifts.add(found[0])
    assert len(shifts) > 8


def test_cutout_makes_one_hole_of_half_the_side() -> None:
    after = _changed(Augmentation(cutout=0.5), _images())
    for picture in after:
        down, across = np.where((picture == 0).all(axis=-1))
        assert down.size == 64
        assert np.ptp(down) == np.ptp(across) == 7


def test_mixup_blends_pictures_and_labels_alike() -> None:
    """Pictures of one level each, so that the blend can be read off them."""
    levels = np.arange(16, dtype=np.float32)
    images = np.broadcast_to(levels[:, None, None, None], (16, 4, 4, 3)).copy()
    labels = np.eye(16, dtype=np.float32)
    mixed, blended = mixed_up(images, labels, 0.4, seed=5)
    np.testing.assert_allclose(blended.sum(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(blended @ levels, mixed[:, 0, 0, 0], rtol=1e-4)
    assert (blended.max(axis=1) < 0.95).sum() > 0
    again, _ = mixed_up(images, labels, 0.4, seed=5)
    other, _ = mixed_up(images, labels, 0.4, seed=6)
    assert np.array_equal(mixed, again)
    assert not np.array_equal(mixed, other)


@pytest.mark.parametrize(
    ("name", "first", "peak", "last"),
    [("cosine", 0.1, 100, 0.0), ("one-cycle", 1 / 25, 300, 1 / 250_000)],
)
def test_schedules_rise_to_the_highest_rate_and_fall(
    name: str, first: float, peak: int, last: float
) -> None:
    """one-cycle: 0.3, 25 and 1e4 are the defaults of torch's OneCycleLR."""
    rate = schedule(name, 2.0, 1000)
    assert float(rate(0)) == pytest.approx(2.0 * first)
    assert float(rate(peak)) == pytest.approx(2.0)
    assert float(rate(1000)) == pytest.approx(2.0 * last, abs=1e-6)
    halfway = (peak + 1000) // 2
    assert float(rate(halfway)) == pytest.approx(1.0 + last, abs=0.01)


def test_mixed_precision_keeps_weights_and_scores_in_float32(tmp_path: Path) -> None:
    with precision("bfloat16") as used:
        model = _small_model()
        scores_in_float32(model)
        scores = model(np.zeros((2, 16, 16, 3), np.float32))
        assert used == "bfloat16"
        assert keras.backend.standardize_dtype(scores.dtype) == "float32"
        assert model.layers[0].compute_dtype == "bfloat16"
        assert {v.dtype for v in model.trainable_variables} == {"float32"}
        settings = Settings(epochs=8, batch=8, learning_rate=0.03, precision=used)
        accuracy = train.train(model, _colours(96), _colours(30), settings, tmp_path)
    assert accuracy > 0.8
    assert keras.config.dtype_policy().name == "float32"


def _epochs(run: Path) -> list[str]:
    lines = (run / "log.csv").read_text().splitlines()[1:]
    return [line.split(",")[0] for line in lines]


def test_an_unfinished_run_refuses_other_settings(tmp_path: Path) -> None:
    resume = tmp_path / "resume"
    resume.mkdir()
    (resume / "training_metadata.json").write_text('{"epoch": 1, "batch": 0}')
    (tmp_path / "settings.json").write_text('{"epochs": 99}')
    with pytest.raises(InputError, match="unfinished training"):
        train.train(_small_model(), _colours(64), _colours(12), SETTINGS, tmp_path)


def test_an_epochs_order_is_a_permutation_of_its_own() -> None:
    pictures = Pictures(np.zeros((20, 16, 16, 3), np.uint8), np.arange(20), 20)
    orders = []
    for epoch in (0, 1, 0):
        batches = train.Batches(pictures, BatchRule(5, seed=1, normalisation="tf"))
        batches.begin(epoch)
        answers = [batches[index][1] for index in range(len(batches))]
        orders.append(np.concatenate(answers).argmax(axis=1).tolist())
    assert sorted(orders[0]) == list(range(20))
    assert orders[0] == orders[2] != orders[1]


def test_hold_out_shares_nothing_and_loses_nothing() -> None:
    training, held = train.hold_out(200, 0.05, seed=1)
    assert len(held) == 10
    assert sorted([*training, *held]) == list(range(200))
    with pytest.raises(InputError, match="at least one"):
        train.hold_out(10, 0.01, seed=1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"batch": 0},
        {"validation": 0.0},
        {"validation": 1.0},
        {"learning_rate": 0.0},
        {"label_smoothing": 1.0},
        {"mixup": 2.0},
        {"weight_decay": -1.0},
        {"augmentation": Augmentation(cutout=1.5)},
        {"schedule": "steps"},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match="expected"):
        Settings(**wrong)  # type: ignore[arg-type]


def _png(level: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (level, 0, 0)).save(file, "PNG")
    return file.getvalue()


def test_in_memory_holds_pictures_in_their_order() -> None:
    dataset = Dataset(
        "levels", "train", [str(i) for i in range(250)], [0] * 250, ["red"], _png, ""
    )
    held = train.in_memory(dataset, 4, Preprocessing())
    assert held.pixels.shape == (250, 4, 4, 3)
    assert held.pixels[:, 0, 0, 0].tolist() == list(range(250))


def test_in_memory_names_pictures_that_cannot_be_read() -> None:
    dataset = Dataset(
        "broken", "train", ["fine", "bad"], [0, 0], ["red"],
        lambda index: b"no picture" if index else _png(9), "",
    )  # fmt: skip
    with pytest.raises(InputError, match="bad"):
        train.in_memory(dataset, 4, Preprocessing())


def test_packed_weights_are_those_of_the_model_to_float16(tmp_path: Path) -> None:
    model = _small_model()
    wild = model.get_weights()
    wild[0] = wild[0] * 0 + np.float32(1e6)  # beyond float16, whose end is 65,504
    model.set_weights(wild)
    train.pack(model, tmp_path / "tiny.npz")
    back = _small_model()
    load_weights(back, tmp_path / "tiny.npz")
    for ours, theirs in zip(back.get_weights(), wild, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2**-11, atol=2**-24)
    with np.load(tmp_path / "tiny.npz") as arrays:
        kinds = [arrays[name].dtype for name in arrays.files]
    assert kinds[0] == np.float32
    assert set(kinds[1:]) == {np.dtype(np.float16)}


@pytest.mark.parametrize("resolution", [96, 80, 64, 48, 40, 33, 32])
def test_small_resnet_has_the_same_tensors_at_every_resolution(resolution: int) -> None:
    model = small_resnet(resolution, 36)
    assert model.output_shape == (None, 36)
    assert model.count_params() == _PARAMETERS


# By hand. Convolutions: stem 3*9*24; stage 1 24*24*(1 + 4*9); stage 2 24*48 + 24*48*9 +
# 3*48*48*9; stage 3 48*96 + 48*96*9 + 3*96*96*9. Norms: 4 numbers a filter, stem 24,
# stage 1 5*24, stage 2 5*48, stage 3 5*96. The last layer: 96*36 + 36.
_CONVOLUTIONS = (
    648 + 576 * 37 + 1_152 * 10 + 3 * 20_736 + 4_608 * 10 + 3 * 82_944
)  # fmt: skip
_PARAMETERS = _CONVOLUTIONS + 4 * (24 + 120 + 240 + 480) + 96 * 36 + 36
