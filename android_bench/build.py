"""Builds the runner: for this machine, or for Android with or without an NDK.

    host    the C compiler of this machine; what `--host` and the tests run
    ndk     CMake and the user's Android NDK
    bionic  no NDK: Debian's gcc for the device's processor, and libraries made of
            names alone
    glibc   no NDK: gcc-aarch64-linux-gnu, with its own loader and C library beside

ndk and bionic build for arm64 and, for emulators, for x86_64: the given libLiteRt.so
decides. What is built lies under a name that says what it was built from, and is
built once.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from android_bench.elf import abi_of, abi_of_machine
from android_bench.ndk import NDK_COMMAND, NDK_VARIABLES, toolchain_of
from datasets.errors import InputError
from datasets.files import write_text
from datasets.run_lock import UNFINISHED

SOURCE = Path(__file__).parent / "runner"
RUNNER = SOURCE / "runner.c"
API_LEVEL = 26  # Android 8; what LiteRT's own Android build asks for
KINDS = ("host", "ndk", "bionic", "glibc")
ARM64 = "arm64-v8a"
_CROSS = "aarch64-linux-gnu-gcc"
# Android's processors for which there is a LiteRT: compiler, its flags, how to get it
_COMPILERS = {
    ARM64: (_CROSS, ("-mno-outline-atomics",), "gcc-aarch64-linux-gnu"),
    "x86_64": ("x86_64-linux-gnu-gcc", (), "gcc-x86-64-linux-gnu"),
}
# no fused multiply-add: selectors must give the bits that Python gives
_FLAGS = ("-std=c11", "-O2", "-ffp-contract=off", "-fno-math-errno", "-fPIE")
# bionic's names for these differ from glibc's, or there are none
_PLAIN = ("-fno-stack-protector", "-U_FORTIFY_SOURCE")
_LIBRARIES = {
    "libm.so": ("log", "pow", "sqrt"),
    "libdl.so": ("dlopen", "dlsym", "dlerror"),
}
_GLIBC_LIBRARIES = (
    "libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1",
    "libgcc_s.so.1", "libstdc++.so.6",
)  # fmt: skip
_SECONDS = 300


@dataclass(frozen=True)
class Built:
    """An executable, what must lie beside it, and the words that start it."""

    kind: str
    abi: str
    files: Mapping[str, Path]  # name beside the results -> file here
    command: tuple[str, ...]  # before the runner's own arguments


def device_abi(library: Path | None) -> str:
    """The processor to build for: what the library's ELF header says, else arm64.

    Raises:
        InputError: there is no LiteRT, and so no runner, for such a processor.
    """
    if library is None:
        return ARM64
    abi = abi_of(library)
    if abi not in _COMPILERS:
        raise InputError.of(
            library,
            f"is for {abi}; the runner is built for {' and '.join(_COMPILERS)}, as "
            "LiteRT has no 32-bit library",
        )
    return abi


def choose(kind: str, ndk: Path | None, abi: str = ARM64) -> str:
    """The way to a runner for a device: as said, or for "auto" the first to be had.

    Raises:
        InputError: nothing here builds for its processor.
    """
    if kind != "auto":
        return kind
    if ndk is not None:
        return "ndk"
    cross, _, package = _COMPILERS[abi]
    if shutil.which(cross):
        return "bionic"
    raise InputError(
        "build",
        "",
        f"an Android NDK (`ndk`, {NDK_VARIABLES[0]}) or {cross}",
        f"Install one of them: `apt-get install {package}`, or `{NDK_COMMAND}`.",
        f"no way to build for {abi}",
    )


def build(kind: str, folder: Path, ndk: Path | None = None, abi: str = ARM64) -> Built:
    """Builds the runner, or finds it built.

    Args:
        kind: one of KINDS.
        folder: where builds are kept.
        abi: of the device, as `device_abi` says; ndk and bionic build for it.
    Raises:
        InputError: a tool is missing or fails.
    """
    match kind:
        case "host":
            return _host(folder)
        case "ndk":
            return _ndk(folder, ndk, abi)
        case "bionic":
            return _bionic(folder, abi)
        case "glibc" if abi == ARM64:
            return _glibc(folder)
        case "glibc":
            raise InputError(
                "build", "glibc", f"bionic or ndk for {abi}", fault=f"is for {ARM64}"
            )
    raise InputError("build", kind, f"one of {', '.join(KINDS)}")


def compiler() -> str:
    """The C compiler of this machine.

    Raises:
        InputError: there is none.
    """
    for name in (os.environ.get("CC"), "cc", "gcc", "clang"):
        if name and shutil.which(name):
            return name
    raise InputError.of(
        "no C compiler",
        "the runner is built here from one C file",
        "",
        "Run `apt-get install gcc`, or name one in CC.",
    )


def _host(folder: Path) -> Built:
    cc = compiler()
    path = folder / f"host-{_key(cc, *_FLAGS)}" / "runner"
    if not path.exists():
        _made(path, [cc, *_FLAGS, "-pie", str(RUNNER)], ["-ldl", "-lm"])
    return Built(
        "host", abi_of_machine(os.uname().machine), {"runner": path}, ("./runner",)
    )


def _made(path: Path, command: Sequence[str], libraries: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}{UNFINISHED}")
    _run([*command, "-o", str(part), *libraries])
    part.chmod(0o755)
    part.replace(path)


def _run(command: Sequence[str], folder: Path | None = None) -> str:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise InputError.of(
            command[0],
            "is not installed; it builds the runner",
            "",
            _how(command[0]),
        ) from error
    except subprocess.TimeoutExpired as error:
        raise InputError.of(command[0], f"took more than {_SECONDS} s") from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise InputError.of(f"{command[0]} failed", said[-1] if said else "no message")
    return done.stdout


def _how(program: str) -> str:
    """How to get a compiler, where that is known."""
    packages = {cross: package for cross, _, package in _COMPILERS.values()}
    packages |= {"cmake": "cmake"}
    known = packages.get(program)
    return f"Run `apt-get install {known}`." if known else ""


def _key(*words: str) -> str:
    digest = hashlib.sha256()
    for path in sorted(SOURCE.iterdir()):
        if path.is_file():
            digest.update(path.read_bytes())
    digest.update("\n".join(words).encode())
    return digest.hexdigest()[:12]


def _ndk(folder: Path, ndk: Path | None, abi: str) -> Built:
    if ndk is None:
        raise InputError(
            "build",
            "ndk",
            "an NDK",
            f"Name its folder with `ndk` or {NDK_VARIABLES[0]}; `{NDK_COMMAND}` "
            "installs one.",
            "none is known",
        )
    made = folder / f"ndk-{_key(str(ndk.resolve()), abi)}"
    path = made / "runner"
    if not path.exists():
        toolchain = f"-DCMAKE_TOOLCHAIN_FILE={toolchain_of(ndk).resolve()}"
        platform = f"-DANDROID_PLATFORM=android-{API_LEVEL}"
        configure = ["cmake", "-S", str(SOURCE), "-B", str(made), toolchain, platform]
        _run([*configure, f"-DANDROID_ABI={abi}", "-DCMAKE_BUILD_TYPE=Release"])
        _run(["cmake", "--build", str(made)])
    return Built("ndk", abi, {"runner": path}, ("./runner",))


def _bionic(folder: Path, abi: str) -> Built:
    """A bionic executable made without an NDK.

    The object file needs only names that bionic has too. Empty libraries with those
    names are linked against, and the phone's own are loaded. `start.c` enters through
    bionic's __libc_init, as the NDK's crtbegin does.
    """
    gcc, more, _ = _COMPILERS[abi]
    made = folder / f"bionic-{_key(gcc, *_FLAGS, *_PLAIN, *more)}"
    path = made / "runner"
    if not path.exists():
        made.mkdir(parents=True, exist_ok=True)
        cross = [gcc, *_FLAGS, *_PLAIN, *more]
        objects = [str(made / "runner.o"), str(made / "start.o")]
        for source, made_object in zip(
            (RUNNER, SOURCE / "start.c"), objects, strict=True
        ):
            _run([*cross, "-c", str(source), "-o", made_object])
        link = [gcc, "-pie", "-nostdlib", "-nostartfiles", *objects, *_LINKING]
        _made(path, link, ["-L", str(made), *_named_libraries(gcc, made, objects)])
    return Built("bionic", abi, {"runner": path}, ("./runner",))


_LINKING = (
    "-Wl,--dynamic-linker=/system/bin/linker64",
    "-Wl,-z,max-page-size=16384,-z,now,-z,relro,--hash-style=both,--no-undefined",
)


def needed_names(objects: Sequence[str], gcc: str = _CROSS) -> list[str]:
    """Functions that object files take from libraries."""
    nm = gcc.removesuffix("gcc") + "nm"
    listed = _run([nm, "--undefined-only", *objects])
    names = {line.split()[-1] for line in listed.splitlines() if " U " in line}
    own = {"main", "start_runner", "_GLOBAL_OFFSET_TABLE_"}
    return sorted(names - own)


def _named_libraries(gcc: str, made: Path, objects: list[str]) -> list[str]:
    names = needed_names(objects, gcc)
    elsewhere = {name for listed in _LIBRARIES.values() for name in listed}
    held = {"libc.so": [name for name in names if name not in elsewhere]}
    for library, listed in _LIBRARIES.items():
        held[library] = [name for name in names if name in listed]
    for library, functions in held.items():
        source = made / f"{library}.c"
        named = (f"-Wl,-soname,{library}", "-o", str(made / library))
        write_text(source, "".join(f"void {name}(void) {{}}\n" for name in functions))
        _run([gcc, "-w", "-fno-builtin", "-shared", "-nostdlib", *named, str(source)])
    return [f"-l:{library}" for library in held]


def _glibc(folder: Path) -> Built:
    """An ordinary arm64 Linux executable with the loader and libraries it needs."""
    made = folder / f"glibc-{_key(_CROSS, *_FLAGS)}"
    path = made / "runner"
    if not path.exists():
        _made(path, [_CROSS, *_FLAGS, "-pie", str(RUNNER)], ["-ldl", "-lm"])
    loader = "ld-linux-aarch64.so.1"
    beside = {name: _cross_library(name) for name in (loader, *_GLIBC_LIBRARIES)}
    files = {"runner": path, **beside}
    command = (f"./{loader}", "--library-path", ".", "./runner")
    return Built("glibc", "arm64-v8a", files, command)


def _cross_library(name: str) -> Path:
    library = Path(_run([_CROSS, f"-print-file-name={name}"]).strip())
    if not library.is_absolute():
        raise InputError.of(
            _CROSS, f"has no {name}", "", "Install libc6-dev-arm64-cross."
        )
    return library.resolve()
