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
from pathlib import Path

from android_bench.capped import run_capped
from android_bench.device_states import (
    Device,
    by_cable,
    listed,
    not_ready,
    nothing_ready,
    read_devices,
)
from datasets.errors import InputError

Done = subprocess.CompletedProcess[bytes]
Start = Callable[
    [Sequence[str], float], Done
]  # command, seconds; may raise as run does

_BEGIN, _MARK = "reswise-begin", "reswise-exit"
_SECONDS = 60.0
_QUICK_SECONDS = 5.0  # for what any phone answers at once
_ONE_PHONE = (
    'echo "serial=$(getprop ro.serialno 2>/dev/null)"; '
    'echo "boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)"'
)
# what adb, of any version, says when the device, the cable or its server went away
_LOST = re.compile(
    r"not found|no devices|offline|closed|protocol fault|connection re(set|fused)|"
    r"cannot connect|failed to (connect|get feature)|still (authorizing|connecting)|"
    r"broken pipe|transport|no answer|server (killed|didn't ack)|eof|"
    r"failed to (read|write|copy).*(i/o|connection|errno)",
    re.IGNORECASE,
)
_CODE = re.compile("[0-9]{1,3}")
_LASTING = re.compile("no space left|read-only|permission denied|unauthorized", re.I)


class LostError(InputError):
    """The device or the connection went away; waiting for it may help."""


def find_adb(given: str | None) -> str:
    """The adb program: as given, of the PATH, or the one that adbutils brings.

    Raises:
        InputError: none of them is there.
    """
    if given is not None:
        program = shutil.which(given)
        if program is None:
            raise InputError("adb", given, "a program that is there, such as adb")
        return program
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
        "adb",
        "none",
        "Android's adb",
        "Run `pip install adbutils` or `apt-get install adb`, or name the program of "
        "Android's platform-tools with `adb`.",
        "it is not installed",
    )


def start(command: Sequence[str], seconds: float) -> Done:
    """Runs a program to its end; its input is closed, its output has a limit."""
    return run_capped(command, seconds)


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
        match = re.search(r"^Version (\S+)", said, re.MULTILINE)
        return match.group(1) if match else said.strip().split("\n")[0]

    def devices(self) -> list[Device]:
        """What adb sees, ready or not.

        Raises:
            LostError: adb itself failed, such as one that cannot reach its server.
        """
        done = self._call(["devices", "-l"], _SECONDS)
        if done.returncode:
            raise LostError.of(
                "adb devices",
                f"failed (adb: {_said(done)[-160:] or 'no message'})",
                "",
                "Run `adb kill-server`, then repeat the command.",
            )
        return read_devices(done.stdout.decode(errors="replace"))

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

        The code comes by a line of our own: not every adb and device passes it on. So
        does the beginning: some shells print a warning before every answer.

        Args:
            script: for sh; every word in it that comes from outside is quoted.
        Raises:
            LostError: the script did not get to its end.
        """
        marked = (
            f"printf '{_BEGIN}\\n'; ( {script}\n) 2>&1; printf '\\n{_MARK}:%d\\n' $?"
        )
        done = self.run(serial, ["shell", marked], seconds)
        text = done.stdout.decode(errors="replace").replace("\r\n", "\n")
        said, mark, rest = text.rpartition(f"\n{_MARK}:")
        code = (rest.split() or [""])[0]
        said = said.partition(f"{_BEGIN}\n")[2]
        if not mark or not _CODE.fullmatch(code):
            _check_there(serial, _said(done))
            raise LostError.of(
                f"device {serial}", "the connection broke off in mid-command"
            )
        return said, int(code)

    def _call(self, arguments: Sequence[str], seconds: float) -> Done:
        try:
            return self._start([self.program, *arguments], seconds)
        except subprocess.TimeoutExpired as error:
            raise LostError.of(
                f"adb {_shown(arguments)}", f"no answer within {seconds:.0f} s"
            ) from error
        except OSError as error:
            raise InputError.of(
                self.program, f"cannot be run ({error.strerror})"
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
        raise unauthorized(serial)
    if _LOST.search(said) and not _LASTING.search(said):
        raise LostError.of(f"device {serial}", f"went away (adb: {said[-160:]})")


def unauthorized(serial: str) -> InputError:
    """What the user has to do, in one line."""
    return not_ready(Device(serial, "unauthorized", ""))


def _shown(arguments: Sequence[str]) -> str:
    return " ".join(arguments)[:60].replace("\n", " ")


def chosen_serials(
    adb: Adb, wanted: str | None, tell: Callable[[str], None] = lambda _: None
) -> list[str]:
    """The devices to bench, each phone once however it is connected.

    Args:
        wanted: a serial, "all", or None for the only one.
        tell: takes a line on connections that lead to one phone.
    Raises:
        InputError: none, several without a choice, or one that is not ready.
    """
    devices = adb.devices()
    if wanted not in (None, "all"):
        return [_checked(adb, devices, str(wanted))]
    ready = [device.serial for device in devices if device.state == "device"]
    if not ready:
        raise nothing_ready(devices)
    same = one_phone(adb, ready)
    for serial, first in same.items():
        tell(f"{serial} is the same phone as {first} (ro.serialno): it runs once.")
    phones = [serial for serial in ready if serial not in same]
    if wanted is None and len(phones) > 1:
        raise InputError(
            "serial",
            "",
            "one of them, or all",
            "Name it with `serial`, or `serial=all`.",
            f"{len(devices)} devices are there ({listed(devices)})",
        )
    return phones


def one_phone(adb: Adb, serials: Sequence[str]) -> dict[str, str]:
    """Further connections to a phone -> the one to use, a cable before the network.

    Phones are known by ro.serialno, and by the hash of their boot where they tell it:
    some makers give every phone of a model the same serial number.
    """
    first: dict[tuple[str, ...], str] = {}
    same: dict[str, str] = {}
    if len(serials) < 2:
        return same
    for serial in sorted(serials, key=lambda one: (not by_cable(one), one)):
        try:
            said, _ = adb.shell(serial, _ONE_PHONE, _QUICK_SECONDS)
        except InputError:  # it will say so when it is used
            continue
        number, boot = (
            "".join(re.findall(rf"^{name}=(.*)$", said, re.MULTILINE)).strip()
            for name in ("serial", "boot")
        )
        if not number:
            continue
        known = first.setdefault((number, boot), serial)
        if known != serial:
            same[serial] = known
    return same


def _checked(adb: Adb, devices: Sequence[Device], serial: str) -> str:
    named = next((device for device in devices if device.serial == serial), None)
    if named is None and ":" in serial:
        adb.connect(serial)
        state = adb.state(serial)
        named = Device(serial, state, "") if state else None
    if named is None:
        raise InputError(
            "serial",
            serial,
            f"one that adb sees: {listed(devices) or 'none'}",
            fault="no such device",
        )
    if named.state != "device":
        raise not_ready(named)
    return serial
