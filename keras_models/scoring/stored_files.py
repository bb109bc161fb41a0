"""The files of stored scores, read as a stranger's: shapes before numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets import limits
from datasets.user_arrays import read_array
from datasets.user_files import UserFile
from keras_models.scoring.score_records import FORMAT, SHARD, RungMeta

_DO = "Delete this folder and sweep again."
_WHOLE = {
    "resolution": (1, limits.MOST_RESOLUTION),
    "classes": (1, limits.MOST_CLASSES),
    "images": (1, limits.MOST_IMAGES),
    "macs": (0, limits.MOST_MACS),
    "parameters": (0, limits.MOST_PARAMETERS),
    "size_bytes": (0, limits.MOST_FILE_BYTES),
}


@dataclass(frozen=True)
class DatasetFacts:
    """What dataset.json says of the images."""

    ids: tuple[str, ...]
    class_names: tuple[str, ...]
    read: tuple[str, ...]


def _file(path: Path, expected: str) -> UserFile:
    return UserFile(path, expected=expected, do=_DO)


def read_meta(path: Path) -> RungMeta | None:
    """meta.json of a rung; None where another version wrote it.

    Raises:
        InputError: it is something else, or its folder is not that of its key.
    """
    file = _file(path, "what a sweep writes down of a rung")
    facts = file.object()
    if facts.get("format") != FORMAT:
        return None
    with file.shaped():
        for name in ("uncounted", "remarks"):
            facts[name] = _texts(facts.get(name, []))
        meta = RungMeta(**facts)
        _check_meta(meta)
    if meta.key != path.parent.name:
        raise file.wrong(f"was changed after it was written: its key is {meta.key}")
    return meta


def _check_meta(meta: RungMeta) -> None:
    for field in fields(meta):
        value = getattr(meta, field.name)
        if field.name in _WHOLE and not limits.is_whole(value, *_WHOLE[field.name]):
            least, most = _WHOLE[field.name]
            shown = str(value)[:40]
            raise ValueError(f"{field.name} is {shown}, not in {least}..{most}")
        if str(field.type) in ("str", "<class 'str'>") and not isinstance(value, str):
            raise TypeError(f"{field.name} is no text")
    if not isinstance(meta.preprocessing, dict):
        raise TypeError("preprocessing is no object")
    meta.preprocessing["crop"]


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise TypeError(f"{str(values)[:40]!r} is no list of texts")
    if not all(isinstance(value, str) for value in values):
        raise TypeError("a list of texts holds something else")
    return tuple(values)


def read_dataset(path: Path, meta: RungMeta) -> DatasetFacts:
    """dataset.json, which must have the images and classes of a rung.

    Raises:
        InputError: it has not.
    """
    file = _file(path, f"the {meta.images:,} images of {meta.rung}")
    facts = file.object()
    with file.shaped():
        held = DatasetFacts(
            _texts(facts["ids"]),
            _texts(facts["class_names"]),
            _texts(facts.get("read", [])),
        )
    if len(held.ids) != meta.images or len(set(held.ids)) < meta.images:
        raise file.wrong(f"has {len(set(held.ids)):,} different ones")
    return held


def read_labels(path: Path, meta: RungMeta) -> NDArray[np.int64]:
    """(images,) class of each, UNLABELLED where nobody said.

    Raises:
        InputError: of another shape or type, or no class of the rung's.
    """
    file = _file(path, f"a label of each image of {meta.rung}")
    labels = read_array(file, "i", (meta.images,)).astype(np.int64, copy=False)
    if labels.size and not -1 <= labels.min() <= labels.max() < meta.classes:
        raise file.wrong(f"holds a label that is no class of {meta.classes:,}")
    return labels


def read_unreadable(path: Path) -> dict[int, str]:
    """Reason by index.

    Raises:
        InputError: something else.
    """
    file = _file(path, "pictures that could not be read")
    facts = file.object()
    with file.shaped():
        return {int(index): str(why) for index, why in facts.items()}


def read_shard(path: Path, meta: RungMeta, shard: int) -> NDArray[np.float32]:
    """(rows of the shard, classes) scores.

    Raises:
        InputError: of another shape or type.
    """
    rows = min(SHARD, meta.images - shard * SHARD)
    file = _file(path, f"a shard of the scores of {meta.rung}")
    return read_array(file, "f", (rows, meta.classes)).astype(np.float32, copy=False)
