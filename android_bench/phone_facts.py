"""What a phone is and how it is now: one script for its shell, and what it prints.

Each part begins with a line `== name`; what a phone lacks prints nothing.
"""

import re
from urllib.parse import quote

from android_bench.machine import Facts
from datasets.errors import InputError
from datasets.shown import shown

_MOST_TEXT = 200
_MOST_FILE_BYTES = 4 << 30  # of results
_FREQUENCY = r"cpu([0-9]{1,4})/cpufreq ([0-9]{1,12}) ([0-9]{1,12}) (\S{1,40})"
_DF = re.compile(r"\s[0-9]{1,15}\s+[0-9]{1,15}\s+([0-9]{1,15})\s+[0-9]{1,3}%")
_MOST_NAME = 120  # letters of a folder's name
_STATUS = r"Thermal Status: ([0-9]{1,4})\b"

_PROPERTIES = {
    "model": "ro.product.model",
    "soc": "ro.soc.model",
    "platform": "ro.board.platform",
    "abi": "ro.product.cpu.abilist64",
    "abi_first": "ro.product.cpu.abi",
    "android": "ro.build.version.release",
    "api": "ro.build.version.sdk",
}
_CPU = "/sys/devices/system/cpu"
FACTS_SCRIPT = "\n".join(
    [
        "exec 2>/dev/null",  # what a phone lacks is no fact
        *(f"echo '== {key}'; getprop {name}" for key, name in _PROPERTIES.items()),
        "echo '== boot_id'; cat /proc/sys/kernel/random/boot_id",
        f"echo '== online'; cat {_CPU}/online",
        "echo '== frequencies'",
        f'for c in {_CPU}/cpu[0-9]*/cpufreq; do echo "$c $(cat $c/cpuinfo_max_freq) '
        '$(cat $c/scaling_max_freq) $(cat $c/scaling_governor)"; done',
        "echo '== thermal'; dumpsys thermalservice",
        "echo '== battery'; dumpsys battery",
        "echo '== power'; dumpsys power | grep mWakefulness=",
        "true",
    ]
)


def read_facts(said: str) -> Facts:
    """The record; None for what the phone did not tell."""
    parts = _parts(said)
    first = {key: _short(parts.get(key, "")) for key in _PROPERTIES}
    abis = [*(first["abi"] or "").split(","), first["abi_first"] or ""]
    frequencies = re.findall(
        _FREQUENCY,
        parts.get("frequencies", ""),
    )
    api = first["api"]
    return {
        "phone": True,
        "model": first["model"],
        "soc": first["soc"] or first["platform"],
        "abis": list(dict.fromkeys(abi for abi in abis if abi)),
        "android": first["android"],
        "api": int(api) if api and re.fullmatch("[0-9]{1,4}", api) else None,
        "boot_id": _short(parts.get("boot_id", "")),
        "online_cores": _short(parts.get("online", "")),
        "max_mhz": {
            int(core): (int(allowed) // 1000, int(possible) // 1000)
            for core, possible, allowed, _ in frequencies
        },
        "governors": sorted({governor for *_, governor in frequencies}),
        "thermal_status": _number(_STATUS, parts.get("thermal", "")),
        **_battery(parts.get("battery", "")),
        "screen_on": _screen(parts.get("power", "")),
    }


def _parts(said: str) -> dict[str, str]:
    pieces = re.split(r"^== (\w+)$", said, flags=re.MULTILINE)[1:]
    return dict(zip(pieces[::2], pieces[1::2], strict=True))


def _short(said: str) -> str | None:
    """A line that a phone says of itself, fit to be shown; None: it says nothing."""
    return shown(said.strip())[:_MOST_TEXT] or None


def _battery(said: str) -> Facts:
    tenths = _number(r"temperature: ([0-9]{1,5})\b", said)
    powered = re.findall(r"powered: (true|false)", said)
    return {
        "battery_percent": _number(r"level: ([0-9]{1,3})\b", said),
        "battery_celsius": None if tenths is None else tenths / 10,
        "charging": "true" in powered if powered else None,
    }


def _screen(said: str) -> bool | None:
    found = re.search(r"mWakefulness=(\w+)", said)
    return found.group(1) == "Awake" if found else None


def _number(pattern: str, said: str) -> int | None:
    found = re.search(pattern, said)
    return int(found.group(1)) if found else None


def folder_name(serial: str) -> str:
    """A phone's own folder in a run folder: no serial leads out of it."""
    name = quote(serial, safe="")[:_MOST_NAME]
    return name if name.strip(".") else name.replace(".", "%2E") or "phone"


def free_bytes(said: str) -> int | None:
    """What `df -k` says is free; None: it does not say."""
    numbers = _DF.findall(said)
    return int(numbers[-1]) * 1024 if numbers else None


def checked_size(serial: str, name: str, size: int) -> int:
    """The size of a file there that is to be fetched.

    Raises:
        InputError: larger than results are.
    """
    if size > _MOST_FILE_BYTES:
        raise InputError.of(
            f"device {serial}: {name}",
            f"has {size:,} bytes",
            f"at most {_MOST_FILE_BYTES:,}",
            "Bench fewer images at once.",
        )
    return size
