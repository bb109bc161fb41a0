"""The one door for files that a user names: what is opened, how large, how it is read.

A plain file only: a pipe, a device, a folder or a link that leads nowhere is refused at
once, and nothing is read for longer than a deadline or beyond a size. What it holds is
decoded, parsed within limits of depth and length, and taken apart inside `shaped`: what
does not fit becomes one line. Arrays: `user_arrays`; tables of text: `user_tables`.
Files that a library opens itself (HDF5, zip) pass `checked`.
"""

import contextlib
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datasets import strict_json
from datasets.errors import InputError

MOST_TEXT_BYTES = 64 << 20  # flags, names, labels, tables
MOST_RUN_BYTES = 256 << 20  # of one file of a run folder: ids of a million pictures
MOST_BYTES = 16 << 30  # weights
SECONDS = 120.0  # for one file; a disk that has gone away gives nothing for ever
_BLOCK = 1 << 22
# 0 where a system has no such flag: there a pipe is told by stat alone
_PLAIN = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


class UserFile:
    """A file as it was named, before it is opened.

    Args:
        argument: the argument that names it, as a script writes it; empty: it lies in a
            folder that the user named.
        came: what the argument was given, where that is more than the path.
        expected: what it should be, for errors.
        do: what to do where it is not.
        kind: of the errors: what such a file is a part of.
    """

    def __init__(
        self,
        path: Path,
        argument: str = "",
        came: str = "",
        expected: str = "a plain file",
        do: str = "",
        kind: type[InputError] = InputError,
    ) -> None:
        self.path, self.argument, self.came = path, argument, came
        self._expected, self._do, self._kind = expected, do, kind

    @property
    def where(self) -> str:
        """What errors call it."""
        flag = "--" + self.argument.replace("_", "-") + " " if self.argument else ""
        return f"{flag}{self.came or self.path}"

    def wrong(self, why: str) -> InputError:
        """One line that says why, what was expected, and what to do."""
        came = self.came or str(self.path)
        if self.argument:
            return self._kind(self.argument, came, self._expected, self._do, fault=why)
        return self._kind.of(came, why, self._expected, self._do)

    def unpacked(self, path: Path) -> "UserFile":
        """A member of it, unpacked elsewhere; errors name the file itself."""
        came = self.came or str(self.path)
        return UserFile(path, self.argument, came, self._expected, self._do, self._kind)

    def checked(self, most: int = MOST_BYTES) -> Path:
        """The path, where a plain file of at most `most` bytes lies that can be read.

        Raises:
            InputError: it does not.
        """
        with _opened(self, most):
            return self.path

    def content(self, most: int = MOST_TEXT_BYTES) -> bytes:
        """All its bytes.

        Raises:
            InputError: no plain file, larger, or it gives nothing before the deadline.
        """
        with _opened(self, most) as handle:
            return _read(self, handle, most)

    def text(self, most: int = MOST_TEXT_BYTES) -> str:
        """Its text in UTF-8, with or without a mark.

        Raises:
            InputError: as `content`, or not UTF-8.
        """
        content = self.content(most)
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise self.wrong(f"is not UTF-8 at byte {error.start}") from None

    def json(self, most: int = MOST_RUN_BYTES) -> Any:
        """The value of its JSON text, as `strict_json.parse` reads it.

        Raises:
            InputError: as `content`, or no JSON within the limits.
        """
        content = self.content(most)
        try:
            return strict_json.parse(content, "", most, any_text=True)
        except InputError as error:
            raise self.wrong(f"is {error.fault}") from None

    def object(self, most: int = MOST_RUN_BYTES) -> dict[str, Any]:
        """`json`, where that is an object.

        Raises:
            InputError: as `json`, or a list, a number, a text.
        """
        value = self.json(most)
        if not isinstance(value, dict):
            kind = type(value).__name__.replace("NoneType", "null")
            raise self.wrong(f"holds no JSON object but a {kind}")
        return value

    @contextlib.contextmanager
    def shaped(self) -> Iterator[None]:
        """What the file held is taken apart inside: what does not fit is an InputError.

        Raises:
            InputError: something is missing, of another type, or out of its range.
        """
        try:
            yield
        except InputError:
            raise
        except KeyError as error:
            raise self.wrong(f"has no, or an unknown, {str(error)[:80]}") from error
        except (
            ArithmeticError, AttributeError, IndexError, MemoryError, RecursionError,
            TypeError, ValueError,
        ) as error:  # fmt: skip
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise self.wrong(f"is not whole ({first[:160]})") from error


@contextlib.contextmanager
def _opened(file: UserFile, most: int) -> Iterator[int]:
    """A descriptor; it is looked at before and after it is opened: none is swapped."""
    try:
        _check(file, os.stat(file.path), most)
        handle = os.open(file.path, _PLAIN)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        if isinstance(error, InputError):
            raise
        why = getattr(error, "strerror", None) or "no file has such a name"
        raise file.wrong(f"cannot be opened ({why})") from None
    try:
        _check(file, os.fstat(handle), most)
        yield handle
    finally:
        os.close(handle)


def _check(file: UserFile, held: os.stat_result, most: int) -> None:
    for is_kind, word in _KINDS:
        if is_kind(held.st_mode):
            raise file.wrong(f"is {word}")
    if held.st_size > most:
        raise file.wrong(f"has {held.st_size:,} bytes, over {most:,}")


def _read(file: UserFile, handle: int, most: int) -> bytes:
    """Of a file that only pretends to be plain (under /proc) no more than `most`."""
    blocks, size, end = [], 0, time.monotonic() + SECONDS
    try:
        while block := os.read(handle, _BLOCK):
            blocks.append(block)
            size += len(block)
            if size > most:
                raise file.wrong(f"has over {most:,} bytes")
            if time.monotonic() > end:
                raise file.wrong(f"could not be read within {SECONDS:g} s")
    except OSError as error:
        raise file.wrong(f"cannot be read ({error.strerror})") from None
    return b"".join(blocks)
