"""The store: whole shards, no stale scores, one line for what is wrong."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datasets.errors import InputError
from keras_models.accuracy import correct
from keras_models.scoring.score_records import SHARD, RungMeta
from keras_models.scoring.scores import ScoreStore
from keras_models.scoring.stored_scores import load_rungs

META = RungMeta(
    rung="small@32",
    model="small",
    weights="random",
    weights_sha256="w" * 64,
    resolution=32,
    classes=3,
    recipe="float32",
    engine="keras",
    normalisation="tf",
    preprocessing={"crop": "1.0"},
    dataset="folder:x",
    split="all",
    fingerprint="f" * 64,
    images=SHARD + 2,
    macs=10,
    parameters=5,
    size_bytes=20,
    uncounted=(),
)


def _store(folder: Path, meta: RungMeta = META, value: float = 0.5) -> ScoreStore:
    store = ScoreStore(folder)
    ids = tuple(f"{index}.png" for index in range(meta.images))
    labels = np.arange(meta.images) % 3
    store.write_dataset(
        meta.fingerprint, meta.dataset, meta.split, ids, labels, ("a", "b", "c")
    )
    for shard, size in ((0, SHARD), (1, 2)):
        store.write_shard(meta, shard, np.full((size, 3), value, np.float32))
    return store


def test_reads_back_what_was_written(tmp_path: Path) -> None:
    stored = _store(tmp_path).load(META)
    assert stored.scores.shape == (SHARD + 2, 3)
    assert stored.ids[-1] == f"{SHARD + 1}.png"
    assert load_rungs(tmp_path)["small@32"].macs == 10


@pytest.mark.parametrize(
    "change",
    [
        {"weights_sha256": "x" * 64},
        {"preprocessing": {"crop": "0.75"}},
        {"fingerprint": "e" * 64},
        {"resolution": 33},
        {"engine": "keras 9"},
        {"normalisation": "caffe"},
        {"recipe": "float16"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_anything_that_changes_scores_changes_the_key(
    tmp_path: Path, change: dict[str, object]
) -> None:
    store = _store(tmp_path)
    other = replace(META, **change)  # type: ignore[arg-type]
    assert other.key != META.key
    assert store.missing(other) == [0, 1]


def test_unreadable_rows_are_left_out_and_told(tmp_path: Path) -> None:
    store = _store(tmp_path)
    scores = np.full((2, 3), 0.5, np.float32)
    scores[1] = np.nan
    store.write_shard(META, 1, scores)
    store.write_unreadable(META.fingerprint, {SHARD + 1: "truncated"})
    store.write_unreadable(META.fingerprint, {})
    stored = store.load(META)
    assert len(stored.ids) == len(stored.labels) == len(stored.scores) == SHARD + 1
    assert store.unreadable(META.fingerprint) == {SHARD + 1: "truncated"}


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_scores_that_are_not_finite_are_no_unreadable_pictures(
    tmp_path: Path, value: float
) -> None:
    """Refused by rung, count and id; or wrong answers, of as many images as ever."""
    store = _store(tmp_path)
    scores = np.full((2, 3), 0.25, np.float32)
    scores[1, 2] = value
    store.write_shard(META, 1, scores)
    line = rf"small@32: the scores of 1 of 130 images .*: {SHARD + 1}\.png"
    for refused in (lambda: store.load(META), lambda: load_rungs(tmp_path)):
        with pytest.raises(InputError, match=line):
            refused()
    stored = store.load(META, "wrong")
    assert (len(stored.ids), stored.nonfinite) == (SHARD + 2, 1)
    assert np.isfinite(stored.scores).all()
    assert stored.scores[-1].sum() == pytest.approx(1)
    assert stored.scores[-1].argmax() != stored.labels[-1]
    for k in (1, 2):
        assert not correct(stored.scores[-1:], stored.labels[-1:], k).any()


def test_no_answer_is_wrong_only_where_the_label_is_known(tmp_path: Path) -> None:
    """A class put in its place could agree with the reference's: no loss, it seems."""
    for label, said in (
        (-1, "1 images have neither finite scores nor a label"),
        (2, ""),
    ):
        folder = tmp_path / str(label)
        store = ScoreStore(folder)
        labels = np.zeros(META.images, np.int64)
        labels[0] = label
        ids = tuple(f"{number}.png" for number in range(META.images))
        store.write_dataset(META.fingerprint, META.dataset, META.split, ids, labels,
                            ("a", "b", "c"))  # fmt: skip
        for shard, count in enumerate((SHARD, META.images - SHARD)):
            scores = np.full((count, 3), 1 / 3, np.float32)
            scores[: 1 - shard] = np.nan  # the first image alone
            store.write_shard(META, shard, scores)
        if said:
            with pytest.raises(InputError, match=said):
                store.load(META, "wrong")
        else:
            assert store.load(META, "wrong").scores[0].tolist() == [0.5, 0.5, 0]


def test_every_rung_holds_the_same_images(tmp_path: Path) -> None:
    """A picture unreadable to one sweep is left out of all rungs, NaN or not."""
    store = _store(tmp_path)
    other = replace(META, rung="small@24", resolution=24)
    _store(tmp_path, other)
    store.write_unreadable(META.fingerprint, {3: "truncated"})
    rungs = load_rungs(tmp_path)
    assert {len(rung.ids) for rung in rungs.values()} == {SHARD + 1}
    assert all("3.png" not in rung.ids for rung in rungs.values())


def test_a_missing_shard_says_how_to_go_on(tmp_path: Path) -> None:
    store = _store(tmp_path)
    (store.folder(META) / "00001.npy").unlink()
    with pytest.raises(InputError, match="1 of 2 shards"):
        store.load(META)
    with pytest.raises(InputError, match="no finished scores"):
        load_rungs(tmp_path)


def test_a_split_is_found_by_another_of_its_names(tmp_path: Path) -> None:
    meta = replace(META, dataset="folder:photos", split="Testing[:50%]")
    _store(tmp_path, meta)
    for dataset, split in (("folder:./photos/", "test[:50%]"), (None, "testing[:50%]")):
        assert set(load_rungs(tmp_path, dataset, split)) == {"small@32"}
    for split in ("test", "valid[:50%]", "no[split"):
        with pytest.raises(InputError, match=r"one of folder:photos Testing\[:50%\]"):
            load_rungs(tmp_path, None, split)


def test_a_damaged_shard_is_named(tmp_path: Path) -> None:
    store = _store(tmp_path)
    (store.folder(META) / "00001.npy").write_bytes(b"not numpy")
    with pytest.raises(InputError, match=r"00001\.npy holds no .* expected a shard"):
        store.load(META)


def test_crops_of_one_rung_are_told_apart_by_name(tmp_path: Path) -> None:
    _store(tmp_path)
    _store(tmp_path, replace(META, preprocessing={"crop": "squash"}))
    assert set(load_rungs(tmp_path)) == {"small@32/crop1.0", "small@32/squash"}


def test_two_weights_or_two_data_sets_are_refused(tmp_path: Path) -> None:
    _store(tmp_path)
    _store(tmp_path, replace(META, fingerprint="e" * 64, dataset="folder:y"))
    with pytest.raises(InputError, match="2 data sets"):
        load_rungs(tmp_path)
    assert set(load_rungs(tmp_path, dataset="folder:y")) == {"small@32"}
    _store(tmp_path, replace(META, weights_sha256="x" * 64))
    with pytest.raises(InputError, match="stored more than once"):
        load_rungs(tmp_path, dataset="folder:x")
