"""Builds the wheel by setuptools, then packs it: the same files are the same bytes.

setuptools packs the times and modes that files have where they lie, in the order of the
disk, and whatever an earlier build left in build/lib. Here members are in the order of
their names, of one time (SOURCE_DATE_EPOCH, or 1980) and one mode.
"""

import os
import shutil
import time
import zipfile
from pathlib import Path
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

_FIRST = 315532800  # 1980, where a zip's time begins
_MODE = 0o100644 << 16


def build_wheel(
    wheel_directory: str,
    config_settings: Any = None,
    metadata_directory: str | None = None,
) -> str:
    """As PEP 517 has it: the name of the wheel in `wheel_directory`."""
    shutil.rmtree("build/lib", ignore_errors=True)
    name = build_meta.build_wheel(wheel_directory, config_settings, metadata_directory)
    repack(Path(wheel_directory) / name)
    return str(name)


def repack(wheel: Path) -> None:
    """Packs a wheel anew: one order, one time, one mode."""
    seconds = max(_FIRST, int(os.environ.get("SOURCE_DATE_EPOCH", _FIRST)))
    moment = time.gmtime(seconds)[:6]
    beside = wheel.with_suffix(".part")
    with zipfile.ZipFile(wheel) as held, zipfile.ZipFile(beside, "w") as made:
        for name in sorted(held.namelist(), key=_place):
            member = zipfile.ZipInfo(name, moment)
            member.external_attr, member.create_system = _MODE, 3
            member.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(member, held.read(name), compresslevel=9)
    beside.replace(wheel)


def _place(name: str) -> tuple[bool, str]:
    """Metadata last, as wheels have it, so that it is found at once."""
    return ".dist-info/" in name, name
