"""The runner and a stand-in for LiteRT, compiled once for all tests."""

import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

from android_bench.build import RUNNER, Built, build

HERE = Path(__file__).parent
TEST_FLAGS = ("-std=c11", "-g", "-Wall", "-Wextra", "-Wpedantic", "-Werror")


def compiler() -> str:
    """cc, or the test is skipped."""
    found = shutil.which("cc") or shutil.which("gcc")
    if not found:
        pytest.skip("no C compiler: the runner is built from source")
    return found


@cache
def folder() -> Path:
    """Where all tests of a session find what was compiled."""
    return Path(tempfile.mkdtemp(prefix="reswise-runner-"))


@cache
def host_runner() -> Built:
    """The runner as `--host` uses it."""
    compiler()
    return build("host", folder())


@cache
def checked_runner() -> Path:
    """The runner under AddressSanitizer and UBSan."""
    path = folder() / "checked"
    flags = ("-ffp-contract=off", "-fsanitize=address,undefined")
    more = ("-fno-sanitize-recover=all", "-o", str(path))
    subprocess.run(
        [compiler(), *TEST_FLAGS, *flags, *more, str(RUNNER), "-ldl", "-lm"], check=True
    )
    return path


@cache
def fake_library(*defines: str) -> Path:
    """A libLiteRt.so whose models answer with their input."""
    path = folder() / f"fake{'-'.join(defines)}.so"
    source = str(HERE / "fake_litert.c")
    subprocess.run(
        [compiler(), "-shared", "-fPIC", *defines, "-o", str(path), source], check=True
    )
    return path
