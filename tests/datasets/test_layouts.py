"""Folders, tables and records as users have them: read right, or refused with why.

tests/references/layouts.json has each, with the labels or the line that must come.
"""

import gzip
import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from datasets.catalogue import open_dataset
from datasets.class_order import ModelClasses, fitted
from datasets.dataset import Dataset
from datasets.errors import InputError

REFERENCE = Path(__file__).parents[1] / "references" / "layouts.json"
LAYOUTS: list[dict[str, Any]] = json.loads(REFERENCE.read_text("utf-8"))["layouts"]


def _make(layout: dict[str, Any], root: Path) -> None:
    for place, name in enumerate(layout["make"]):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 3), (place % 256, 7, 9)).save(path, format="PNG")
    for name, text in layout.get("text", {}).items():
        content = text.encode(layout.get("encoding", "utf-8"))
        content = bytes.fromhex(layout["raw"]) if "raw" in layout else content
        (root / name).write_bytes(content)
    if "records" in layout:
        _make_records(layout["records"], root)


def _make_records(facts: dict[str, Any], root: Path) -> None:
    tfds: Any = importlib.import_module("tensorflow_datasets")
    features = tfds.features
    kinds = {"image": features.Image(shape=(None, None, 3)),
             "label": features.ClassLabel(names=facts["names"])}  # fmt: skip
    tfds.dataset_builders.store_as_tfds_dataset(
        name="animals",
        version="1.0.0",
        features=features.FeaturesDict(kinds),
        split_datasets={
            split: [
                (n, {"image": np.full((3, 4, 3), n, np.uint8), "label": label})
                for n, label in enumerate(labels)
            ]
            for split, labels in facts["splits"].items()
        },
        data_dir=root,
        file_format="tfrecord",
    )
    (shard,) = root.rglob("*.tfrecord-*")
    content = bytearray(shard.read_bytes())
    if "flip_label" in facts:
        # tf.train.Example: the feature "label" ends in its int64_list of one number
        at = content.index(b"label") + len(b"label")
        number = content.index(b"\x1a\x03\x0a\x01", at) + 4
        content[number] ^= 1
        shard.write_bytes(content)
    if "gzip" in facts:
        shard.write_bytes(gzip.compress(content))
    if "remove" in facts:
        shard.unlink()


def _read(layout: dict[str, Any], root: Path) -> Dataset:
    kind, _, rest = layout["spec"].partition(":")
    spec = layout["spec"] if kind == "tfds" else f"{kind}:{root / rest}"
    names = tuple(layout.get("names", ()))
    known = ModelClasses(
        model="net",
        count=layout.get("classes", 3),
        names=names,
        first=layout.get("first"),
    )
    return fitted(open_dataset(spec, layout.get("split"), root), known)


@pytest.mark.filterwarnings("ignore")  # TensorFlow's, on its import
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout["name"])
def test_a_layout_is_read_right_or_refused(
    layout: dict[str, Any], tmp_path: Path
) -> None:
    _make(layout, tmp_path)
    if "error" in layout:
        with pytest.raises(InputError, match=layout["error"]) as caught:
            _read(layout, tmp_path)
        assert "\n" not in str(caught.value)
        return
    dataset = _read(layout, tmp_path)
    labels = dataset.labels.tolist()
    if "labels" in layout:
        assert dict(zip(dataset.ids, labels, strict=True)) == layout["labels"]
    else:
        assert sorted(labels) == layout["sorted_labels"]
    assert dataset.split == layout.get("split_is", dataset.split)
    assert dataset.classes == layout.get("classes", 3)
    said = "; ".join(dataset.notes)
    for note in layout.get("notes", ()):
        assert note in said
    for index in range(len(dataset)):
        assert dataset.read(index)


def test_there_are_many_and_no_name_twice() -> None:
    names = [layout["name"] for layout in LAYOUTS]
    assert len(set(names)) == len(names) >= 40
