"""What a phone's complaints mean for its user: one line each."""

import re
from dataclasses import dataclass

from android_bench.adb import Done
from android_bench.machine import cause_of_end
from datasets.errors import InputError

_SUM = re.compile(r"\d+ files? (pushed|pulled)")
_ELSEWHERE = "a folder under /data/local/tmp (`device_dir`)"


@dataclass(frozen=True)
class Where:
    """A folder of a device."""

    serial: str
    folder: str

    @property
    def device(self) -> str:
        return f"device {self.serial}"


def no_space(where: Where, why: str) -> InputError:
    """Too little of it, before or while pushing."""
    return InputError.of(
        where.device,
        f"not enough space in {where.folder} ({why})",
        "",
        "Free some, or use fewer pictures (`limit`).",
    )


def cannot_write(where: Where, said: str) -> InputError:
    """A folder or file could not be made; `said` is what the device said."""
    lines = said.strip().splitlines()
    line = lines[-1].strip() if lines else "no message"
    if "no space left" in line.lower():
        return no_space(where, line)
    if "read-only" in line.lower():
        return InputError.of(where.device, f"{where.folder} is read-only", _ELSEWHERE)
    fault = f"{where.folder} cannot be written ({line})"
    return InputError.of(where.device, fault, _ELSEWHERE)


def failed(where: Where, said: str, code: int) -> InputError:
    """A program ended with a code above 0; `said` is what it printed."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    last = lines[-1] if lines else ""
    if last.startswith("runner: "):
        return InputError.of(where.device, last)
    if code == 126 or "permission denied" in last.lower():
        fault = f"the runner may not be executed in {where.folder}"
        return InputError.of(where.device, fault, f"{_ELSEWHERE}, not /sdcard")
    if code == 127 or "not found" in last.lower():
        return InputError.of(
            where.device,
            f"the runner cannot be started ({last or 'no message'}); it is built for "
            "another kind of system",
            "",
            "Choose another `build`.",
        )
    return InputError.of(where.device, f"the runner: {cause_of_end(code)}", "", last)


def mute(where: Where, error: Exception) -> InputError:
    """Listed as a device all the while, and its shell answers nothing."""
    return InputError.of(
        where.device,
        f"is listed as 'device', but its shell gives no answer: {error}",
        "",
        "Run `adb kill-server`, switch USB debugging off and on, or restart the phone; "
        "then repeat the command, which goes on where it stopped.",
    )


def gone(where: Where, seconds: float) -> InputError:
    """Away for so long."""
    return InputError.of(
        where.device,
        f"went away and did not come back within {seconds:.0f} s",
        "",
        "What it measured is kept on it: connect it and repeat the command to go on.",
    )


def complaint(done: Done) -> str:
    """Why adb failed; its sum ("1 file pushed") may come after that line."""
    text = (done.stdout + b"\n" + done.stderr).decode(errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    reasons = [line for line in lines if not _SUM.search(line)]
    return (reasons or lines or ["no message"])[-1]
