"""The split syntax of TFDS, `name`, `name[a:b]`, `name[10%:20%]`, for all data sets.

TFDS shuffles its files once, when it builds them, so a slice of one is a fair sample.
Folders and tables often lie sorted by class; a slice of them is therefore one of the
fixed shuffle, given back in the data set's own order. `all[:50%]` and `all[50%:]` never
share a picture.
"""

import re
from collections.abc import Sequence

import numpy as np

from datasets.dataset import Dataset
from datasets.errors import DataError, InputError
from datasets.shuffle import shuffled

# A name may be nearly any that a folder has: "Test images", "val (2)".
_SPLIT = re.compile(r"([^\[\]+]*[^\[\]+\s])\s*(?:\[(-?\d+%?)?:(-?\d+%?)?\])?")
_SPACES = re.compile(r"\s+(?=[^\[]*\]$)")
# Words for what a split is for, in any case; the first is what we call it.
KINDS = {
    "train": ("train", "training"),
    "calibration": ("calibration", "calib"),
    "validation": ("validation", "valid", "val"),
    "test": ("test", "testing"),
}
_BY_WORD = {word: kind for kind, words in KINDS.items() for word in words}


def kind_of(name: str) -> str | None:
    """train, calibration, validation or test; None: the name says none of them."""
    return _BY_WORD.get(name.strip().lower())


def parse_split(text: str) -> tuple[str, str | None, str | None]:
    """ "train[10%:20%]" -> ("train", "10%", "20%"); None for what is left out.

    Raises:
        InputError: another form.
    """
    match = _SPLIT.fullmatch(_SPACES.sub("", text.strip()))
    if match is None:
        raise DataError(
            "split",
            text,
            "a name with or without a slice, such as test, test[:500] or "
            "train[10%:20%]",
            fault="not a split",
        )
    return match.group(1), match.group(2), match.group(3)


def default_split(names: Sequence[str], where: str) -> str:
    """The split taken if none is asked for: test, else validation, else all.

    A training set is never taken unasked, nor one whose name says nothing.

    Raises:
        InputError: none of these, or several of a kind.
    """
    for kind in ("test", "validation"):
        some = [name for name in names if kind_of(name) == kind]
        if len(some) == 1:
            return some[0]
        if some:
            break
    if list(names) == ["all"]:
        return "all"
    raise DataError.of(
        where,
        f"has {_listed(names)} and not one test or validation split to take unasked",
        "",
        "Say which with `split`.",
    )


def _listed(names: Sequence[str]) -> str:
    word = "the split" if len(names) == 1 else f"{len(names)} splits:"
    return f"{word} {', '.join(names)}"


def check_split(name: str, names: Sequence[str], where: str) -> None:
    """Raises InputError if there is no split of this name."""
    if name not in names:
        raise DataError.of(
            where, f"has no split {name!r}", f"one of {', '.join(names)}"
        )


def resolved(text: str | None, names: Sequence[str], where: str) -> str:
    """`text` with the split called as it is here: valid[:5] may be validation[:5].

    Args:
        text: as --split; None: the default.
    Raises:
        InputError: no such split, none to take unasked, or several that are meant.
    """
    if text is None:
        return default_split(names, where)
    name, start, stop = parse_split(text)
    if name not in names:
        kind = kind_of(name)
        same = [
            other
            for other in names
            if other.lower() == name.lower() or (kind and kind_of(other) == kind)
        ]
        if len(same) != 1:
            check_split(name, names, where)
        name = same[0]
    return name if start is stop is None else f"{name}[{start or ''}:{stop or ''}]"


def same_split(asked: str, stored: str) -> bool:
    """Whether --split means a split that goes by another name: test, Testing."""
    try:
        return resolved(asked, [parse_split(stored)[0]], "") == stored
    except InputError:
        return False


def sliced(dataset: Dataset, text: str) -> Dataset:
    """The part of a whole split that `text`, such as "test[:500]", asks for.

    Raises:
        InputError: the slice is empty, or ends beyond the data set.
    """
    name, start, stop = parse_split(text)
    if start is None and stop is None:
        return dataset
    first, last = slice_bounds(start, stop, len(dataset), text)
    chosen = np.sort(shuffled(dataset.ids)[first:last])
    split = f"{name}[{start or ''}:{stop or ''}]"
    return dataset.take(chosen, split)


def slice_bounds(
    start: str | None, stop: str | None, count: int, text: str
) -> tuple[int, int]:
    """First index and the one after the last; percentages round to the nearest.

    Raises:
        InputError: nothing is left, or it reaches outside of `count` pictures.
    """
    first = 0 if start is None else _place(start, count, text)
    last = count if stop is None else _place(stop, count, text)
    if first >= last:
        raise DataError(
            "split",
            text,
            "a start below the end",
            fault=f"it takes none of the {count} pictures",
        )
    return first, last


def _place(text: str, count: int, whole: str) -> int:
    amount = int(text.rstrip("%"))
    limit = 100 if text.endswith("%") else count
    if abs(amount) > limit:
        raise DataError(
            "split",
            whole,
            f"numbers from -{limit} to {limit}, or no end",
            fault=f"it reaches outside of its {count} pictures",
        )
    if text.endswith("%"):
        amount = round(amount * count / 100)
        return count + amount if text.startswith("-") else amount
    return count + amount if text.startswith("-") else amount
