"""One process at a time in a run folder, and nothing half-written stays there."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from datasets.files import whole_file
from datasets.run_lock import UNFINISHED, alone_in, remove_unfinished

fcntl = pytest.importorskip("fcntl", reason="this system has no locks")

HOLDER = """
import sys, time
from pathlib import Path
from datasets.run_lock import alone_in
with alone_in(Path(sys.argv[1]), "reswise first"):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
print("free", time.monotonic(), flush=True)
"""


def _holder(folder: Path, seconds: float) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder), str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_says_who_holds_it_and_waits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with _holder(tmp_path / "run", 1.0) as first:
        with alone_in(tmp_path / "run", "reswise second"):
            began = time.monotonic()
        assert first.stdout is not None
        assert began >= float(first.stdout.read().split()[1]) - 0.5
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"run is held by reswise first, process {first.pid}; waiting" in said


def test_a_killed_holder_holds_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with _holder(tmp_path, 60) as first:
        first.send_signal(signal.SIGKILL)
        first.wait()
        with alone_in(tmp_path, "reswise second"):
            pass
    assert capsys.readouterr().err == ""


def test_what_a_killed_run_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    kept = [tmp_path / name for name in (".hidden", "a.reswise-part", ".b.abcdefgh")]
    for path in kept:
        path.write_text("of the user")
    (tmp_path / "in").mkdir()
    left = [tmp_path / f".rows.csv.x1{UNFINISHED}", tmp_path / f"in/.b.x2{UNFINISHED}"]
    left[0].write_text("half")
    left[1].mkdir()
    (left[1] / "file").write_text("half")
    remove_unfinished(tmp_path)
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in kept)


def test_files_are_unfinished_by_that_very_name(tmp_path: Path) -> None:
    with whole_file(tmp_path / "rows.csv"):
        (begun,) = tmp_path.iterdir()
        assert begun.name.startswith(".")
        assert begun.name.endswith(UNFINISHED)


def test_a_long_name_has_room_for_its_unfinished_one(tmp_path: Path) -> None:
    path = tmp_path / ("\u00e4" * 127)
    with whole_file(path) as file:
        file.write(b"whole")
    assert path.read_bytes() == b"whole"


def test_a_folder_in_which_nothing_came_about_is_none(tmp_path: Path) -> None:
    with alone_in(tmp_path / "run", "reswise drop"):
        pass
    assert not (tmp_path / "run").exists()


def test_a_link_is_no_lock(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("kept")
    (tmp_path / ".lock").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match="symbolic"), alone_in(tmp_path, "reswise drop"):
        pass
    assert (tmp_path / "precious").read_text() == "kept"
