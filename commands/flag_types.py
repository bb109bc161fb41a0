"""Numbers as flags take them: finite, and no larger than anybody has a use for.

What a flag means is checked by its verb; here is refused what would only be found out
hours later: a run of 9,999,999,999 epochs, a share that is no number.
"""

import argparse
import math
from collections.abc import Callable
from typing import Any

from datasets.limits import LARGEST_SEED, MOST_COUNT

_MOST_NUMBER = 1e12  # MACs of a million classes
_ROUNDS = 100_000
_MOST = {
    "--seed": LARGEST_SEED,
    "--epochs": _ROUNDS,
    "--passes": _ROUNDS,
    "--views": 1000,
    "--batch": _ROUNDS,
    "--repeats": _ROUNDS,
    "--repeat-splits": _ROUNDS,
    "--rounds": _ROUNDS,
    "--threads": 1024,
    "--columns": 1000,
}


def bounded(flag: str, kind: Any) -> Any:
    """The type of a flag: int and float within bounds, any other as it is."""
    if kind is int:
        return _whole(_MOST.get(flag, MOST_COUNT))
    return _finite if kind is float else kind


def _whole(most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise _refused(text, "a whole number") from None
        if abs(number) > most:
            raise _refused(text, f"at most {most:,}")
        return number

    return read


def _finite(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise _refused(text, "a number") from None
    if not math.isfinite(number) or abs(number) > _MOST_NUMBER:
        raise _refused(text, f"a finite number of at most {_MOST_NUMBER:g}")
    return number


def _refused(text: str, expected: str) -> argparse.ArgumentTypeError:
    shown = text if len(text) <= 40 else f"{text[:40]}..."
    return argparse.ArgumentTypeError(f"{shown!r}; expected {expected}")
