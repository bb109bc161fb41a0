"""What `adb devices` says of a device, in one line with what to do; and which are one.

The words are those of adb's own sources (packages/modules/adb: adb.cpp, transport.cpp):
a version that has further ones is told by its own word.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from datasets.errors import InputError, JoinedError
from datasets.shown import shown

_UDEV = (
    "install the udev rules for Android (package android-sdk-platform-tools-common), "
    "plug it in again and run `adb kill-server`"
)
_REMEDIES = {
    "unauthorized": "it does not trust this computer: unlock it, tap Allow in its "
    "question on USB debugging, then repeat the command",
    "authorizing": "it is asking whether to trust this computer: unlock it, tap Allow",
    "connecting": "it is about to be there: repeat the command in some seconds",
    "offline": "plug it in again, or run `adb reconnect offline`",
    "no permissions": f"this user may not open it; {_UDEV}",
    "detached": "adb sees it and has let go of it: run `adb -s {serial} attach`; if it "
    f"stays so, {_UDEV}",
    "no device": "adb lists it and cannot find it: plug it in again",
    "unknown": "adb cannot tell what it is doing: plug it in again; if it stays so, "
    f"{_UDEV}",
    "recovery": "it is in its recovery: choose Reboot system there, or run `adb -s "
    "{serial} reboot`",
    "sideload": "it waits for an update: cancel that on it, or run `adb -s {serial} "
    "reboot`",
    "rescue": "it is in its rescue mode: run `adb -s {serial} reboot`",
    "bootloader": "it is in its bootloader: run `fastboot reboot`",
    "host": "it is the other end of a connection, no phone: plug the phone in itself",
}
_WORDS = "|".join(["device", *map(re.escape, _REMEDIES)])
_DETAILS = re.compile(r"\s+(?=(?:usb|product|model|device|features|transport_id):)")
_KNOWN = re.compile(rf"(\S.*?)\s+({_WORDS})(?:$|[\s(;,].*)")
_UNKNOWN = re.compile(r"(\S.*?)(?:\s{2,}|\t)(\S.*)|(\S+)\s+(\S.*)")


MOST_DEVICES = 1000
_MOST_TEXT = 200


@dataclass(frozen=True)
class Device:
    """A line of `adb devices`."""

    serial: str
    state: str  # device, offline, unauthorized, ...
    model: str


def read_devices(said: str) -> list[Device]:
    """What `adb devices -l` printed; its own messages are passed over."""
    devices: list[Device] = []
    for line in said.splitlines():
        if len(devices) == MOST_DEVICES:
            break
        if not line.strip() or line.startswith(
            ("List of", "*", "adb server", "error:")
        ):
            continue
        head = _DETAILS.split(line.strip())[0]
        parts = _KNOWN.match(head) or _UNKNOWN.match(head)
        if parts is None:
            continue
        serial, state = (part for part in parts.groups() if part)
        model = re.search(r"model:(\S+)", line)
        words = (serial, state.strip(), model.group(1) if model else "")
        devices.append(Device(*(shown(word)[:_MOST_TEXT] for word in words)))
    return devices


def not_ready(device: Device) -> InputError:
    """Why a device cannot be used, and what to do: one line."""
    known = _REMEDIES.get(device.state, "plug it in again, or restart it")
    known = known.replace("{serial}", device.serial)
    if device.state == "no permissions":
        return InputError.of(
            f"device {device.serial}", f"{known} (adb: no permissions)"
        )
    return InputError.of(
        f"device {device.serial}",
        f"is {device.state}",
        "device",
        f"{known[0].upper()}{known[1:]}.",
    )


def nothing_ready(devices: Sequence[Device]) -> InputError:
    """What to do where no device can be used."""
    if not devices:
        return InputError.of(
            "adb",
            "sees no device",
            "one that is ready",
            "Connect one by cable with USB debugging switched on (Settings, Developer "
            "options), or `adb connect HOST:PORT`, or start an emulator (`emulator "
            "-avd NAME`), or use `host`.",
        )
    return JoinedError([not_ready(device) for device in devices])


def listed(devices: Sequence[Device]) -> str:
    """Devices by name and model, or state."""
    return ", ".join(
        f"{device.serial} ({device.model or device.state})" for device in devices
    )


def by_cable(serial: str) -> bool:
    """Whether it is no address of the network, nor a name of mDNS."""
    return ":" not in serial and "._adb" not in serial
