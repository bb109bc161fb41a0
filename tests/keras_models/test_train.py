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
from keras_models import train
from keras_models.architectures.small_resnet import small_resnet
from keras_models.loading import load_weights
from keras_models.train import Pictures, Settings


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


def test_a_run_killed_in_the_second_epoch_ends_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _small_model()
    accuracy = train.train(
        whole, _colours(64), _colours(12), SETTINGS, tmp_path / "whole"
    )

    class KilledError(Exception):
        pass

    class KilledBatches(train.Batches):
        epoch = 0

        def begin(self, epoch: int) -> None:
            self.epoch = epoch
            super().begin(epoch)

        def __getitem__(
            self, index: int
        ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
            if self.epoch == 1 and index == 4:
                raise KilledError
            return super().__getitem__(index)

    with monkeypatch.context() as patch:
        patch.setattr(train, "Batches", KilledBatches)
        with pytest.raises(Exception, match="KilledError"):
            train.train(
                _small_model(), _colours(64), _colours(12), SETTINGS, tmp_path / "cut"
            )
    assert (tmp_path / "cut" / "resume").exists()
    resumed = _small_model()
    again = train.train(resumed, _colours(64), _colours(12), SETTINGS, tmp_path / "cut")
    assert again == accuracy
    for ours, theirs in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    assert _epochs(tmp_path / "cut") == _epochs(tmp_path / "whole") == ["0", "1", "2"]
    assert not (tmp_path / "cut" / "resume").exists()


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
        batches = train.Batches(pictures, Settings(batch=5))
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
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
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
