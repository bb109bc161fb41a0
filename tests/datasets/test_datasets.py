"""One contract for every kind of data set, and the faults of each."""

import contextlib
import csv
import gzip
import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from datasets.batches import pictures
from datasets.catalogue import CATALOGUE, open_dataset, shadowed_distribution
from datasets.class_order import ModelClasses, fitted
from datasets.dataset import Dataset
from datasets.decode import decode
from datasets.errors import InputError
from datasets.preprocessing import Preprocessing

CLASSES = ("cat", "dog", "eel")
ROOT = Path(__file__).parents[2]


def write_pictures(root: Path) -> None:
    """Nine pictures, three a class; the colour tells which."""
    for label, name in enumerate(CLASSES):
        (root / name).mkdir(parents=True)
        for number in range(3):
            colour = (label * 80, number * 80, 9)
            Image.new("RGB", (8, 6), colour).save(root / name / f"{number}.png")


def make_folder(root: Path) -> Callable[[], Dataset]:
    write_pictures(root / "photos")
    return lambda: open_dataset(f"folder:{root / 'photos'}")


def make_table(root: Path) -> Callable[[], Dataset]:
    write_pictures(root)
    rows = ["file,class_index,class_name,author"]
    for label, name in enumerate(CLASSES):
        rows += [f'{name}/{number}.png,{label},{name},"A, B"' for number in range(3)]
    (root / "labels.csv").write_text("\n".join(rows))
    return lambda: open_dataset(f"csv:{root / 'labels.csv'}")


