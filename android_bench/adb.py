"""The adb program as a function: argument lists, always a serial, always a time limit.

LostError
    the device or the connection went away; waiting for it may help. An InputError.
"""

import importlib.util
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from datasets.errors import InputError

Done = subprocess.CompletedProcess[bytes]
Start = Callable[
    [Sequence[str], float], Done
]  # command, seconds; may raise as run does

_MARK = "reswise-exit"
_SECONDS = 60.0
# what adb, of any version, says when the device, the cable or its server went away
_LOST = re.compile(
    r"not found|no devices|offline|closed|protocol fault|connection re(set|fused)|"
    r"cannot connect|failed to (connect|get feature)|still (authorizing|connecting)|"
    r"broken pipe|transport|no answer|server (killed|didn't ack)|eof|"
    r"failed to (read|write|copy).*(i/o|connection|errno)",
    re.IGNORECASE,
)
_LISTED = re.compile(
    r"(\S.*?)\s+(device|offline|unauthorized|authorizing|connecting|recovery|sideload|"
    r"rescue|bootloader|host|no permissions)(\s|$)"
)
_LASTING = re.compile("no space left|read-only|permission denied|unauthorized", re.I)


class LostError(InputError):
    """The device or the connection went away; waiting for it may help."""


@dataclass(frozen=True)
class Device:
    """A line of `adb devices`."""

    serial: str
    state: str  # device, offline, unauthorized, ...
    model: str


def find_adb(given: str | None) -> str:
    """The adb program: as given, of the PATH, or the one that adbutils brings.

    Raises:
        InputError: none of them is there.
    """
    if given is not None:
        found = shutil.which(given)
        if found is None:
            raise InputError(f"--adb {given}: no such program.")
        return found
    on_path = shutil.which("adb")
    if on_path:
        return on_path
    spec = importlib.util.find_spec("adbutils")
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or []:
        bundled = Path(folder) / "binaries" / "adb"
        if bundled.is_file():
            return str(bundled)
    raise InputError(
        "adb is not installed: `pip install adbutils` or `apt-get install adb`, or "
        "name the program of Android's platform-tools with --adb."
    )


def start(command: Sequence[str], seconds: float) -> Done:
    """Runs a program to its end; its input is closed."""
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=seconds,
        check=False,
    )


class Adb:
    """The adb program.

    Args:
        program: its path.
        start: runs a command; the one door to the outside.
    """

    def __init__(self, program: str, start: Start = start) -> None:
        self.program = program
        self._start = start

    def version(self) -> str:
        """Such as "36.0.0-13206524"."""
        said = self._call(["version"], _SECONDS).stdout.decode(errors="replace")
        found = re.search(r"^Version (\S+)", said, re.MULTILINE)
        return found.group(1) if found else said.strip().split("\n")[0]

    def devices(self) -> list[Device]:
        """What adb sees, ready or not."""
        said = self._call(["devices", "-l"], _SECONDS).stdout.decode(errors="replace")
        found = []
        for line in said.splitlines():
            parts = _LISTED.match(line)
            if parts is None or line.startswith(("List of", "*")):
                continue
            model = re.search(r"model:(\S+)", line)
            name = model.group(1) if model else ""
            found.append(Device(parts.group(1), parts.group(2), name))
        return found

    def connect(self, address: str) -> None:
        """Attaches to a device over TCP; adb says success either way, so ask after."""
        self._call(["connect", address], _SECONDS)

    def state(self, serial: str) -> str:
        """device, offline, unauthorized, or "" where it is not there."""
        return next((d.state for d in self.devices() if d.serial == serial), "")

    def run(self, serial: str, arguments: Sequence[str], seconds: float) -> Done:
        """adb -s SERIAL ARGUMENTS.

        Raises:
            LostError: the device went away, or adb did not answer in time.
            InputError: the device does not trust this computer.
        """
        done = self._call(["-s", serial, *arguments], seconds)
        if done.returncode:
            _check_there(serial, _said(done))
        return done

    def shell(
        self, serial: str, script: str, seconds: float = _SECONDS
    ) -> tuple[str, int]:
        """(standard output and error together, exit code) of a script on the device.

        The code comes by a line of our own: not every adb and device passes it on.

        Args:
            script: for sh; every word in it that comes from outside is quoted.
        Raises:
            LostError: the script did not get to its end.
        """
        marked = f"( {script}\n) 2>&1; printf '\\n{_MARK}:%d\\n' $?"
        done = self.run(serial, ["shell", marked], seconds)
        text = done.stdout.decode(errors="replace").replace("\r\n", "\n")
        said, mark, code = text.rpartition(f"\n{_MARK}:")
        if not mark or not code.strip().isdigit():
            _check_there(serial, _said(done))
            raise LostError(
                f"device {serial}: the connection broke off in mid-command."
            )
        return said, int(code)

    def _call(self, arguments: Sequence[str], seconds: float) -> Done:
        try:
            return self._start([self.program, *arguments], seconds)
        except subprocess.TimeoutExpired as error:
            raise LostError(
                f"adb {_shown(arguments)}: no answer within {seconds:.0f} s."
            ) from error
        except OSError as error:
            raise InputError(
                f"{self.program}: cannot be run ({error.strerror})."
            ) from error


