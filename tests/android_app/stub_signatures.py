"""What the stubs declare, as javap reads it back from their classes."""

import subprocess
from pathlib import Path

from tests.android_app.module import STUBS, classes


def declared() -> dict[str, list[str]]:
    """Class -> its public and protected members, sorted; nested ones apart."""
    out = classes()
    found: dict[str, list[str]] = {}
    for path in sorted(STUBS.rglob("*.java")):
        name = path.relative_to(STUBS).with_suffix("")
        nested = sorted((out / name.parent).glob(f"{name.name}$*.class"))
        for each in (out / name.with_suffix(".class"), *nested):
            found[_name(each, out)] = _members(each)
    return found


def _name(path: Path, out: Path) -> str:
    return ".".join(path.relative_to(out).with_suffix("").parts)


def _members(path: Path) -> list[str]:
    command = ["javap", "-protected", str(path)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=60
    )
    lines = [line.strip().rstrip(";") for line in done.stdout.splitlines()]
    # the first line names the file, the second the class, the last is a brace
    return sorted(line for line in lines[2:] if line and line != "}")
