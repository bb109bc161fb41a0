"""docs/licences.md, from what is installed: `python -m commands.licences` prints it."""

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from datasets.user_files import UserFile

LOCK = Path("requirements.lock")
_PIN = re.compile(r"([A-Za-z0-9._-]+)==([^ \\]+)(?: ; ([^\\]*))?")
# Of what is installed on some systems alone, or says its licence in no field.
_KNOWN = {
    "array-record": "Apache-2.0",
    "axe-playwright-python": "MIT",
    "colorama": "BSD-3-Clause",
    "contourpy": "BSD-3-Clause",
    "namex": "Apache-2.0",
    "simple-parsing": "MIT",
}
_HEAD = """\
# Licences of what is installed

`make licences` writes this page, from the metadata of what requirements.lock pins.
reswise itself is Apache-2.0. A package with a condition is installed there alone.

| package | version | licence | where |
|---|---|---|---|
"""


def text(lock: Path = LOCK) -> str:
    """The page.

    Raises:
        InputError: no lock file.
    """
    return _HEAD + "".join(f"{row}\n" for row in _rows(UserFile(lock).text()))


def pins(lock: str) -> list[tuple[str, str, str]]:
    """(name, version, condition) of each package of a lock file."""
    found = (_PIN.match(line) for line in lock.splitlines())
    return [(one[1], one[2], (one[3] or "").strip()) for one in found if one]


def _rows(lock: str) -> Iterator[str]:
    for name, version, condition in pins(lock):
        where = condition.replace("'", "") or "everywhere"
        yield f"| {name} | {version} | {licence(name)} | {where} |"


def licence(name: str) -> str:
    """The licence of a package, as it says itself; "not stated": nowhere."""
    try:
        held = distribution(name)
    except PackageNotFoundError:
        return _KNOWN.get(name, "not installed here")
    return _KNOWN.get(name) or _stated(held) or "not stated"


def _stated(held: Distribution) -> str:
    """The SPDX expression, else the classifiers, else a short licence field."""
    facts = held.metadata
    if expression := facts["License-Expression"]:
        return str(expression)
    classified = [
        line.rsplit(" :: ", 1)[-1].removesuffix(" License")
        for line in facts.get_all("Classifier") or []
        if line.startswith("License :: ") and line.count(" :: ") > 1
    ]
    if classified:
        return " or ".join(classified)
    field = (facts["License"] or "").strip()
    return field if field and len(field) < 60 and "\n" not in field else ""


if __name__ == "__main__":
    print(text(), end="")
