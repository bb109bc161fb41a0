"""`reswise bench --doctor`, the choice of builds and libraries, and their lines."""

import argparse
import re
import shutil
import struct
from collections.abc import Mapping
from pathlib import Path

import pytest

from android_bench import build as building
from android_bench.build import build, choose, compiler, device_abi
from android_bench.doctor import Question, examine
from android_bench.elf import abi_of, is_for_glibc
from android_bench.ndk import find_ndk
from android_bench.runtime import host_library, library_for
from commands import bench
from datasets.errors import InputError
from tests.android_bench import compiled
from tests.android_bench.conftest import MakePhone


def _elf(path: Path, machine: int, needs: bytes = b"libc.so") -> Path:
    head = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9) + struct.pack("<HH", 3, machine)
    path.write_bytes(head + b"\0" + needs + b"\0")
    return path


def test_a_library_of_another_processor_or_system(tmp_path: Path) -> None:
    android = _elf(tmp_path / "android.so", 183)
    glibc = _elf(tmp_path / "glibc.so", 183, b"libc.so.6")
    other = _elf(tmp_path / "other.so", 62)
    assert library_for("bionic", "arm64-v8a", android) == android
    assert library_for("glibc", "arm64-v8a", glibc) == glibc
    with pytest.raises(InputError, match="is for x86_64; the runner is for arm64-v8a"):
        library_for("ndk", "arm64-v8a", other)
    with pytest.raises(
        InputError, match="built for glibc; expected one for Android, as `build=ndk`"
    ):
        library_for("ndk", "arm64-v8a", glibc)
    with pytest.raises(InputError, match=r"built for Android; .* the aarch64 wheel"):
        library_for("glibc", "arm64-v8a", android)
    with pytest.raises(InputError, match=r"libLiteRt\.so for the phone\. Name one"):
        library_for("bionic", "arm64-v8a", None)
    (tmp_path / "text").write_text("text")
    with pytest.raises(InputError, match="not a shared library of a known processor"):
        library_for("bionic", "arm64-v8a", tmp_path / "text")


def test_the_wheel_has_the_library_for_this_machine() -> None:
    assert library_for("host", "x86_64", None) == host_library()


def _ndk(tmp_path: Path) -> Path:
    toolchain = tmp_path / "ndk" / "build" / "cmake" / "android.toolchain.cmake"
    toolchain.parent.mkdir(parents=True)
    # enough of a toolchain file for this machine's own compiler
    toolchain.write_text(
        "set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ANDROID_ABI)\n"
        "if(NOT ANDROID_ABI STREQUAL arm64-v8a)\n  message(FATAL_ERROR abi)\nendif()\n"
    )
    return tmp_path / "ndk"


@pytest.mark.parametrize(
    "variable", ["ANDROID_NDK_HOME", "ANDROID_NDK_ROOT", "ANDROID_NDK"]
)
def test_the_ndk_is_found(tmp_path: Path, variable: str) -> None:
    ndk = _ndk(tmp_path)
    assert find_ndk(None, {variable: str(ndk)}) == ndk
    assert find_ndk(ndk, {variable: "/other"}) == ndk
    assert find_ndk(None, {}) is None
    assert choose("auto", ndk) == "ndk"
    assert choose("glibc", ndk) == "glibc"
    with pytest.raises(InputError, match="/other: no Android NDK there"):
        find_ndk(None, {variable: "/other"})


def test_cmake_builds_with_a_toolchain_file(tmp_path: Path) -> None:
    """Not an NDK: that CMakeLists.txt, flags and paths fit together is all it shows."""
    if not shutil.which("cmake"):
        pytest.skip("cmake is not installed; it builds with the NDK's toolchain file")
    compiled.compiler()
    made = build("ndk", tmp_path, _ndk(tmp_path))
    assert made.files["runner"].stat().st_mode & 0o111
    with pytest.raises(InputError, match="build=ndk: none is known; expected an NDK"):
        build("ndk", tmp_path)


