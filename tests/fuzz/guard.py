"""What a case may do: read, refuse in one line, write in its own folder. No more.

An audit hook sees every file that Python opens to write, every rename, every program
and connection; a timer ends the process with its stacks where a case takes too long.
"""

import contextlib
import faulthandler
import os
import resource
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datasets.decode import Unreadable
from datasets.errors import InputError
from tests.fuzz.target import Target

SECONDS = 10.0
MOST_BYTES = 2 << 30
_MOST_LINE = 4000  # letters
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_TWO_PATHS = {"os.rename", "os.link", "shutil.move", "shutil.copyfile"}
_PATHS = {
    "os.mkdir", "os.remove", "os.rmdir", "os.symlink", "os.truncate", "os.chmod",
    "os.mkfifo", "shutil.rmtree", "os.utime",
}  # fmt: skip
_PROGRAMS = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.fork"}
_NETWORK = {"socket.connect", "socket.bind", "socket.sendto"}


class Finding(AssertionError):  # noqa: N818  (it is what a run finds)
    """Something that no input may bring about."""


class _Watch:
    """What the hook holds a case to; nothing while `folder` is None."""

    folder: Path | None = None
    programs = False
    strayed = ""


_WATCH = _Watch()


def install() -> None:
    """Once a process: the hook cannot be taken away again."""
    sys.addaudithook(_audit)
    sys.dont_write_bytecode = True


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _WATCH.folder is None:
        return
    if event == "open":
        path, mode, flags = arguments
        writes = any(letter in str(mode or "") for letter in "wax+")
        if (writes or (mode is None and flags & _WRITES)) and _outside(path):
            _WATCH.strayed = f"writes {path!r}"
    elif (
        event in _PATHS and not _by_folder(event, arguments) and _outside(arguments[0])
    ):
        _WATCH.strayed = f"{event} of {arguments[0]!r}"
    elif event in _TWO_PATHS and _outside(arguments[1]):
        _WATCH.strayed = f"{event} to {arguments[1]!r}"
    elif event in _NETWORK or (event in _PROGRAMS and not _WATCH.programs):
        _WATCH.strayed = f"{event} {str(arguments)[:200]}"


def _by_folder(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether the path is one within an open folder: so does rmtree, of its own."""
    return event in ("os.remove", "os.rmdir") and arguments[-1] != -1


def _outside(path: Any) -> bool:
    if isinstance(path, int) or _WATCH.folder is None:
        return False
    whole = os.path.abspath(os.fsdecode(path))
    own = str(_WATCH.folder)
    return whole not in (os.devnull, own) and not whole.startswith(own + os.sep)


@contextlib.contextmanager
def _watched(folder: Path, programs: bool) -> Iterator[None]:
    before = tempfile.tempdir
    tempfile.tempdir = str(folder)
    _WATCH.folder, _WATCH.programs, _WATCH.strayed = folder, programs, ""
    try:
        yield
    finally:
        _WATCH.folder = None
        tempfile.tempdir = before


def tried(target: Target, content: bytes, folder: Path) -> bool:
    """Whether a case was read; False: refused.

    Args:
        folder: empty; what the case writes must lie in it.
    Raises:
        Finding: another error, a refusal that is not one line, a file elsewhere, a
            program or a connection.
    """
    where = folder.resolve()
    refusal: BaseException | None = None
    with _watched(where, target.programs):
        try:
            target.read(content, where)
        except (InputError, Unreadable) as error:
            refusal = error
        except Exception as error:
            raise Finding(f"{type(error).__name__}: {str(error)[:300]}") from error
    if _WATCH.strayed:
        raise Finding(_WATCH.strayed)
    if refusal is not None:
        _check_line(str(refusal))
    return refusal is None


def _check_line(line: str) -> None:
    if "\n" in line or len(line) > _MOST_LINE:
        raise Finding(f"a refusal of {len(line)} letters: {line[:200]!r}")


def begin_timer() -> None:
    """From here on the process has SECONDS before it ends with its stacks."""
    faulthandler.dump_traceback_later(SECONDS * busy(), exit=True)


def busy() -> float:
    """How many times slower than an idle machine this one may be just now."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def end_timer() -> None:
    """The case is over."""
    faulthandler.cancel_dump_traceback_later()


def peak_bytes() -> int:
    """The most memory that the process ever held."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
