"""What a folder of pictures is meant to be: class folders, or splits of such.

Decided from the names of folders and from what lies in them, never by guess: a folder
called `test` that holds pictures beside other class folders is a class, one that holds
folders is a split. What may be either is refused, with what was found.
"""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from datasets.errors import DataError
from datasets.passed_over import left_behind
from datasets.splits import kind_of

FORM = "expected PATH/CLASS/picture.jpg or PATH/test/CLASS/picture.jpg"
_SUFFIXES = frozenset(
    [
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif"),
        *(".tiff", ".ppm", ".pgm", ".pbm", ".jp2", ".j2k", ".avif", ".ico", ".tga"),
        *(".heic", ".heif"),
    ]
)
# Files that lie in folders of their own beside class folders: annotations, archives.
_FOREIGN = frozenset(
    [
        *(".txt", ".xml", ".json", ".csv", ".tsv", ".md", ".pdf", ".mat", ".npy"),
        *(".npz", ".zip", ".tar", ".gz", ".tgz", ".rar", ".7z", ".py", ".ipynb"),
        *(".yaml", ".yml", ".html", ".log", ".h5", ".keras", ".tflite", ".pkl"),
        *(".xls", ".xlsx", ".doc", ".docx", ".mp4", ".mov", ".avi", ".wav"),
    ]
)
_NAMED = 5  # folders that a line names


@dataclass(frozen=True)
class Layout:
    """Roots of class folders by the name of their split; "all" where there are none."""

    splits: dict[str, Path]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Child:
    """A folder below the one that the user named."""

    name: str
    pictures: bool  # directly in it
    folders: tuple[str, ...]
    foreign: str = ""  # a file of those in it, where all are of kinds without pixels

    @property
    def only_folders(self) -> bool:
        return bool(self.folders) and not self.pictures


def names_in(path: Path, passed: "Counter[str]") -> list[str]:
    """Names in a folder, sorted; what programs leave behind is counted in `passed`.

    Raises:
        InputError: it cannot be listed.
    """
    try:
        names = sorted(os.listdir(path))
    except OSError as error:
        raise DataError.of(
            path, f"cannot be listed ({error.strerror})", "a folder that may be read"
        ) from error
    kept = []
    for name in names:
        kind = left_behind(name)
        if kind is None:
            kept.append(name)
        else:
            passed[kind] += 1
    return kept


def folders_in(path: Path, passed: "Counter[str]") -> list[str]:
    """Names of the folders in a folder."""
    return [name for name in names_in(path, passed) if (path / name).is_dir()]


def layout(path: Path, where: str, passed: "Counter[str]") -> Layout:
    """Reads what a folder is.

    Raises:
        InputError: no such folder, no class folders, or more than one way to read it.
    """
    if not path.is_dir():
        what = "is not a folder" if path.exists() else "does not exist"
        raise DataError.of(where, f"{path} {what}", FORM)
    children = [_child(path / name) for name in folders_in(path, passed)]
    worded = [child for child in children if kind_of(child.name)]
    others = [child for child in children if not kind_of(child.name)]
    classes = [child for child in others if child.pictures]
    splits = [child for child in worded if child.folders]
    if classes:  # a stray picture makes no class of a split, unless classes stand there
        splits = [child for child in splits if child.only_folders]
    if splits:
        return _of_splits(path, where, splits, children)
    if worded and not others:
        raise DataError.of(
            where,
            f"{_named(worded)} hold pictures and no class folders, so that nothing "
            "says what is on them",
            "PATH/test/CLASS/picture.jpg, or a table with their classes as csv:FILE",
        )
    check_level(path, where, children)
    notes = [
        f"{child.name} is taken for a class: it holds pictures, as those beside it"
        for child in worded
    ]
    return Layout({"all": path}, tuple(notes))


def _of_splits(
    path: Path, where: str, splits: Sequence[_Child], children: Sequence[_Child]
) -> Layout:
    below = {name for child in splits for name in child.folders}
    rest = [child for child in children if child not in splits]
    alike = [child for child in rest if child.only_folders and below & {*child.folders}]
    beside = [child for child in rest if child not in alike]
    classes = [c for c in beside if c.pictures and not kind_of(c.name)]
    if len(classes) >= len(splits):
        raise DataError.of(
            where,
            f"{_named(splits)} could be splits and {_named(classes)} beside them "
            "classes",
            f"splits alone or classes alone, {FORM}",
        )
    notes = [
        f"{child.name} is passed over: it holds "
        f"{'pictures without class folders' if child.pictures else 'no pictures'}"
        for child in beside
    ]
    present = [child for child in children if child in splits or child in alike]
    for child in present:
        inside = [_child(path / child.name / name) for name in child.folders]
        check_level(path / child.name, f"{where}, split {child.name}", inside)
    return Layout(_by_name(path, where, present), tuple(notes))


