"""A file of class names: one a line, in the model's order."""

from pathlib import Path

from datasets.errors import DataError
from datasets.user_files import UserFile

MOST_NAMES_BYTES = 16 << 20


def read_class_names(path: Path) -> tuple[str, ...]:
    """One name a line, in the model's order; an empty last line does not count.

    Raises:
        InputError: no such file, not UTF-8, or an empty line among the names.
    """
    expected = "a text file in UTF-8 with one class name a line"
    file = UserFile(path, "class_names", expected=expected, kind=DataError)
    lines = file.text(MOST_NAMES_BYTES).splitlines()
    names = [line.strip() for line in lines]
    while names and not names[-1]:
        names.pop()
    if not names or not all(names):
        at = names.index("") + 1 if names else 1
        raise DataError(
            "class_names", path, "one class name a line", fault=f"line {at} is empty"
        )
    return tuple(names)