def quoted(words: Sequence[str]) -> str:
    """Words for a shell of the device, each kept as it is."""
    return shlex.join(words)


def _said(done: Done) -> str:
    """What adb said last, on either stream."""
    text = (done.stdout[-4000:] + b"\n" + done.stderr[-4000:]).decode(errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[-3:])


def _check_there(serial: str, said: str) -> None:
    if "unauthorized" in said:
        raise InputError(unauthorized(serial))
    if _LOST.search(said) and not _LASTING.search(said):
        raise LostError(f"device {serial} went away (adb: {said[-160:]}).")


def unauthorized(serial: str) -> str:
    """What the user has to do, in one line."""
    return (
        f"device {serial} does not trust this computer: unlock it, tap Allow in its "
        "question on USB debugging, then repeat the command."
    )


def _shown(arguments: Sequence[str]) -> str:
    return " ".join(arguments)[:60].replace("\n", " ")


def chosen_serials(adb: Adb, wanted: str | None) -> list[str]:
    """The devices to bench.

    Args:
        wanted: a serial, "all", or None for the only one.
    Raises:
        InputError: none, several without a choice, or one that is not ready.
    """
    devices = adb.devices()
    ready = [device.serial for device in devices if device.state == "device"]
    if wanted == "all":
        if not ready:
            raise InputError(_nothing_ready(devices))
        return ready
    if wanted is None:
        if len(devices) > 1 and len(ready) != 1:
            raise InputError(
                f"{len(devices)} devices are there ({_listed(devices)}); name one with "
                "--serial, or --serial all."
            )
        if not ready:
            raise InputError(_nothing_ready(devices))
        return ready
    return [_checked(adb, devices, wanted)]


def _checked(adb: Adb, devices: Sequence[Device], serial: str) -> str:
    found = next((device for device in devices if device.serial == serial), None)
    if found is None and ":" in serial:
        adb.connect(serial)
        state = adb.state(serial)
        found = Device(serial, state, "") if state else None
    if found is None:
        raise InputError(
            f"--serial {serial}: no such device; adb sees {_listed(devices) or 'none'}."
        )
    if found.state != "device":
        raise InputError(_nothing_ready([found]))
    return serial


def _nothing_ready(devices: Sequence[Device]) -> str:
    if not devices:
        return (
            "adb sees no device; connect one by cable with USB debugging switched on "
            "(developer options), or `adb connect` it, or use --host."
        )
    for device in devices:
        if device.state == "unauthorized":
            return unauthorized(device.serial)
        if device.state == "no permissions":
            return (
                f"device {device.serial}: this user may not open it; install the udev "
                "rules for Android (package android-sdk-platform-tools-common)."
            )
    return (
        f"device {devices[0].serial} is {devices[0].state}; expected device. Plug it "
        "in again, or run `adb reconnect offline`."
    )


def _listed(devices: Sequence[Device]) -> str:
    return ", ".join(
        f"{device.serial} ({device.model or device.state})" for device in devices
    )
