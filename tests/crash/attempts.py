"""One attempt of a verb, in a process forked where its libraries are loaded.

A process that imports TensorFlow takes seconds to begin; a fork of one that has done
so, and has computed nothing, takes none.
"""

import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.crash.shim import Fault, Shim

KILLED = -signal.SIGKILL
_SECONDS = 600.0


@dataclass(frozen=True)
class Attempt:
    """How it ended."""

    code: int  # of the process; -9: killed
    said: str  # on standard error
    seconds: float
    operations: int  # that changed the run folder; 0: it did not end by itself


def load() -> None:
    """What every verb needs, once."""
    import keras  # noqa: F401
    import matplotlib.pyplot  # noqa: F401

    import reswise

    reswise.parser()


def attempt(words: Sequence[str], work: Path, fault: Fault) -> Attempt:
    """Runs `reswise WORDS` with a fault.

    Args:
        work: the folder that holds the run folder `run`; what it says lies there too.
    """
    said, counted = work / "said.txt", work / "operations.txt"
    counted.unlink(missing_ok=True)
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        _become(words, work, fault, said, counted)
    code = _ended(child, began)
    operations = int(counted.read_text()) if counted.exists() else 0
    text = said.read_text(errors="replace")
    return Attempt(code, text, time.monotonic() - began, operations)


def _become(
    words: Sequence[str], work: Path, fault: Fault, said: Path, counted: Path
) -> None:
    """The child: never returns."""
    code = 99
    try:
        for number, path in ((1, os.devnull), (2, str(said))):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            os.dup2(handle, number)
        os.chdir(work)
        import reswise

        shim = Shim(work / "run", fault, counted)
        shim.install()
        try:
            code = reswise.run(list(words))
        except SystemExit as end:
            code = int(end.code or 0)
        shim.done()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _ended(child: int, began: float) -> int:
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() - began > _SECONDS:
            os.kill(child, signal.SIGABRT)
            os.waitpid(child, 0)
            return -signal.SIGABRT
        time.sleep(0.01)


def emptied(folder: Path) -> Path:
    """The folder, with nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
