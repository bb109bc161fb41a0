"""What a bench runs on: a folder that files are put into, and a runner started there.

`HostMachine` is this machine; `android_bench.phone.Phone` one behind adb. Neither knows
what is measured.
"""

import os
import platform
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from datasets.errors import InputError

Facts = dict[str, Any]

_CAUSES = {
    signal.SIGKILL: "killed: most likely out of memory",
    signal.SIGSEGV: "crashed with SIGSEGV",
    signal.SIGILL: "stopped at an instruction that this processor does not have",
    signal.SIGABRT: "aborted",
    signal.SIGBUS: "crashed with SIGBUS: a file changed or shrank while it ran",
}


class Machine(Protocol):
    """The contract. Names are plain file names in the machine's folder."""

    @property
    def label(self) -> str: ...
    @property
    def slug(self) -> str:
        """The label as a file name."""

    def facts(self) -> Facts:
        """What the machine is, and how warm and charged it is now."""

    def put(self, files: Mapping[str, Path]) -> None:
        """Makes the files lie there; what lies there already is not copied again."""

    def execute(self, command: Sequence[str], seconds: float) -> None:
        """Runs a command to its end; goes on after a connection was lost.

        Raises:
            InputError: it failed; its own line, or what its end means.
        """

    def output(self, command: Sequence[str], seconds: float) -> str:
        """Runs a command from its beginning to its end; what it printed.

        Raises:
            InputError: it failed.
        """

    def get(self, name: str, path: Path) -> None:
        """Fetches a file, whole or not at all."""

    def remove(self, names: Sequence[str]) -> None:
        """Deletes files; such as are not there do not matter."""


def cause_of_end(code: int) -> str:
    """What an exit code of a shell, or of a process, says of its end."""
    number = code - 128 if code > 128 else -code
    known = {int(key): text for key, text in _CAUSES.items()}
    return known.get(number, f"exit code {code}")


class HostMachine:
    """This machine: files are linked into a folder, and the runner started in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def label(self) -> str:
        return f"this machine ({platform.machine()}, not a phone)"

    @property
    def slug(self) -> str:
        return "host"

    def facts(self) -> Facts:
        """Model of the processor, cores, kernel; a host's temperature is not read."""
        return {
            "model": _processor(),
            "abi": platform.machine(),
            "system": f"{platform.system()} {platform.release()}",
            "cores": os.cpu_count(),
            "phone": False,
        }

    def put(self, files: Mapping[str, Path]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, path in files.items():
            link = self._folder / name
            link.unlink(missing_ok=True)
            link.symlink_to(path.resolve())

    def execute(self, command: Sequence[str], seconds: float) -> None:
        self.output(command, seconds)

    def output(self, command: Sequence[str], seconds: float) -> str:
        program = Path(command[0]).name
        try:
            done = subprocess.run(
                command,
                cwd=self._folder,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise InputError.of(
                f"the {program}",
                f"took more than {seconds:.0f} s and was ended; what it measured is "
                "kept",
                "",
                "Bench again to go on, with a longer `timeout`.",
            ) from error
        except OSError as error:
            raise InputError.of(program, f"cannot be run: {error.strerror}") from error
        if done.returncode:
            said = done.stderr.strip().splitlines()
            line = said[-1] if said and done.returncode > 0 else ""
            raise InputError.of(program, line or cause_of_end(done.returncode))
        return done.stdout + done.stderr

    def get(self, name: str, path: Path) -> None:
        from datasets.files import whole_file

        with whole_file(path) as file:
            file.write((self._folder / name).read_bytes())

    def remove(self, names: Sequence[str]) -> None:
        for name in names:
            (self._folder / name).unlink(missing_ok=True)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    return named[0] if named else platform.machine()
