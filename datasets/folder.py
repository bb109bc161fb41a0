"""`folder:PATH`: one folder a class, or splits (train/, val/, test/) of such folders.

Every file below a class folder counts as a picture, so that one which is none is named
and not passed over. Passed over, and counted in `Dataset.notes`, are hidden names, what
systems and programs leave behind (`datasets.passed_over`), and files that lie beside
the class folders. `datasets.folder_layout` tells splits from classes.
"""

import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from datasets.dataset import UNLABELLED, Dataset, Order
from datasets.errors import DataError
from datasets.folder_layout import FORM, Layout, folders_in, layout, names_in
from datasets.local_files import read_picture_file
from datasets.passed_over import told
from datasets.splits import parse_split, resolved, sliced


def open_folder(path: Path, split: str | None) -> Dataset:
    """Classes are the names of the folders, in order; ids are paths below the split.

    Names that are all numbers are in the order of the numbers, others in that of text.

    Raises:
        InputError: no such folder, split, class folder or picture; or a folder that can
            be read in more than one way.
    """
    where = f"folder:{path}"
    passed: Counter[str] = Counter()
    known = layout(path, where, passed)
    text = resolved(split, list(known.splits), where)
    name = parse_split(text)[0]
    root = known.splits[name]
    # All splits together decide the classes, so that a label means the same in each.
    each = {one: folders_in(at, Counter()) for one, at in known.splits.items()}
    classes, order = in_order({one for names in each.values() for one in names}, where)
    ids, labels = _files(root, classes, passed)
    if not ids:
        raise DataError.of(f"{where}, split {name}", "has no pictures", FORM)
    whole = Dataset(
        where,
        name,
        ids,
        labels,
        classes,
        lambda index: read_picture_file(root / ids[index]),
        order=order,
        notes=_notes(known, name, classes, passed, root),
    )
    return sliced(whole, text)


def has_pictures_alone(path: Path) -> bool:
    """Whether files lie in a folder and no folders: pictures without classes."""
    return (
        path.is_dir()
        and not folders_in(path, Counter())
        and bool(names_in(path, Counter()))
    )


def open_pictures(path: Path, split: str | None) -> Dataset:
    """A folder of pictures without class folders: none has a label."""
    where = f"folder:{path}"
    text = resolved(split, ["all"], where)
    ids = sorted(names_in(path, Counter()))
    whole = Dataset(
        where,
        "all",
        ids,
        [UNLABELLED] * len(ids),
        [],
        lambda index: read_picture_file(path / ids[index]),
        order=Order("given"),
        notes=("no class folders: pictures without labels",),
    )
    return sliced(whole, text)


def in_order(names: set[str], where: str) -> tuple[list[str], Order]:
    """Class names in their order, and what it is: of numbers, or of text.

    Raises:
        InputError: no names, or two that are the same number.
    """
    if not names:
        raise DataError.of(where, "has no class folders", FORM)
    if not all(re.fullmatch("[0-9]{1,9}", name) for name in names):
        return sorted(names), Order("names")
    ordered = sorted(names, key=lambda name: (int(name), name))
    numbers = tuple(map(int, ordered))
    for index, number in enumerate(numbers[1:]):
        if number == numbers[index]:
            raise DataError.of(
                where,
                f"has classes {ordered[index]} and {ordered[index + 1]}, which are "
                "the same number",
                "one of them",
            )
    return ordered, Order("numbers", numbers)


def _notes(
    known: Layout,
    name: str,
    classes: Sequence[str],
    passed: "Counter[str]",
    root: Path,
) -> list[str]:
    beside = [
        other for other in names_in(root, Counter()) if not (root / other).is_dir()
    ]
    notes = [*known.notes, *told(passed)]
    if len(known.splits) > 1:
        counts = {
            each: len(_files(at, folders_in(at, Counter()), Counter())[0])
            for each, at in known.splits.items()
        }
        listed = ", ".join(f"{each} ({count})" for each, count in counts.items())
        notes.insert(0, f"split {name} of {listed}")
    if beside:
        notes.append(f"files beside the class folders {len(beside)}")
    return notes + twins(classes)


def twins(classes: Sequence[str]) -> list[str]:
    """Notes on classes whose names are the same but for capital letters."""
    notes: list[str] = []
    folded: dict[str, str] = {}
    for name in classes:
        other = folded.setdefault(name.casefold(), name)
        if other != name:
            notes.append(
                f"{other} and {name} are two classes: they differ in case only"
            )
    return notes


def _files(
    root: Path, classes: Sequence[str], passed: "Counter[str]"
) -> tuple[list[str], list[int]]:
    ids: list[str] = []
    labels: list[int] = []
    for label, name in enumerate(classes):
        if (root / name).is_dir():  # another split may have a class that this one lacks
            below = _below(root, name, frozenset(), passed)
            ids += below
            labels += [label] * len(below)
    return ids, labels


def _below(
    root: Path, name: str, above: frozenset[str], passed: "Counter[str]"
) -> list[str]:
    """Paths from `root` of the files below root/name; links are followed."""
    real = os.path.realpath(root / name)
    if real in above:
        return []
    files: list[str] = []
    for entry in names_in(root / name, passed):
        path = f"{name}/{entry}"
        inside = (root / path).is_dir()
        files += _below(root, path, above | {real}, passed) if inside else [path]
    return files
