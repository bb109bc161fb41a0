"""A stranger's JSON object, read field by field: each with its bounds, in one line."""

from collections.abc import Iterator, Sequence
from typing import Any

from datasets.errors import InputError

LARGEST = 10**15
_MOST_TEXT = 4096


class Fields:
    """One object; `where` says in errors what it is."""

    def __init__(self, held: dict[str, Any], where: str) -> None:
        self.held, self._where = held, where

    def wrong(self, name: str, found: object, expected: str) -> InputError:
        shown = ascii(found)[:60]
        return InputError.of(self._where, f"{name} is {shown}", expected)

    def inner(self, name: str) -> "Fields":
        value = self.held.get(name)
        if not isinstance(value, dict):
            raise self.wrong(name, value, "an object, as FolderBench writes it")
        return Fields(value, f"{self._where}: {name}")

    def text(self, name: str) -> str:
        value = self.held.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= _MOST_TEXT:
            raise self.wrong(name, value, "text")
        return value

    def whole(self, name: str, most: int) -> int:
        value = self.held.get(name)
        if not is_whole(value, most):
            raise self.wrong(name, value, f"a whole number, 0..{most}")
        return int(value)  # type: ignore[arg-type]  # as is_whole saw

    def number(self, name: str, most: float) -> float:
        value = self.held.get(name)
        sound = isinstance(value, int | float) and not isinstance(value, bool)
        if not sound or not 0 <= float(value) <= most:  # type: ignore[arg-type]
            raise self.wrong(name, value, f"a number, 0..{most:g}")
        return float(value)  # type: ignore[arg-type]

    def items(self, name: str, most: int) -> Sequence[Any]:
        value = self.held.get(name)
        if not isinstance(value, list) or len(value) > most:
            raise self.wrong(name, value, f"a list of at most {most}")
        return value

    def wholes(self, name: str, most: int, largest: int = LARGEST) -> list[int]:
        values = self.items(name, most)
        for value in values:
            if not is_whole(value, largest):
                raise self.wrong(name, value, f"whole numbers, 0..{largest}")
        return [int(value) for value in values]

    def each(self, name: str, most: int) -> "Iterator[Fields]":
        for value in self.items(name, most):
            if not isinstance(value, dict):
                raise self.wrong(name, value, "objects")
            yield Fields(value, f"{self._where}: {name}")


def is_whole(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most