def make_tfds(root: Path, file_format: str = "tfrecord") -> Callable[[], Dataset]:
    tfds: Any = importlib.import_module("tensorflow_datasets")
    features = tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=(None, None, 3)),
            "label": tfds.features.ClassLabel(names=CLASSES),
        }
    )
    examples = [
        (index, {"image": np.full((6, 8, 3), index * 9, np.uint8), "label": index // 3})
        for index in range(9)
    ]
    tfds.dataset_builders.store_as_tfds_dataset(
        name="animals",
        version="1.0.0",
        features=features,
        split_datasets={"test": examples},
        data_dir=root,
        file_format=file_format,
    )
    return lambda: open_dataset("tfds:animals", data_dir=root)


def make_array_record(root: Path) -> Callable[[], Dataset]:
    return make_tfds(root, "array_record")


def make_glyphs(root: Path) -> Callable[[], Dataset]:
    del root
    return lambda: open_dataset("glyphs", "test[:9]")


KINDS = (make_folder, make_table, make_tfds, make_array_record, make_glyphs)


@pytest.mark.filterwarnings("ignore")  # TensorFlow's, on its import
@pytest.mark.parametrize("kind", KINDS)
def test_contract(
    kind: Callable[[Path], Callable[[], Dataset]], tmp_path: Path
) -> None:
    again = kind(tmp_path)
    dataset = again()
    assert len(dataset) == 9
    assert len(set(dataset.ids)) == 9
    assert dataset.labels.dtype == np.int64
    assert 0 <= dataset.labels.min() <= dataset.labels.max() < dataset.classes
    assert all(decode(dataset.read(index)).ndim == 3 for index in range(9))
    other = again()
    assert (other.ids, other.fingerprint) == (dataset.ids, dataset.fingerprint)
    assert len(dataset.fingerprint) == 64
    part = dataset.take([4, 2])
    assert part.ids == (dataset.ids[4], dataset.ids[2])
    assert part.labels.tolist() == [dataset.labels[4], dataset.labels[2]]
    assert part.read(1) == dataset.read(2)
    prints = {dataset.fingerprint, part.fingerprint, dataset.take([2, 4]).fingerprint}
    assert len(prints) == 3
    assert dataset.take(range(9)).fingerprint == dataset.fingerprint


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", [make_tfds, make_array_record])
def test_tfds_gives_the_pixels_and_labels_stored(
    kind: Callable[[Path], Callable[[], Dataset]], tmp_path: Path
) -> None:
    """Grey value index * 9, label index // 3, in whatever order TFDS keeps them."""
    dataset = kind(tmp_path)()
    found = [int(decode(dataset.read(index))[0, 0, 0]) for index in range(9)]
    assert sorted(found) == list(range(0, 81, 9))
    assert [value // 27 for value in found] == dataset.labels.tolist()
    assert dataset.class_names == CLASSES


@pytest.mark.filterwarnings("ignore")
def test_tfds_slices_and_ids_are_those_of_tfds(tmp_path: Path) -> None:
    """Against the tfds_id that TFDS's own reader gives."""
    make_tfds(tmp_path)
    tfds: Any = importlib.import_module("tensorflow_datasets")
    builder = tfds.builder("animals", data_dir=tmp_path)
    config = tfds.ReadConfig(add_tfds_id=True)
    for split in ("test", "test[2:5]", "test[50%:]", "test[7:]+test[:2]"):
        rows = builder.as_dataset(split=split, read_config=config).as_numpy_iterator()
        theirs = {row["tfds_id"].decode(): int(row["label"]) for row in rows}
        ours = open_dataset("tfds:animals", split, tmp_path)
        assert dict(zip(ours.ids, ours.labels.tolist(), strict=True)) == theirs
    for split in ("train", "test[", "test[:99]"):
        with pytest.raises(InputError, match=r"split=te?|split=train|no split"):
            open_dataset("tfds:animals", split, tmp_path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mocked", [False, True])
def test_cifar10_is_found_by_its_name(mocked: bool, tmp_path: Path) -> None:
    """TFDS's own builder of CIFAR-10 over files in its form, and over its mock."""
    tfds: Any = importlib.import_module("tensorflow_datasets")
    builder = tfds.builder("cifar10", data_dir=tmp_path)
    builder.info.features["label"].names = [*"abcdefghij"]  # come with the download
    examples = [
        (i, {"id": str(i), "image": np.full((32, 32, 3), i, np.uint8), "label": i})
        for i in range(10)
    ]
    tfds.dataset_builders.store_as_tfds_dataset(
        name="cifar10",
        version=str(builder.version),
        features=builder.info.features,
        split_datasets={"train": examples, "test": examples},
        data_dir=tmp_path,
        file_format="array_record" if mocked else "tfrecord",
    )
    if mocked:
        with tfds.testing.mock_data(num_examples=6, data_dir=str(tmp_path)):
            dataset = open_dataset("tfds:cifar10", "train", tmp_path)
            assert len(dataset) == 6
            assert decode(dataset.read(5)).shape == (32, 32, 3)
        return
    dataset = open_dataset("tfds:cifar10", "test[:40%]", tmp_path)
    assert [int(decode(dataset.read(i))[0, 0, 0]) for i in range(4)] == list(
        dataset.labels
    )
    assert dataset.class_names == tuple("abcdefghij")


@pytest.mark.filterwarnings("ignore")
def test_truncated_tfds_file_is_named(tmp_path: Path) -> None:
    again = make_tfds(tmp_path)
    (shard,) = tmp_path.rglob("*.tfrecord-*")
    shard.write_bytes(shard.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"damaged .*Delete that folder"):
        again()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", [make_tfds, make_array_record])
def test_any_flipped_bit_of_a_tfds_file_is_noticed(
    kind: Callable[[Path], Callable[[], Dataset]], tmp_path: Path
) -> None:
    """Headers, checksums, labels, pixels: never other labels, never a traceback."""
    again = kind(tmp_path)
    whole = again()
    (shard,) = [*tmp_path.rglob("*.tfrecord-*"), *tmp_path.rglob("*.array_record-*")]
    content = shard.read_bytes()
    for place in range(0, len(content), max(1, len(content) // 40)):
        flipped = bytearray(content)
        flipped[place] ^= 4
        shard.write_bytes(flipped)
        if kind is make_tfds:
            with pytest.raises(InputError, match=r"damaged .*checksum|damaged .*trunc"):
                again()
            continue
        # its reader has checks of its own, and there are unused bytes between chunks
        with contextlib.suppress(InputError):
            found = again()
            assert found.labels.tolist() == whole.labels.tolist()
            assert found.fingerprint == whole.fingerprint


@pytest.mark.filterwarnings("ignore")
def test_compressed_or_missing_tfds_files_are_named(tmp_path: Path) -> None:
    again = make_tfds(tmp_path)
    (shard,) = tmp_path.rglob("*.tfrecord-*")
    shard.write_bytes(gzip.compress(shard.read_bytes()))
    with pytest.raises(InputError, match="compressed by gzip"):
        again()
    shard.unlink()
    with pytest.raises(InputError, match="No such file"):
        again()


# Whatever changes in the data set, its fingerprint does too; and only then.


@pytest.mark.parametrize(
    "change", ["byte", "label", "file name", "class name", "missing", "one more"]
)
def test_fingerprint_sees_a_change(change: str, tmp_path: Path) -> None:
    again = make_table(tmp_path)
    before = again().fingerprint
    table, picture = tmp_path / "labels.csv", tmp_path / "cat/1.png"
    text = table.read_text()
    if change == "byte":
        content = bytearray(picture.read_bytes())
        content[-1] ^= 1
        picture.write_bytes(content)
    elif change == "label":
        table.write_text(text.replace("cat/1.png,0,cat", "cat/1.png,1,dog"))
    elif change == "file name":
        picture.rename(tmp_path / "cat/x.png")
        table.write_text(text.replace("cat/1.png", "cat/x.png"))
    elif change == "class name":
        table.write_text(text.replace(",eel,", ",eels,"))
    elif change == "missing":
        picture.unlink()
    else:
        (tmp_path / "dog/9.png").write_bytes((tmp_path / "dog/1.png").read_bytes())
        table.write_text(text + "\ndog/9.png,1,dog,C")
    assert again().fingerprint != before


def test_fingerprint_ignores_everything_else(tmp_path: Path) -> None:
    """Another place, other times, another column, another order of creation."""
    before = make_table(tmp_path / "a")().fingerprint
    again = make_table(tmp_path / "elsewhere")
    table = tmp_path / "elsewhere/labels.csv"
    table.write_text(table.read_text().replace("A, B", "C"))
    for path in (tmp_path / "elsewhere").rglob("*.png"):
        os.utime(path, (1, 1))
    assert again().fingerprint == before


def test_folder_splits_share_their_classes(tmp_path: Path) -> None:
    write_pictures(tmp_path / "train")
    write_pictures(tmp_path / "test")
    for name in CLASSES[:1]:
        for path in (tmp_path / "test" / name).iterdir():
            path.unlink()
        (tmp_path / "test" / name).rmdir()
    test = open_dataset(f"folder:{tmp_path}")
    assert test.split == "test"
    assert test.class_names == CLASSES
    assert test.labels.tolist() == [1, 1, 1, 2, 2, 2]
    assert len(open_dataset(f"folder:{tmp_path}", "train")) == 9
    assert len(open_dataset(f"folder:{tmp_path}", "train[:4]")) == 4
    with pytest.raises(InputError, match="no split 'val'"):
        open_dataset(f"folder:{tmp_path}", "val")


def test_folder_passes_over_nothing_but_hidden_names(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    (tmp_path / "cat/notes.txt").write_text("no picture")
    (tmp_path / "cat/deep").mkdir()
    (tmp_path / "cat/deep/er.png").write_bytes(b"")
    (tmp_path / "cat/.hidden").write_text("")
    (tmp_path / "cat/round").symlink_to(tmp_path / "cat")
    dataset = open_dataset(f"folder:{tmp_path}")
    assert dataset.ids[:5] == (
        *("cat/0.png", "cat/1.png", "cat/2.png"),
        *("cat/deep/er.png", "cat/notes.txt"),
    )
    assert len(dataset) == 11


def test_table_has_splits(tmp_path: Path) -> None:
    write_pictures(tmp_path)
    rows = [("file", "class_index", "split"), ("cat/0.png", 0, "train")]
    rows += [("dog/0.png", 1, "test"), ("cat/0.png", 0, "test")]  # in both
    with (tmp_path / "t.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)
    assert open_dataset(f"csv:{tmp_path}/t.csv").ids == ("dog/0.png", "cat/0.png")
    assert len(open_dataset(f"csv:{tmp_path}/t.csv", "train")) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty file"),
        (b"file,class_index\n", "no rows"),
        (b"name,label\na.jpg,1\n", "expected at least file and class_index"),
        (b"file,class_index\na.jpg,-1\n", "line 2 has class_index '-1'"),
        (b"file,class_index\na.jpg,1.0\n", "line 2 has class_index '1.0'"),
        (b"file,class_index\na.jpg\n", "none of its 1 files is there"),
        (b"file,class_index\na.jpg," + b"9" * 5000, "at most six digits"),
        (b"file,class_index\n,1\n", "line 2 names no file"),
        (b"file,class_index\na.jpg,1\na.jpg,1\n", "'a.jpg' twice"),
        (b"file,class_index,class_name\na,1,x\nb,1,y\n", "both 'x' and 'y'"),
        (b"file,class_index\n\xff\xfe,1\n", "not a table in UTF-8"),
        (b"file,class_index\n" + b"x" * 200_000 + b",1\n", "not a table"),
    ],
)
def test_wrong_tables_are_refused(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        open_dataset(f"csv:{tmp_path}/t.csv")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "spec",
    ["", "nope", "csv:", "folder:", "tfds:", "folder:/nowhere", "csv:/", "glyph"],
)
def test_wrong_specs_are_refused(spec: str) -> None:
    with pytest.raises(InputError, match="expected"):
        open_dataset(spec)


def test_empty_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no class folders"):
        open_dataset(f"folder:{tmp_path}")
    (tmp_path / "cat").mkdir()
    with pytest.raises(InputError, match="no pictures"):
        open_dataset(f"folder:{tmp_path}")


def test_names_that_are_no_text_are_kept(tmp_path: Path) -> None:
    """A file name on Linux is bytes; these are not UTF-8."""
    write_pictures(tmp_path)
    os.rename(tmp_path / "cat/0.png", os.fsencode(tmp_path / "cat") + b"/\xff.png")
    dataset = open_dataset(f"folder:{tmp_path}").limited(8)
    assert len(dataset.fingerprint) == 64
    (batch,) = pictures(dataset, [4], [Preprocessing()])
    assert not batch.unreadable


def test_catalogue_is_light() -> None:
    """Neither listing nor opening a folder imports a framework."""
    heavy = ["tensorflow", "tensorflow_datasets", "keras", "PIL", "sklearn"]
    code = (
        "import sys, datasets.catalogue;"
        "print([m for m in sys.argv[1:] if m in sys.modules])"
    )
    command = [sys.executable, "-c", code, *heavy]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_catalogue_lists_each_once() -> None:
    specs = [entry.spec for entry in CATALOGUE]
    assert len(set(specs)) == len(specs)
    assert all(entry.source and entry.licence and entry.what for entry in CATALOGUE)


def test_shadowed_distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shadowed_distribution() is None
    info = tmp_path / "datasets-9.9.dist-info"
    info.mkdir()
    lines = "Metadata-Version: 2.1\nName: datasets\nVersion: 9.9\n"
    (info / "METADATA").write_text(lines)
    monkeypatch.syspath_prepend(tmp_path)
    line = shadowed_distribution()
    assert line is not None
    assert "datasets 9.9 (Hugging Face)" in line


def test_pictures_without_labels_are_a_state_of_their_own(tmp_path: Path) -> None:
    """An empty class_index, or a folder without classes: never class 0."""
    for name in ("a.png", "b.png", "c.png"):
        Image.new("RGB", (4, 4)).save(tmp_path / name)
    table = tmp_path / "t.csv"
    table.write_text("file,class_index\na.png,2\nb.png,\nc.png,0\n")
    known = ModelClasses(model="m", count=4)
    some = open_dataset(f"csv:{table}", unlabelled=True)
    assert some.labels.tolist() == fitted(some, known).labels.tolist() == [2, -1, 0]
    with pytest.raises(InputError, match="a picture without a label"):
        open_dataset(f"csv:{table}")
    table.write_text("file,class_index\na.png,\nb.png,\nc.png,\n")
    table.rename(tmp_path.parent / "t.csv")
    none = open_dataset(f"folder:{tmp_path}", unlabelled=True)
    assert fitted(none, known).labels.tolist() == [-1, -1, -1]
    assert fitted(none, known).classes == 4
    with pytest.raises(InputError, match="no class folders"):
        open_dataset(f"folder:{tmp_path}")
