"""A bundle's files, opened so that nothing but a plain file of it is ever read."""

import hashlib
import os
import stat
from pathlib import Path

from convert.manifest import File, Manifest
from datasets.errors import BundleError

MOST_FILE_BYTES = 1 << 30
MOST_BUNDLE_BYTES = 4 << 30
# 0 where the system has no such flag: there lstat alone tells links and pipes
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_BINARY = getattr(os, "O_BINARY", 0)


def read_plain(path: Path, most_bytes: int, size_bytes: int | None = None) -> bytes:
    """The content of a plain file, its size looked at before a byte is read.

    Args:
        size_bytes: what the manifest declares; None: not declared.
    Raises:
        InputError: missing, a link, no plain file, too large, or of another size.
    """
    _check_kind(path)
    try:
        handle = os.open(path, os.O_RDONLY | _NO_LINK | _BINARY)
    except OSError as error:
        raise BundleError.of(path, f"cannot be opened: {error.strerror}") from None
    with os.fdopen(handle, "rb") as file:
        held = os.fstat(file.fileno())
        if not stat.S_ISREG(held.st_mode):
            raise BundleError.of(path, "not a plain file")
        if held.st_size > most_bytes:
            raise BundleError.of(
                path, f"{held.st_size:,} bytes", f"at most {most_bytes:,}"
            )
        if size_bytes is not None and held.st_size != size_bytes:
            raise BundleError.of(
                path,
                f"{held.st_size:,} bytes; the manifest declares {size_bytes:,}",
                "",
                "Copy the bundle again.",
            )
        return file.read(most_bytes + 1 if size_bytes is None else size_bytes)


def _check_kind(path: Path) -> None:
    try:
        mode = os.lstat(path).st_mode
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no file name"
        raise BundleError.of(path, f"cannot be opened: {why}") from None
    if stat.S_ISLNK(mode):
        raise BundleError.of(path, "a link", "a plain file of the bundle itself")
    if not stat.S_ISREG(mode):
        raise BundleError.of(path, "not a plain file")


def read_declared(folder: Path, file: File) -> bytes:
    """The content of a file that the manifest declares.

    Raises:
        InputError: not a plain file, or of another size or SHA-256 than declared.
    """
    path = folder / file.file
    content = read_plain(path, MOST_FILE_BYTES, file.size_bytes)
    actual = hashlib.sha256(content).hexdigest()
    if actual != file.sha256:
        raise BundleError.of(
            path,
            f"its SHA-256 begins {actual[:12]}, the manifest declares "
            f"{file.sha256[:12]}: the file was changed",
            "",
            "Copy the bundle again.",
        )
    return content


def check_names(manifest: Manifest, reserved: str, where: str) -> None:
    """Each file once, also where a file system does not tell a from A.

    Raises:
        InputError: one twice, named as the manifest, or more bytes than a bundle has.
    """
    seen = {reserved.casefold()}
    for file in manifest.files:
        if file.file.casefold() in seen:
            raise BundleError.of(where, f"the file {file.file} is declared twice")
        seen.add(file.file.casefold())
    total = sum(file.size_bytes for file in manifest.files)
    if total > MOST_BUNDLE_BYTES:
        raise BundleError.of(
            where,
            f"declares {total:,} bytes of files",
            f"at most {MOST_BUNDLE_BYTES:,}",
        )
