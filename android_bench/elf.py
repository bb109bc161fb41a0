"""What a shared library or an executable is for, read from its first bytes."""

import struct
from pathlib import Path

from datasets.errors import InputError
from datasets.user_files import UserFile

_MOST_BYTES = 1 << 30
_MACHINES = {183: "arm64-v8a", 62: "x86_64", 40: "armeabi-v7a", 3: "x86"}
_NAMES = {"aarch64": "arm64-v8a", "arm64": "arm64-v8a", "x86_64": "x86_64"}


def abi_of(path: Path) -> str:
    """The Android name of the processor that an ELF file is for.

    Raises:
        InputError: not there, or no ELF file of a known processor.
    """
    with _library(path).checked().open("rb") as file:
        start = file.read(20)
    machine = struct.unpack("<H", start[18:20])[0] if len(start) == 20 else 0
    if start[:4] != b"\x7fELF" or machine not in _MACHINES:
        raise InputError.of(
            path,
            "not a shared library of a known processor",
            "the libLiteRt.so of android_arm64",
        )
    return _MACHINES[machine]


def is_for_glibc(path: Path) -> bool:
    """Whether it was linked against glibc (libc.so.6): such a file is not Android's."""
    return b"\0libc.so.6\0" in _library(path).content(_MOST_BYTES)


def _library(path: Path) -> UserFile:
    return UserFile(path, expected="a shared library or an executable")


def abi_of_machine(machine: str) -> str:
    """Android's name of what `uname -m` says; other words stay as they are."""
    return _NAMES.get(machine, machine)
