"""Where libLiteRt.so comes from: the wheel for this machine, the user for a phone."""

import importlib.util
from pathlib import Path

from android_bench.elf import abi_of, is_for_glibc
from datasets.errors import InputError

# the newest whose C functions were called by our runner, as the wheel's x86-64 build
_VERSION = "2.3.0"


def where(abi: str) -> str:
    """How to get the library for a device: coordinates and the exact command."""
    return (
        "Name one with `runtime_lib`. It lies in com.google.ai.edge.litert:litert:"
        f"{_VERSION} of Google's Maven repository: `curl -LO https://dl.google.com/dl/"
        f"android/maven2/com/google/ai/edge/litert/litert/{_VERSION}/litert-{_VERSION}"
        f".aar && unzip litert-{_VERSION}.aar jni/{abi}/libLiteRt.so`"
    )


def host_library() -> Path:
    """The library in the installed ai-edge-litert wheel.

    Raises:
        InputError: it is not installed.
    """
    package = importlib.util.find_spec("ai_edge_litert")
    folders = package.submodule_search_locations if package else None
    path = Path(next(iter(folders or [""]))) / "libLiteRt.so"
    if not path.is_file():
        raise InputError.of(
            "ai-edge-litert",
            "not installed here with its libLiteRt.so",
            "2.1.0 or later",
            "Install it, or name a library with `runtime_lib`.",
        )
    return path


def library_for(kind: str, abi: str, given: Path | None) -> Path:
    """The library that a runner of this build loads.

    Args:
        kind: how the runner is built; host and glibc load libraries of ordinary Linux.
    Raises:
        InputError: none is known, or the one given is for another processor or system.
    """
    if kind == "host":
        path = given or host_library()
    elif given is None:
        raise InputError("runtime_lib", "", "libLiteRt.so for the phone", where(abi))
    else:
        path = given
    if abi_of(path) != abi:
        raise InputError.of(
            path,
            f"is for {abi_of(path)}; the runner is for {abi}",
            "",
            "Give the library of the same processor (`runtime_lib`).",
        )
    android = kind in ("ndk", "bionic")
    if is_for_glibc(path) == android:
        has, wants = ("glibc", "Android") if android else ("Android", "glibc")
        raise InputError(
            "runtime_lib",
            path,
            f"one for {wants}, as `build={kind}` needs",
            where(abi) if android else "Take the one of the aarch64 wheel.",
            f"built for {has}",
        )
    return path
