"""The split syntax of TFDS, `name`, `name[a:b]`, `name[10%:20%]`, for all data sets.

TFDS shuffles its files once, when it builds them, so a slice of one is a fair sample.
Folders and tables often lie sorted by class; a slice of them is therefore one of the
fixed shuffle, given back in the data set's own order. `all[:50%]` and `all[50%:]` never
share a picture.
"""

import re
from collections.abc import Sequence

import numpy as np

from datasets.dataset import Dataset, shuffled
from datasets.errors import InputError

_SPLIT = re.compile(r"([\w.-]+)(?:\[(-?\d+%?)?:(-?\d+%?)?\])?")
_DEFAULTS = ("test", "validation", "val", "all")


def parse_split(text: str) -> tuple[str, str | None, str | None]:
    """ "train[10%:20%]" -> ("train", "10%", "20%"); None for what is left out.

    Raises:
        InputError: another form.
    """
    match = _SPLIT.fullmatch(text.replace(" ", ""))
    if match is None:
        raise InputError(
            f"--split {text} is not a split; expected a name with or without a slice, "
            "such as test, test[:500] or train[10%:20%]."
        )
    return match.group(1), match.group(2), match.group(3)


def default_split(names: Sequence[str], where: str) -> str:
    """The split taken if none is asked for: test, else validation, else the only one.

    Raises:
        InputError: several, and none of these.
    """
    if len(names) == 1:
        return names[0]
    for name in _DEFAULTS:
        if name in names:
            return name
    raise InputError(
        f"{where} has several splits and no test; expected --split with one of "
        f"{', '.join(names)}."
    )


def check_split(name: str, names: Sequence[str], where: str) -> None:
    """Raises InputError if there is no split of this name."""
    if name not in names:
        raise InputError(
            f"{where} has no split {name!r}; expected one of {', '.join(names)}."
        )


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
        raise InputError(
            f"--split {text} takes none of the {count} pictures; expected a start "
            "below the end."
        )
    return first, last


def _place(text: str, count: int, whole: str) -> int:
    amount = int(text.rstrip("%"))
    limit = 100 if text.endswith("%") else count
    if abs(amount) > limit:
        raise InputError(
            f"--split {whole} reaches outside of its {count} pictures; expected "
            f"numbers from -{limit} to {limit}, or no end."
        )
    if text.endswith("%"):
        amount = round(amount * count / 100)
        return count + amount if text.startswith("-") else amount
    return count + amount if text.startswith("-") else amount
