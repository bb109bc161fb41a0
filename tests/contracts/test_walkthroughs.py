"""The documentation's commands run, and its links lead somewhere."""

import json
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import reswise
from convert.running import Runner
from datasets.glyphs import glyphs
from tests.android_bench.dense_models import RESOLUTIONS, RUNGS, bundle

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.checkout
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("convert/*/*.md")]
)
README = ROOT / "README.md"
RESULTS = ROOT / "docs" / "results.md"
RECORDED = ROOT / "tests" / "references" / "recorded_run"
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)
# A bench beside other tests takes no minutes to time what it cannot time well.
SHORT = ["--min-count", "20", "--min-seconds", "0", "--probe-every", "0"]
SHORT += ["--cool-down", "0"]
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")


def _commands(page: Path) -> list[list[str]]:
    """The commands of the page's `sh` blocks, in order."""
    text = "".join(_BLOCK.findall(page.read_text())).replace("\\\n", " ")
    lines = [shlex.split(line, comments=True) for line in text.splitlines()]
    return [line for line in lines if line]


def _python(page: Path) -> list[str]:
    """The Python programs of a page."""
    return re.findall(r"^```python\n(.*?)^```", page.read_text(), re.M | re.S)


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if _commands(page)],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_the_commands_of_a_page_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an empty folder, one after the other."""
    monkeypatch.chdir(tmp_path)
    for program, *arguments in _commands(page):
        if program == "python":
            _run_python(arguments, monkeypatch)
            continue
        assert program == "reswise"
        benched = arguments[0] == "bench"
        short = SHORT if benched else []
        monkeypatch.setattr("sys.argv", [program, *arguments, *short])
        with pytest.raises(SystemExit) as ended:
            reswise.main()
        if benched and ended.value.code == 1:
            _decisions_are_right(tmp_path)
        else:
            assert ended.value.code in (0, None), arguments


def _run_python(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A script of ours, by its path from the root, or `-m` and a module."""
    as_module = arguments[0] == "-m"
    monkeypatch.setattr("sys.argv", arguments[as_module:])
    if as_module:
        runpy.run_module(arguments[1], run_name="__main__")
    else:
        runpy.run_path(str(ROOT / arguments[0]), run_name="__main__")


def _decisions_are_right(folder: Path) -> None:
    """The newest bench is INVALID for its latencies alone: other tests run too."""
    newest = max(folder.rglob("bench.json"), key=lambda path: path.stat().st_mtime)
    for machine in json.loads(newest.read_text())["machines"]:
        assert not machine["valid"]
        assert machine["agreement"]["images"] > 0
        assert machine["agreement"]["differing"] == []
        assert machine["moved"] == []


def test_the_python_of_the_results_runs_every_rung_of_a_bundle(tmp_path: Path) -> None:
    """As an app's build would: in a process of its own, without reswise."""
    (program,) = _python(RESULTS)
    made = bundle(tmp_path / "bundle")
    Image.new("RGB", (40, 30), (200, 100, 50)).save(tmp_path / "picture.png")
    done = subprocess.run(
        [sys.executable, "-c", program, made.folder, tmp_path / "picture.png"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    rungs = [line.split() for line in done.stdout.splitlines()]
    assert [rung for rung, *_ in rungs] == list(RUNGS)
    for (_, label, score), resolution in zip(rungs, RESOLUTIONS, strict=True):
        pixels = (
            np.full((1, resolution, resolution, 3), (200, 100, 50), np.float32) / 127.5
            - 1
        )
        runner = Runner(
            (made.folder / "dense-8.tflite").read_bytes(), f"at {resolution}px"
        )
        own = runner.scores(pixels.astype(np.float32))
        assert own.argmax() == int(label)
        assert float(score) == pytest.approx(float(own.max()), abs=1e-5)


@pytest.mark.slow
def test_the_python_of_the_readme_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a small network and glyphs as its pictures, in a folder per class."""
    pytest.importorskip("pandas", reason="no pandas here: no data frame is made")
    monkeypatch.chdir(tmp_path)
    shutil.copy(RECORDED / "tiny.keras", "mine.keras")
    data = glyphs("test").limited(300)
    for index, label in enumerate(data.labels):
        folder = Path("pictures", f"{label:02d}")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{index}.png").write_bytes(data.read(index))
    (program,) = _python(README)
    program = program.replace("[192, 160, 128]", "[32]").replace("mine@224", "tiny@48")
    exec(program.replace("max_drop=1.0", "max_drop=30.0"), {})
    assert Path("runs/plan/plan.json").is_file()
    assert list(Path("runs/convert").glob("*/manifest.json"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_link_is_dead(page: Path) -> None:
    """Links inside the repository; those to other sites are not followed."""
    for found in _LINK.finditer(page.read_text()):
        target = found[1] or found[2]
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path) if path else page
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(), re.M)
            slugs = {
                re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings
            }
            assert anchor in slugs, target


def test_links_are_found() -> None:
    assert any(_LINK.search(page.read_text()) for page in PAGES)
