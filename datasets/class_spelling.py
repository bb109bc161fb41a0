"""How names of classes are spelt: what is the same name, and numbers within names."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise


def composed(name: str) -> str:
    """One spelling of accents: macOS writes file names in another."""
    return unicodedata.normalize("NFC", name)


def folded(name: str) -> str:
    """One spelling of what differs in capitals, spaces, hyphens and underscores."""
    return re.sub(r"[\s_-]+", " ", composed(name)).strip().casefold()


def unnumbered(names: Sequence[str]) -> tuple[str, ...]:
    """ "0 cat", "1: dog", as Teachable Machine writes them -> cat, dog."""
    parts = [re.fullmatch(r"([0-9]{1,7})[\s:,;]\s*(\S.*)", name) for name in names]
    numbered = [(int(part[1]), part[2]) for part in parts if part]
    if len(numbered) < len(names) or [number for number, _ in numbered] != [
        *range(len(numbered))
    ]:
        return ()
    return tuple(name for _, name in numbered)


def said_of_numbers(names: Sequence[str]) -> str:
    """Says that class_10 comes before class_2, where names are in the order of text."""
    if list(names) != sorted(names):
        return ""
    for first, second in pairwise(names):
        own, other = _by_numbers(first), _by_numbers(second)
        if own[0] == other[0] and own > other:
            return f", that of text: {first} before {second}"
    return ""


def _by_numbers(name: str) -> list[tuple[int, str]]:
    parts = re.split(r"([0-9]+)", name)
    return [
        (int(part), "") if index % 2 else (0, part) for index, part in enumerate(parts)
    ]
