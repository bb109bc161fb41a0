"""What is installed was locked by its hash; a wheel is the same bytes everywhere."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import commands
from commands.licences import pins

pytestmark = pytest.mark.checkout
ROOT = Path(commands.__file__).parents[1]
LOCK = ROOT / "requirements.lock"
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)(.*?)\\?$")


def _pins() -> dict[str, list[str]]:
    """Each pin of the lock, with the lines that follow it."""
    pins: dict[str, list[str]] = {}
    for line in LOCK.read_text().splitlines():
        if match := PIN.match(line):
            pins[f"{match[1]}=={match[2]}"] = []
        elif line.startswith("    "):
            pins[list(pins)[-1]].append(line.strip(" \\"))
    return pins


def test_every_file_that_is_installed_has_a_hash() -> None:
    pins = _pins()
    assert len(pins) > 100
    for pin, lines in pins.items():
        assert lines, pin
        for line in lines:
            assert re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", line), (pin, line)


def test_the_set_up_asks_for_the_hashes() -> None:
    makefile = (ROOT / "Makefile").read_text()
    installed = re.findall(r"(\S+)[\s\\]+-r requirements.lock", makefile)
    assert installed == ["--require-hashes"] * 2
    assert "--generate-hashes" in makefile


def test_the_licence_of_every_locked_package_is_listed() -> None:
    listed = {
        tuple(cell.strip() for cell in line.strip("|").split("|"))[:3]
        for line in (ROOT / "docs" / "licences.md").read_text().splitlines()
        if line.startswith("| ")
    }
    named = {(name, version) for name, version, *_ in listed} - {("package", "version")}
    assert named == {(name, version) for name, version, _ in pins(LOCK.read_text())}
    assert not [row for row in listed if row[2] in ("", "not stated")]


def _copied(folder: Path, mask: int, moment: int) -> Path:
    """The repository's files elsewhere: other modes, other times, another order."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    kept = [name for name in listed if name and not name.startswith("tests/")]
    for name in sorted(kept, reverse=mask == 0o077):
        if (ROOT / name).is_file():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, path)
            path.chmod(0o666 & ~mask)
            os.utime(path, (moment, moment))
    return folder


def _built(folder: Path, mask: int) -> Path:
    environment = {
        key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ
    }
    code = "import os, build_backend; print(build_backend.build_wheel('.'))"
    done = subprocess.run(
        [sys.executable, "-c", f"import os; os.umask({mask}); {code}"],
        cwd=folder, capture_output=True, text=True, check=False,
        env=environment | {"PYTHONPATH": str(folder)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return folder / done.stdout.splitlines()[-1]


def test_two_wheels_built_in_two_folders_have_one_sha256(tmp_path: Path) -> None:
    first = _copied(tmp_path / "first", 0o022, 1_600_000_000)
    second = _copied(tmp_path / "another" / "place", 0o077, 1_700_000_000)
    stale = second / "build" / "lib" / "commands" / "stale.py"
    stale.parent.mkdir(parents=True)
    stale.write_text("of an older build")
    wheels = [_built(first, 0o022), _built(second, 0o077)]
    one, other = (hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels)
    assert one == other
    with zipfile.ZipFile(wheels[0]) as held:
        assert held.testzip() is None
        names = held.namelist()
    assert {"reswise.py", "datasets/user_files.py"} <= set(names)
    assert "commands/stale.py" not in names
    assert not [name for name in names if name.startswith(("tests/", "build_backend"))]
