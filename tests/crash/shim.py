"""What goes wrong under a verb: at its Nth file operation, or after a while.

An audit hook counts what changes the run folder: files opened to be written, renames,
folders made, files removed. At the chosen one it kills the process with -9, or gives
it the error of a full or read-only disk, or takes its input away, or turns the clock
back. Nothing of reswise knows of it.
"""

import errno
import os
import shutil
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_ONE = {"os.mkdir", "os.remove", "os.rmdir", "os.symlink", "os.truncate", "os.chmod"}
_TWO = {"os.rename", "os.link"}
DAY = 86_400.0
KILL, FULL, READ_ONLY, GONE, CLOCK = "kill", "full", "read-only", "gone", "clock"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that goes wrong.

    Args:
        kind: KILL, or FULL, READ_ONLY, GONE, CLOCK.
        operation: at which operation, from 1; 0: none.
        seconds: of a KILL, after so long instead.
        inputs: of GONE, the folder that vanishes.
    """

    kind: str = KILL
    operation: int = 0
    seconds: float = 0.0
    inputs: str = ""


class Shim:
    """Counts, and does what its fault says."""

    def __init__(self, folder: Path, fault: Fault, counted: Path) -> None:
        self._folder, self._fault = str(folder.resolve()) + os.sep, fault
        self._counted = counted
        self.count = 0
        self._time = time.time

    def install(self) -> None:
        """In a process of the verb's own, which ends with it."""
        sys.addaudithook(self._audit)
        if self._fault.seconds:
            timer = threading.Thread(target=self._later, daemon=True)
            timer.start()

    def done(self) -> None:
        """Writes how many operations there were."""
        count, self._folder = self.count, "\0"
        self._counted.write_text(str(count))

    def _later(self) -> None:
        time.sleep(self._fault.seconds)
        os.kill(os.getpid(), signal.SIGKILL)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        paths: tuple[Any, ...] = ()
        if event == "open":
            path, mode, flags = arguments
            letters = str(mode or "")
            if any(letter in letters for letter in "wax+") or (
                mode is None and flags & _WRITES
            ):
                paths = (path,)
        elif event in _ONE:
            paths = arguments[:1]
        elif event in _TWO:
            paths = arguments[1:2]
        if paths and self._inside(paths[0]):
            self.count += 1
            if self.count >= self._fault.operation > 0:
                self._happen(paths[0])

    def _inside(self, path: Any) -> bool:
        if isinstance(path, int):
            return False
        whole = os.path.abspath(os.fsdecode(path)) + os.sep
        return whole.startswith(self._folder)

    def _happen(self, path: Any) -> None:
        kind = self._fault.kind
        if kind == KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fsdecode(path))
        if kind == READ_ONLY:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), os.fsdecode(path))
        if self.count > self._fault.operation:
            return
        if kind == GONE:
            shutil.rmtree(self._fault.inputs, ignore_errors=True)
        if kind == CLOCK:
            real = self._time
            time.time = lambda: real() - DAY
