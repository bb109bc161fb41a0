"""The class names of a foreign .tflite, whichever way its label file counts them."""

import re
from dataclasses import dataclass
from pathlib import Path

from convert.untrusted.verify import label_lines_of, read_labels
from convert.untrusted.zip_check import zipped_files
from datasets.errors import BundleError, InputError
from datasets.user_files import UserFile

BACKGROUND = "background"
_BACKGROUNDS = (BACKGROUND, "__background__", "_background_")
_IMAGENET_WITH_BACKGROUND = 1001  # classes of TensorFlow's own ImageNet models
_MOST_BYTES = 8 << 20
_NUMBERED = re.compile(r"(\d{1,7})(?:\s+|\s*[:,;]\s*)(\S.*)")  # "0 name", "0: name"


@dataclass(frozen=True)
class Labels:
    """names: one a class. offset: the model's class of a data set's class 0."""

    names: tuple[str, ...]
    offset: int
    remarks: tuple[str, ...]


def labels_of(
    content: bytes, path: Path | None, classes: int, offset: int | None, where: str
) -> Labels:
    """The labels of a file of labels, or of those in the .tflite itself.

    Args:
        content: of the .tflite.
        path: None: those in its metadata.
        offset: the user's; 1 says that class 0 is the background.
    Raises:
        InputError: no labels, or not as many as classes.
    """
    text, source = _text(content, path, where)
    remarks: list[str] = []
    lines = _without_numbers(list(label_lines_of(text, source)), source, remarks)
    while len(lines) > classes and not lines[-1].strip():
        lines.pop()
    first_is_background = _is_background(lines[0])
    if len(lines) == classes + 1 and first_is_background:
        lines = lines[1:]
        remarks.append(
            f"{source} names a background that the model has not: its first line is "
            "left out."
        )
    elif len(lines) == classes - 1 and not first_is_background:
        if offset != 1 and classes != _IMAGENET_WITH_BACKGROUND:
            raise BundleError.of(
                source,
                f"{len(lines):,} lines for {classes:,} classes",
                "one class name a line",
                "Where the model's class 0 is the background, say `class_offset=1`.",
            )
        lines = [BACKGROUND, *lines]
        remarks.append(f"{source} has one line less than classes: 0 is the background.")
    names = read_labels("\n".join(lines).encode(), classes, source)
    return Labels(names, _offset(names, classes, offset), tuple(remarks))


def _text(content: bytes, path: Path | None, where: str) -> tuple[bytes, str]:
    if path is not None:
        return UserFile(path, "labels").content(_MOST_BYTES), str(path)
    zipped = zipped_files(content, where)
    names = [name for name in zipped if name.endswith(".txt")]
    if len(names) > 1:
        shown = ", ".join(f"{name[:60]!a}" for name in names)
        raise BundleError.of(
            where,
            f"carries {len(names)} files that may be labels ({shown})",
            "`labels=FILE`, one class name a line",
        )
    if not names:
        raise BundleError.of(
            where,
            "carries no labels of its own",
            "`labels=FILE`, one class name a line",
        )
    return zipped[names[0]], f"{where}: {names[0]}"


def _without_numbers(lines: list[str], source: str, remarks: list[str]) -> list[str]:
    """Teachable Machine and Coral write "0 name": each name goes to its number."""
    matches = [_NUMBERED.fullmatch(line.strip()) for line in lines if line.strip()]
    numbered = [(int(one[1]), one[2]) for one in matches if one]
    if len(numbered) < len(matches) or not numbered:
        return lines
    numbers, names = [one[0] for one in numbered], [one[1] for one in numbered]
    first = min(numbers)
    whole = sorted(numbers) == list(range(first, first + len(numbers)))
    if first > 1 or not whole or len(set(names)) < len(names):
        return lines  # names that begin with a number of their own
    remarks.append(
        f"{source} numbers its lines from {first}: the numbers are left out."
    )
    return [name for _, name in sorted(numbered)]


def _is_background(line: str) -> bool:
    return line.strip().casefold() in _BACKGROUNDS


def _offset(names: tuple[str, ...], classes: int, offset: int | None) -> int:
    if offset is None:
        return int(_is_background(names[0]))
    if not 0 <= offset < classes:
        raise InputError(
            "class_offset",
            offset,
            f"0..{classes - 1}, as the model has {classes} classes",
        )
    return offset
