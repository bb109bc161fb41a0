"""`folder:PATH`: one folder a class, or splits (train/, val/, test/) of such folders.

Every file below a class folder counts as a picture, so that one which is none is named
and not passed over; only names that begin with a dot are skipped, and files that lie
beside the class folders.
"""

import os
from pathlib import Path

from datasets.dataset import Dataset
from datasets.errors import InputError
from datasets.local_files import read_picture_file
from datasets.splits import check_split, default_split, parse_split, sliced

_SPLITS = ("train", "calibration", "validation", "val", "test")
_FORM = "expected PATH/CLASS/picture.jpg or PATH/test/CLASS/picture.jpg"


def open_folder(path: Path, split: str | None) -> Dataset:
    """Classes are the names of the folders, in order; ids are paths below the split.

    Raises:
        InputError: no such folder, split, class folder or picture.
    """
    where = f"folder:{path}"
    roots = _split_folders(path, where)
    text = split or default_split(list(roots), where)
    name = parse_split(text)[0]
    check_split(name, list(roots), where)
    # All splits together decide the classes, so that a label means the same in each.
    classes = sorted({each for root in roots.values() for each in _folders(root)})
    if not classes:
        raise InputError(f"{where} has no class folders; {_FORM}.")
    ids, labels = _files(roots[name], classes)
    if not ids:
        raise InputError(f"{where}, split {name} has no pictures; {_FORM}.")
    root = roots[name]
    whole = Dataset(
        where,
        name,
        ids,
        labels,
        classes,
        lambda index: read_picture_file(root / ids[index]),
    )
    return sliced(whole, text)


def _split_folders(path: Path, where: str) -> dict[str, Path]:
    if not path.is_dir():
        what = "is not a folder" if path.exists() else "does not exist"
        raise InputError(f"{where}: {path} {what}; {_FORM}.")
    found = {name: path / name for name in _SPLITS if name in _folders(path)}
    return found or {"all": path}


def _folders(path: Path) -> list[str]:
    return [name for name in _names(path) if (path / name).is_dir()]


def _names(path: Path) -> list[str]:
    try:
        return sorted(name for name in os.listdir(path) if not name.startswith("."))
    except OSError as error:
        raise InputError(
            f"{path} cannot be listed ({error.strerror}); expected a folder that may "
            "be read."
        ) from error


def _files(root: Path, classes: list[str]) -> tuple[list[str], list[int]]:
    ids: list[str] = []
    labels: list[int] = []
    for label, name in enumerate(classes):
        if (root / name).is_dir():  # another split may have a class that this one lacks
            below = _below(root, name, frozenset())
            ids += below
            labels += [label] * len(below)
    return ids, labels


def _below(root: Path, name: str, above: frozenset[str]) -> list[str]:
    """Paths from `root` of the files below root/name; links are followed."""
    real = os.path.realpath(root / name)
    if real in above:
        return []
    found: list[str] = []
    for entry in _names(root / name):
        path = f"{name}/{entry}"
        inside = (root / path).is_dir()
        found += _below(root, path, above | {real}) if inside else [path]
    return found
