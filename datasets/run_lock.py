"""One process at a time works in a run folder; what killed ones left half is removed.

A second process says who holds the folder, and waits. Half-written files have a name of
their own (`UNFINISHED`), so that no other file is ever taken for one; they are removed
by the process that holds the folder.
"""

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from datasets.shown import shown

UNFINISHED = ".reswise-part"  # in the name of each, after a dot at its beginning
_LOCK = ".lock"
_DEEPEST = 8  # folders within the run folder
_SECONDS = 0.2  # between two looks


@contextlib.contextmanager
def alone_in(folder: Path, who: str) -> Iterator[None]:
    """Holds a run folder while a verb works in it, where the system can.

    Args:
        who: what a second process says of this one.
    """
    try:
        import fcntl
    except ImportError:  # not on Windows
        yield
        return
    new = not folder.exists()
    handle = _held(folder, fcntl.flock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{who}, process {os.getpid()}\n".encode(), 0)
        remove_unfinished(folder)
        yield
    finally:
        if new and os.listdir(folder) == [_LOCK]:  # nothing came of it
            (folder / _LOCK).unlink()
            folder.rmdir()
        os.close(handle)


def _held(folder: Path, lock: Callable[[int, int], object], how: int) -> int:
    """A descriptor of the lock file, locked."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
        handle = os.open(folder / _LOCK, flags, 0o644)
        try:
            _wait(handle, folder, lock, how)
            if _same(handle, folder / _LOCK):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # the last holder took the folder away


def _same(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False


def _wait(
    handle: int, folder: Path, lock: Callable[[int, int], object], how: int
) -> None:
    said = False
    while True:
        try:
            lock(handle, how)
            return
        except BlockingIOError:
            if not said:
                said = True
                holder = os.pread(handle, 200, 0).decode(errors="replace").strip()
                line = f"{folder} is held by {holder or 'another process'}; waiting"
                print(shown(line), file=sys.stderr, flush=True)
            time.sleep(_SECONDS)
        except OSError:  # a file system without locks
            return


def remove_unfinished(folder: Path, depth: int = 0) -> None:
    """Removes what killed runs left half-written in a folder and within it."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in list(entries):
            inner = entry.is_dir(follow_symlinks=False)
            if entry.name.startswith(".") and UNFINISHED in entry.name:
                _remove(Path(entry.path), inner)
            elif inner and depth < _DEEPEST:
                remove_unfinished(Path(entry.path), depth + 1)


def _remove(path: Path, is_folder: bool) -> None:
    if is_folder:
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()
