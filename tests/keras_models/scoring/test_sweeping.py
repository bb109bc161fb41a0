"""Sweeps: what is computed, once; that engines agree; what is refused."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datasets.catalogue import open_dataset
from datasets.dataset import Dataset
from datasets.errors import InputError
from datasets.preprocessing import Preprocessing
from keras_models.loading import ModelChoice, load
from keras_models.pretrained import Pretrained
from keras_models.scoring.engines import float_flatbuffer
from keras_models.scoring.score_records import SHARD
from keras_models.scoring.scores import ScoreStore
from keras_models.scoring.sweeping import SweepOptions, sweep

WHOLE = Preprocessing(crop=1.0)


@pytest.fixture(scope="module")
def source() -> Pretrained:
    return load(ModelChoice(model="small_resnet", weights="random", classes=4, seed=3))


def _pictures(folder: Path, count: int, broken: tuple[int, ...] = ()) -> Dataset:
    generator = np.random.default_rng(0)
    with (folder / "labels.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "class_index"])
        for index in range(count):
            pixels = generator.integers(0, 255, (40, 50, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{index:04d}.png")
            writer.writerow([f"{index:04d}.png", index % 4])
    for index in broken:
        (folder / f"{index:04d}.png").write_bytes(b"")
    return open_dataset(f"csv:{folder / 'labels.csv'}")


@pytest.mark.parametrize("resolution", [96, 33])
def test_engines_agree(tmp_path: Path, source: Pretrained, resolution: int) -> None:
    dataset = _pictures(tmp_path, 5)
    scores = [
        sweep(
            source,
            dataset,
            [resolution],
            [WHOLE],
            ScoreStore(tmp_path / engine),
            SweepOptions(engine),
        )[0].scores
        for engine in ("litert", "keras")
    ]
    assert np.abs(scores[0] - scores[1]).max() < 1e-4


def test_nothing_is_computed_twice(
    tmp_path: Path, source: Pretrained, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = _pictures(tmp_path, SHARD + 3)
    store = ScoreStore(tmp_path / "run")
    first = sweep(source, dataset, [32], [WHOLE], store, SweepOptions())[0]
    (store.folder(first.meta) / "00001.npy").unlink()
    read: list[int] = []
    plain = Dataset.read

    def noted(dataset: Dataset, index: int) -> bytes:
        read.append(index)
        return plain(dataset, index)

    monkeypatch.setattr(Dataset, "read", noted)
    again = sweep(source, dataset, [32], [WHOLE], store, SweepOptions())[0]
    assert set(read) == {SHARD, SHARD + 1, SHARD + 2}
    assert np.array_equal(first.scores, again.scores)


def test_a_new_resolution_leaves_the_old_alone(
    tmp_path: Path, source: Pretrained
) -> None:
    dataset = _pictures(tmp_path, 6)
    store = ScoreStore(tmp_path / "run")
    first = sweep(source, dataset, [32], [WHOLE], store, SweepOptions())[0]
    shard = store.folder(first.meta) / "00000.npy"
    written = shard.stat().st_mtime_ns
    both = sweep(source, dataset, [40, 32], [WHOLE], store, SweepOptions())
    assert [rung.rung for rung in both] == ["small_resnet@40", "small_resnet@32"]
    assert shard.stat().st_mtime_ns == written


def test_unreadable_pictures_are_counted_and_named(
    tmp_path: Path, source: Pretrained
) -> None:
    dataset = _pictures(tmp_path, 6, broken=(1, 4))
    store = ScoreStore(tmp_path / "run")
    with pytest.raises(InputError, match=r"2 of 6 unreadable: 0001\.png .*0004\.png"):
        sweep(source, dataset, [32], [WHOLE], store, SweepOptions())
    stored = sweep(source, dataset, [32], [WHOLE], store, SweepOptions("auto", 2))[0]
    assert stored.ids == ("0000.png", "0002.png", "0003.png", "0005.png")
    assert stored.labels.tolist() == [0, 2, 3, 1]


def test_changed_pixels_are_never_served_old_scores(
    tmp_path: Path, source: Pretrained
) -> None:
    dataset = _pictures(tmp_path, 4)
    store = ScoreStore(tmp_path / "run")
    first = sweep(source, dataset, [32], [WHOLE], store, SweepOptions())[0]
    Image.new("RGB", (40, 40), "red").save(tmp_path / "0002.png")
    changed = open_dataset(dataset.name)
    second = sweep(source, changed, [32], [WHOLE], store, SweepOptions())[0]
    assert not np.array_equal(first.scores[2], second.scores[2])
    assert np.array_equal(first.scores[3], second.scores[3])


def test_labels_without_a_class_are_refused(tmp_path: Path) -> None:
    source = load(ModelChoice(model="small_resnet", weights="random", classes=2))
    with pytest.raises(InputError, match=r"a label is 3, .* has 2 classes"):
        sweep(
            source,
            _pictures(tmp_path, 4),
            [32],
            [WHOLE],
            ScoreStore(tmp_path / "run"),
            SweepOptions(),
        )


def test_an_engine_that_disagrees_is_not_trusted(
    tmp_path: Path, source: Pretrained, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = load(ModelChoice(model="small_resnet", weights="random", classes=4, seed=9))
    wrong = float_flatbuffer(other.model)
    monkeypatch.setattr(
        "keras_models.scoring.sweeping.checked_flatbuffer", lambda _, __: wrong
    )
    with pytest.raises(InputError, match=r"differ by .* `engine=keras`"):
        sweep(
            source,
            _pictures(tmp_path, 4),
            [96],
            [WHOLE],
            ScoreStore(tmp_path / "run"),
            SweepOptions("litert"),
        )
