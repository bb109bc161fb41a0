"""JSON from a stranger: small, shallow, finite, each key once, text that can be shown.

Python's own reader takes NaN, keys twice, nesting until the stack ends and whole
numbers of any length; other readers of the same manifest would not, or would read it
differently.
"""

import json
import math
import re
from typing import Any, NoReturn

from datasets.errors import DataError

MOST_BYTES = 8 << 20
MOST_DEPTH = 32
_MOST_DIGITS = 18  # such whole numbers fit a signed 64-bit integer
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
# what moves a terminal's cursor or hides text; a line's end may stand in free text
UNSHOWABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def parse(
    content: bytes,
    where: str,
    most: int = MOST_BYTES,
    any_text: bool = False,
    depth: int = MOST_DEPTH,
) -> Any:
    """The value that JSON text stands for.

    Args:
        where: what the text is, for errors.
        most: bytes.
        any_text: also text that cannot be shown, such as names of files.
        depth: levels of nesting.
    Raises:
        InputError: larger than `most`, deeper than `depth`, not UTF-8, not JSON,
            NaN or infinite, a key twice, a number too long, unshowable text.
    """
    if len(content) > most:
        raise DataError.of(where, f"over {most >> 20} MiB", "less")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise DataError.of(where, f"byte {error.start} is not UTF-8") from None
    _check_depth(text, where, depth)
    reader = _Reader(where)
    try:
        value = json.loads(
            text,
            object_pairs_hook=reader.once,
            parse_constant=reader.constant,
            parse_float=reader.finite,
            parse_int=reader.whole,
        )
    except json.JSONDecodeError as error:
        raise DataError.of(
            where, f"not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
        ) from None
    if not any_text:
        _check_text(value, where)
    return value


class _Reader:
    """Hooks of Python's reader that refuse what is not plain JSON."""

    def __init__(self, where: str) -> None:
        self._where = where

    def once(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        unique: dict[str, Any] = {}
        for key, value in pairs:
            if key in unique:
                raise DataError.of(
                    self._where, f"the key {key[:60]!r} stands twice in one object"
                )
            unique[key] = value
        return unique

    def constant(self, word: str) -> NoReturn:
        raise DataError.of(self._where, f"{word} is no JSON number")

    def finite(self, text: str) -> float:
        value = float(text)
        if not math.isfinite(value):
            raise DataError.of(self._where, f"the number {text[:40]} is too large")
        return value

    def whole(self, text: str) -> int:
        if len(text.lstrip("-")) > _MOST_DIGITS:
            raise DataError.of(
                self._where,
                f"the number {text[:24]} is longer than {_MOST_DIGITS} digits",
            )
        return int(text)


def _check_depth(text: str, where: str, most: int) -> None:
    depth = 0
    for mark in re.finditer(r"[\[\]{}]", _STRING.sub("", text)):
        depth += 1 if mark.group() in "[{" else -1
        if depth > most:
            raise DataError.of(where, f"nested deeper than {most} levels")


def _check_text(value: Any, where: str) -> None:
    """Every string and key can be written as UTF-8 and shown on a terminal."""
    left = [value]
    while left:
        held = left.pop()
        if isinstance(held, dict):
            left += [*held, *held.values()]
        elif isinstance(held, list):
            left += held
        elif isinstance(held, str) and (UNSHOWABLE.search(held) or not _encodes(held)):
            raise DataError.of(where, f"unshowable characters in {held[:40]!a}")


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True