def test_nothing_to_build_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(InputError, match="no C compiler: the runner is built here"):
        compiler()
    for abi, package in (
        ("arm64-v8a", "gcc-aarch64-linux-gnu"),
        ("x86_64", "gcc-x86-64-linux-gnu"),
    ):
        line = (
            f"no way to build for {abi}; .*`apt-get install {package}`, or `sdkmanager"
        )
        with pytest.raises(InputError, match=line):
            choose("auto", None, abi)
    with pytest.raises(
        InputError,
        match=r"aarch64-linux-gnu-gcc is not installed.*`apt-get install gcc-aarch64",
    ):
        build("bionic", tmp_path)
    with pytest.raises(InputError, match="build=tcc: expected one of host, ndk"):
        build("tcc", tmp_path)


def test_a_compiler_that_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "cc"
    script.write_text("#!/bin/sh\necho 'runner.c:1: error: no luck' >&2\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setenv("CC", str(script))
    with pytest.raises(InputError, match=r"cc failed: runner\.c:1: error: no luck"):
        build("host", tmp_path)


def test_a_build_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled.compiler()
    first = build("host", tmp_path)
    monkeypatch.setattr(building, "_run", lambda *_: pytest.fail("built twice"))
    assert build("host", tmp_path) == first


def _question(folder: Path, **more: object) -> Question:
    facts: Mapping[str, object] = {
        "adb": None, "serial": None, "build": "host", "ndk": None,
        "runtime_lib": None, "device_dir": "/data/local/tmp/reswise",
        "folder": folder, **more,
    }  # fmt: skip
    return Question(**facts)  # type: ignore[arg-type]


def test_a_healthy_device(make_phone: MakePhone, tmp_path: Path) -> None:
    compiled.compiler()
    double = make_phone()
    library = _elf(tmp_path / "lib.so", 62, b"libc.so.6")
    found = examine(_question(tmp_path, serial=double.serial, runtime_lib=library))
    assert [one.what for one in found if not one.good] == []
    said = {one.what.split(": ")[-1]: one.said for one in found}
    assert said["API level"] == "34; 26 or later"
    assert said["execution"] == "allowed"
    assert "10000000" in said["space"]
    assert not (double.path("/data/local/tmp/reswise") / "doctor").exists()


def test_a_device_that_cannot(make_phone: MakePhone, tmp_path: Path) -> None:
    old = {"ro.product.cpu.abilist64": "", "ro.product.cpu.abi": "armeabi-v7a"}
    double = make_phone(**old, **{"ro.build.version.sdk": "21"})
    double.tool("chmod", "exit 0")
    found = examine(
        _question(tmp_path, serial=double.serial, build="ndk", device_dir="/sdcard/x")
    )
    bad = {one.what.split(": ")[-1]: one.said for one in found if not one.good}
    assert bad["ABI"] == "armeabi-v7a; LiteRT is arm64-v8a"
    assert bad["API level"].startswith("21; 26 or later")
    assert "may not be executed" in bad["execution"]
    assert "--build ndk: none is known; expected an NDK" in bad["runner"]
    assert "--runtime-lib: expected libLiteRt.so for the phone" in bad["LiteRT"]


_AAR = "litert-2.3.0.aar"
_FETCH = f"curl -LO https://dl.google.com/.*/{_AAR} && unzip {_AAR} jni/"


def _bad(question: Question) -> dict[str, str]:
    return {
        one.what.split(": ")[-1]: one.said
        for one in examine(question, {})
        if not one.good
    }


def test_no_adb(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    bad = _bad(_question(tmp_path, build="ndk"))
    assert "`pip install adbutils` or `apt-get install adb`" in bad["adb"]
    assert bad["device"] == "adb finds devices; install adb first"
    assert re.search(f"{_FETCH}arm64-v8a/libLiteRt.so`", bad["LiteRT"])


def test_no_phone(make_phone: MakePhone, tmp_path: Path) -> None:
    make_phone()
    bad = _bad(_question(tmp_path, serial="127.0.0.1:1"))
    assert "`adb connect HOST:PORT`" in bad["device"]
    assert "`emulator -avd NAME`" in bad["device"]


def test_no_compiler_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, make_phone: MakePhone, tmp_path: Path
) -> None:
    """The library is still looked for, and the phone is still asked."""
    double = make_phone()
    found = shutil.which
    monkeypatch.setattr(
        "shutil.which", lambda name: None if "gcc" in name else found(name)
    )
    question = _question(tmp_path, build="auto", serial=double.serial)
    bad = _bad(question)
    assert "`apt-get install gcc-aarch64-linux-gnu`" in bad["way to build"]
    assert 'sdkmanager "ndk;' in bad["way to build"]
    assert "unzip" in bad["LiteRT"]
    assert "runner" not in bad
    assert any(one.what.endswith("API level") for one in examine(question, {}))


def test_an_emulator_with_a_fitting_library(
    make_phone: MakePhone, tmp_path: Path
) -> None:
    """What an emulator on a PC says of itself; the library's ELF header decides."""
    if not shutil.which("x86_64-linux-gnu-gcc"):
        pytest.skip("no x86_64-linux-gnu-gcc: it builds for emulators without an NDK")
    double = make_phone()
    library = _elf(tmp_path / "libLiteRt.so", 62)
    question = _question(
        tmp_path, build="bionic", serial=double.serial, runtime_lib=library
    )
    said = {one.what.split(": ")[-1]: one for one in examine(question, {})}
    assert [what for what, one in said.items() if not one.good] == []
    assert "never run: no emulator" in said["way to build"].said
    assert said["ABI"].said == "x86_64; LiteRT is x86_64"
    assert said["runner"].said.startswith("x86_64, ")


def test_an_emulator_without_a_fitting_library(
    make_phone: MakePhone, tmp_path: Path
) -> None:
    double = make_phone()
    for library in (None, _elf(tmp_path / "libLiteRt.so", 183)):
        bad = _bad(
            _question(
                tmp_path, build="bionic", serial=double.serial, runtime_lib=library
            )
        )
        assert bad["ABI"].startswith("x86_64; LiteRT is arm64-v8a. Name one with --r")
        assert re.search(f"{_FETCH}x86_64/libLiteRt.so`", bad["ABI"])


def test_a_library_of_32_bits(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is for armeabi-v7a; .* no 32-bit library"):
        device_abi(_elf(tmp_path / "libLiteRt.so", 40))


def test_a_runner_for_an_emulator_is_bionic_s(tmp_path: Path) -> None:
    """Built and looked at: no emulator was at hand to run it."""
    if not shutil.which("x86_64-linux-gnu-gcc"):
        pytest.skip("no x86_64-linux-gnu-gcc: it builds for emulators without an NDK")
    made = build("bionic", tmp_path, abi="x86_64")
    assert made.abi == abi_of(made.files["runner"]) == "x86_64"
    content = made.files["runner"].read_bytes()
    assert b"/system/bin/linker64\0" in content
    assert not is_for_glibc(made.files["runner"])
    for name in (b"libc.so\0", b"libm.so\0", b"libdl.so\0", b"__libc_init\0"):
        assert name in content
    with pytest.raises(InputError, match="expected bionic or ndk for x86_64"):
        build("glibc", tmp_path, abi="x86_64")


def test_the_flag_prints_and_says_so_by_its_exit_code(
    make_phone: MakePhone, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compiled.compiler()
    parser = argparse.ArgumentParser()
    bench.add_flags(parser)
    run = ["--run", str(tmp_path)]
    assert bench.run(parser.parse_args(["--doctor", "--host", *run])) == 0
    assert capsys.readouterr().out.count("ok     ") == 3
    double = make_phone()
    double.faults.unauthorized = True
    double.drop()
    flags = ["--doctor", "--build", "host", "--serial", "127.0.0.1:1", *run]
    assert bench.run(parser.parse_args(flags)) == 1
    assert "MISSING device" in capsys.readouterr().out
