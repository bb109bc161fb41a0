"""Every hostile bundle is refused with its own line, quickly, and nothing is run."""

import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from convert.bundle import open_bundle
from datasets.errors import InputError
from tests.convert import tiny_bundle
from tests.convert.untrusted.hostile import HOSTILE, Hostile


def test_the_bundle_that_they_start_from_is_good(tmp_path: Path) -> None:
    assert open_bundle(tiny_bundle.write(tmp_path / "good")).manifest.name == "tiny"


@dataclass(frozen=True)
class Refused:
    """What opening a hostile bundle came to."""

    line: str
    seconds: float  # of the processor


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Refused]:
    """Each bundle made and opened once; the folder's own name is BUNDLE."""
    return {
        name: _opened(one, tmp_path_factory.mktemp("hostile") / "bundle")
        for name, one in HOSTILE.items()
    }


def _opened(hostile: Hostile, folder: Path) -> Refused:
    folder.mkdir()
    hostile.make(folder)
    started = time.process_time()
    with pytest.raises(InputError) as refusal:
        open_bundle(folder)
    taken = time.process_time() - started
    return Refused(str(refusal.value).replace(str(folder), "BUNDLE"), taken)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_bundle_is_refused_with_its_line(
    name: str, refused: dict[str, Refused]
) -> None:
    line = refused[name].line
    assert re.search(HOSTILE[name].line, line), line
    assert line.startswith("BUNDLE"), line  # it says where
    assert "\n" not in line
    assert len(line) < 400
    assert refused[name].seconds < 10


def test_their_lines_differ(refused: dict[str, Refused]) -> None:
    lines = {one.line for one in refused.values()}
    assert len(HOSTILE) >= 80
    assert len(lines) > 0.9 * len(HOSTILE)  # some break the same thing in two ways


def test_nothing_that_could_run_a_model_is_loaded(tmp_path: Path) -> None:
    """Verification in a process of its own: no runtime and no framework."""
    folder = tiny_bundle.write(tmp_path / "good")
    code = (
        "import sys; from convert.bundle import open_bundle; "
        f"open_bundle({str(folder)!r}); "
        "print(sorted({name.split('.')[0] for name in sys.modules} & "
        "{'tensorflow', 'keras', 'ai_edge_litert', 'sklearn', 'scipy'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert done.stdout.strip() == "[]"