def _by_name(path: Path, where: str, children: Sequence[_Child]) -> dict[str, Path]:
    """Splits by name, without the spaces around it that nobody types."""
    splits: dict[str, Path] = {}
    for child in children:
        if splits.setdefault(child.name.strip(), path / child.name).name != child.name:
            raise DataError.of(
                where,
                f"has {child.name.strip()} twice, with spaces around the name and "
                "without",
                "one folder a split",
            )
    return splits


def check_level(path: Path, where: str, children: Sequence[_Child]) -> None:
    """Refuses class folders that hold nothing but folders, and pictures without any."""
    if not children:
        _refuse_bare(path, where)
    filled = [child for child in children if child.pictures or child.folders]
    foreign = [child for child in children if child.foreign]
    if filled and foreign:
        raise DataError.of(
            where,
            f"{foreign[0].name} holds no pictures ({foreign[0].foreign}, ...) and "
            "would be a class beside those that do",
            "class folders alone",
            "Move it away.",
        )
    if not all(child.only_folders for child in filled):
        _check_one_depth(path, where, filled)
        return
    if not filled or _one_folder_each(path, filled):
        return
    if len(filled) == 1:
        inner = filled[0]
        raise DataError.of(
            where,
            f"its one folder {inner.name} holds only folders "
            f"({_first(inner.folders)}): this is one level too high",
            "",
            f"Give folder:{path / inner.name}.",
        )
    shared = set(filled[0].folders).intersection(*(c.folders for c in filled[1:]))
    if shared:
        raise DataError.of(
            where,
            f"{_named(filled)} hold the same folders ({_first(sorted(shared))}), so "
            "they are splits whose names are not known",
            "",
            f"Give one of them, such as folder:{path / filled[0].name}, or call them "
            "train, validation, test.",
        )
    raise DataError.of(
        where,
        f"{_named(filled)} hold only folders ({filled[0].name}: "
        f"{_first(filled[0].folders)}), no pictures: splits, or one level too high",
        FORM,
    )


def _one_folder_each(path: Path, filled: Sequence[_Child]) -> bool:
    """Classes whose pictures lie one level down, such as CLASS/images/picture.jpg."""
    if len(filled) < 2 or len(filled[0].folders) > 1:
        return False
    if any(child.folders != filled[0].folders for child in filled):
        return False
    return all(_child(path / c.name / c.folders[0]).pictures for c in filled)


def _check_one_depth(path: Path, where: str, filled: Sequence[_Child]) -> None:
    """Refuses class folders one level down beside pictures, or beside themselves.

    Such are splits under other names (training_set/, test_set/) with a folder of
    pictures beside them, and an archive unpacked once more among its own classes.
    """
    deep = [child for child in filled if child.only_folders]
    names = {child.name for child in filled}
    for child in deep:
        if len(names & {*child.folders} - {child.name}) > 1:
            raise DataError.of(
                where,
                f"{child.name} holds folders ({_first(child.folders)}) that stand "
                "beside it too, as a copy one level down has them",
                "every class once",
                f"Move {child.name} away.",
            )
    below = Counter(name for child in deep for name in child.folders)
    alike = [child for child in deep if sum(below[n] > 1 for n in child.folders) > 1]
    if len(alike) > 1:
        beside = [child for child in filled if child.pictures]
        raise DataError.of(
            where,
            f"{_named(alike)} hold the same folders ({_first(alike[0].folders)}), so "
            "they are splits whose names are not known, beside pictures in "
            f"{_named(beside)}",
            "",
            f"Give one of them, such as folder:{path / alike[0].name}, or call them "
            "train, validation, test.",
        )


def _refuse_bare(path: Path, where: str) -> None:
    bare = [name for name in names_in(path, Counter()) if _is_picture(name)]
    if not bare:
        raise DataError.of(where, "has no class folders", FORM)
    raise DataError.of(
        where,
        f"has {len(bare)} pictures, such as {bare[0]}, and no class folders, so that "
        "nothing says what is on them",
        "",
        "Write a table beside them, labels.csv, with the first line "
        f"file,class_index and then a line a picture, such as {bare[0]},7 (the "
        "model's number of its class, from 0; for ImageNet the place of its synset "
        "id in alphabetical order, not the ILSVRC2012_ID of the devkit), and give "
        f"csv:{path / 'labels.csv'}.",
    )


def _child(path: Path) -> _Child:
    names = names_in(path, Counter())
    folders = tuple(name for name in names if (path / name).is_dir())
    files = [name for name in names if name not in set(folders)]
    if files and not folders and all(_suffix(name) in _FOREIGN for name in files):
        return _Child(path.name, False, folders, files[0])
    # without folders whatever lies there is a picture, or will be named as none
    pictures = any(map(_is_picture, files)) or (bool(files) and not folders)
    return _Child(path.name, pictures, folders)


def _is_picture(name: str) -> bool:
    return _suffix(name) in _SUFFIXES


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _named(children: Sequence[_Child]) -> str:
    return _first([child.name for child in children])


def _first(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
