"""Every example command parses; those that need no weights and no pictures run.

README, docs and the verbs' own help. The pages' `sh` blocks run in test_walkthroughs.
"""

import re
import shlex
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from commands.command_line import VERBS, parser, run
from datasets.catalogue import open_dataset
from tests.selection.store import store
from tests.selection.synthetic import scored as table

pytestmark = pytest.mark.checkout
ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("README.md"), *ROOT.glob("docs/*.md")])  # none in a wheel
_BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_START = re.compile(r"^\s*(?:\.venv/bin/)?reswise ")
_MACS = {
    "small_resnet@32": 4e6, "small_resnet@48": 8e6, "small_resnet@96": 35e6,
    "mobilenet_v2@160": 154e6, "mobilenet_v2@192": 221e6, "mobilenet_v2@224": 301e6,
    "resnet50@168": 2.37e9, "resnet50@182": 2.73e9, "resnet50@196": 3.29e9,
    "resnet50@210": 3.71e9, "resnet50@224": 3.86e9,
}  # fmt: skip


def _lines(text: str) -> list[str]:
    joined = re.sub(r"\\+\n\s*", " ", text)
    return [line.strip() for line in joined.splitlines() if _START.match(line)]


def _of_page(page: Path) -> list[str]:
    return [
        line for block in _BLOCK.findall(page.read_text()) for line in _lines(block)
    ]


def _of_help() -> list[str]:
    modules = [import_module(f"commands.{verb}") for verb in VERBS]
    return [line for module in modules for line in _lines(module.__doc__ or "")]


COMMANDS = sorted({line for page in PAGES for line in _of_page(page)} | {*_of_help()})


@pytest.mark.parametrize("line", COMMANDS)
def test_an_example_parses(line: str) -> None:
    """As it is typed, with every flag that the verb requires."""
    _, *arguments = shlex.split(line, comments=True)
    verb = next(word for word in arguments if word in VERBS)
    parsed = parser(verb).parse_args(arguments)
    assert parsed.verb == verb


def test_there_are_examples_of_every_verb() -> None:
    verbs = {shlex.split(line)[1] for line in COMMANDS}
    # what each of these takes is in a table of the README alone
    assert verbs >= set(VERBS) - {"models", "train"}


@pytest.fixture
def swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """runs/drop as a sweep of README's rungs would leave it, in an empty folder."""
    images = open_dataset("glyphs").limited(160)
    data = table(images=160)
    scores = (data.scores * len(_MACS))[: len(_MACS)]
    macs = tuple(int(one) for one in _MACS.values())
    store(
        tmp_path / "runs" / "drop",
        replace(data, rungs=tuple(_MACS), macs=macs, scores=scores, ids=images.ids),
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


STORED = [
    line
    for page in ROOT.glob("docs/commands.md")
    for line in _of_page(page)
    if re.match(r"reswise (select|thresholds|plan) ", line)
    and not re.search(r"--split|runs/a|--repeat-splits", line)  # of other folders, long
]


@pytest.mark.parametrize("line", [*STORED, "reswise select --max-macs 1e8"])
def test_an_example_over_stored_scores_runs(line: str, swept: Path) -> None:
    """Without a selector, `select` replays all of them."""
    assert len(STORED) >= 4
    code = run(shlex.split(line)[1:])
    assert code == 0 or (code == 1 and "plan" in line)  # 1: too few to certify
    if line.endswith("1e8"):
        text = (swept / "runs/select/select.md").read_text()
        for name in ("fixed", "random", "cascade", "deferral", "learned", "oracle"):
            assert f"| {name} |" in text


@pytest.mark.parametrize(
    "line", ["reswise models", "reswise datasets", "reswise compare --table 7"]
)
def test_a_light_example_runs(line: str) -> None:
    assert run(shlex.split(line)[1:]) == 0
