"""What a phone is and how it is now: one script for its shell, and what it prints.

Each part begins with a line `== name`; what a phone lacks prints nothing.
"""

import re

from android_bench.machine import Facts

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
    first = {key: parts.get(key, "").strip() or None for key in _PROPERTIES}
    abis = [*(first["abi"] or "").split(","), first["abi_first"] or ""]
    frequencies = re.findall(
        r"cpu(\d+)/cpufreq (\d+) (\d+) (\S+)", parts.get("frequencies", "")
    )
    api = first["api"]
    return {
        "phone": True,
        "model": first["model"],
        "soc": first["soc"] or first["platform"],
        "abis": list(dict.fromkeys(abi for abi in abis if abi)),
        "android": first["android"],
        "api": int(api) if api and api.isdigit() else None,
        "boot_id": parts.get("boot_id", "").strip() or None,
        "online_cores": parts.get("online", "").strip() or None,
        "max_mhz": {
            int(core): (int(allowed) // 1000, int(possible) // 1000)
            for core, possible, allowed, _ in frequencies
        },
        "governors": sorted({governor for *_, governor in frequencies}),
        "thermal_status": _number(r"Thermal Status: (\d+)", parts.get("thermal", "")),
        **_battery(parts.get("battery", "")),
        "screen_on": _screen(parts.get("power", "")),
    }


def _parts(said: str) -> dict[str, str]:
    pieces = re.split(r"^== (\w+)$", said, flags=re.MULTILINE)[1:]
    return dict(zip(pieces[::2], pieces[1::2], strict=True))


def _battery(said: str) -> Facts:
    tenths = _number(r"temperature: (\d+)", said)
    powered = re.findall(r"powered: (true|false)", said)
    return {
        "battery_percent": _number(r"level: (\d+)", said),
        "battery_celsius": None if tenths is None else tenths / 10,
        "charging": "true" in powered if powered else None,
    }


def _screen(said: str) -> bool | None:
    found = re.search(r"mWakefulness=(\w+)", said)
    return found.group(1) == "Awake" if found else None


def _number(pattern: str, said: str) -> int | None:
    found = re.search(pattern, said)
    return int(found.group(1)) if found else None
