"""The short form of `make fuzz`: some cases of every target, and all that ever broke.

`python -m tests.fuzz` is the long form.
"""

import shutil
import time
from pathlib import Path

import pytest

from datasets.decode import Unreadable
from tests.fuzz import guard
from tests.fuzz.catalogue import TARGETS
from tests.fuzz.running import CORPUS, Fuzzing, corpus_of, hypothesis_cases
from tests.fuzz.target import Target

PART = 1 / 250  # of a long run's cases
FEW = 12


@pytest.fixture(scope="module", autouse=True)
def _hook() -> None:
    guard.install()


@pytest.mark.parametrize("name", TARGETS)
def test_broken_inputs_are_read_or_refused(name: str) -> None:
    if name == "runner" and not (shutil.which("cc") or shutil.which("gcc")):
        pytest.skip("no C compiler: the runner is built from source")
    fuzzing = Fuzzing(TARGETS[name], None, timed=False)
    for path in corpus_of(name):
        fuzzing.case(path.read_bytes())
    cases = max(FEW, round(TARGETS[name].cases * PART))
    hypothesis_cases(fuzzing, fuzzing.outcome.cases + cases, first=1)
    assert fuzzing.outcome.findings == []
    assert fuzzing.outcome.longest < 2 * guard.SECONDS * guard.busy()
    assert fuzzing.outcome.cases > fuzzing.outcome.read


def test_what_is_kept_is_of_a_target() -> None:
    assert {path.parent.name for path in CORPUS.glob("*/*.bin")} <= set(TARGETS)
    assert sum(target.cases for target in TARGETS.values()) >= 100_000
    assert len(TARGETS) >= 12


def _stray(_: bytes, folder: Path) -> None:
    (folder.parent / "stray").write_text("elsewhere")


def _raised(_: bytes, folder: Path) -> None:
    del folder
    raise KeyError("of a reader")


def _lines(_: bytes, folder: Path) -> None:
    raise Unreadable(f"{folder} has\ntwo lines")


def _program(_: bytes, folder: Path) -> None:
    import subprocess

    subprocess.run(["true"], cwd=folder, check=True)


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (_stray, "writes"),
        (_raised, "KeyError"),
        (_lines, "a refusal of"),
        (_program, "subprocess.Popen"),
    ],
)
def test_the_guard_sees_what_no_input_may_do(
    read: "object", said: str, tmp_path: Path
) -> None:
    folder = tmp_path / "case"
    folder.mkdir()
    target = Target(name="x", starts=(b"",), read=read, cases=1)  # type: ignore[arg-type]
    with pytest.raises(guard.Finding, match=said):
        guard.tried(target, b"", folder)


def test_a_good_case_passes_the_guard(tmp_path: Path) -> None:
    def read(content: bytes, folder: Path) -> None:
        (folder / "own").write_bytes(content)

    began = time.monotonic()
    target = Target(name="x", starts=(b"",), read=read, cases=1)
    assert guard.tried(target, b"held", tmp_path)
    assert time.monotonic() - began < 5
