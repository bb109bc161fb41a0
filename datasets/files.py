"""Files are written whole or not at all, and are known by their content."""

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from datasets.run_lock import UNFINISHED
from datasets.shown import shown
from datasets.user_files import UserFile

_READ_BYTES = 1 << 20
_MOST_NAME = 200  # bytes; a file system takes 255
_SURROGATES = re.compile("[\ud800-\udfff]+")


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Opens a temporary neighbour of `path` that replaces it when the block ends well.

    A reader sees the old content or the new one, also after `kill -9`; an exception
    inside the block leaves `path` as it was. Folders are made as needed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(UNFINISHED, _prefix(path), path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)  # mkstemp makes files that only their owner reads
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


def _prefix(path: Path) -> str:
    """Of a temporary neighbour, whose name must fit too."""
    return f".{os.fsdecode(os.fsencode(path.name)[:_MOST_NAME])}."


def write_text(path: Path, text: str) -> None:
    """Writes `text` as UTF-8, whole or not at all; a byte of a name that is none is
    spelt, as `shown` does.
    """
    with whole_file(path) as file:
        file.write(_SURROGATES.sub(lambda some: shown(some[0]), text).encode())


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content, as 64 hexadecimal digits.

    Raises:
        InputError: no plain file lies there.
    """
    digest = hashlib.sha256()
    with UserFile(path).checked().open("rb") as file:
        while block := file.read(_READ_BYTES):
            digest.update(block)
    return digest.hexdigest()
