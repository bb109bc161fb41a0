"""Imports point one way, between rooms and in them; light verbs load nothing heavy."""

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import commands
from commands.command_line import VERBS

ROOT = Path(commands.__file__).parents[1]
ORDER = (
    "datasets",
    "keras_models",
    "selection",
    "convert",
    "android_bench",
    "reports",
    "commands",
    "reswise",
)
FRAMEWORKS = ("tensorflow", "keras", "jax", "torch")


def _imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def _modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", ORDER[:-1])
def test_a_package_imports_only_earlier_ones(package: str) -> None:
    later = set(ORDER[ORDER.index(package) + 1 :])
    for path in _modules(package):
        assert not _imported(path) & later, path


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def _arrows(package: str) -> set[tuple[str, str]]:
    """(module, what it imports) within a package; hints for mypy alone count too."""
    modules = {_name(path): path for path in _modules(package)}
    found = set()
    for name, path in modules.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    found.add((name, inner if inner in modules else node.module))
            elif isinstance(node, ast.Import):
                found |= {(name, alias.name) for alias in node.names}
    return {(one, other) for one, other in found if other in modules and other != one}


def _room(module: str) -> str:
    """convert.untrusted for all that lies in it; a module in no room is itself."""
    return ".".join(module.split(".")[:2])


def _circle(arrows: set[tuple[str, str]]) -> list[str]:
    graph: dict[str, set[str]] = {}
    for one, other in arrows:
        graph.setdefault(one, set()).add(other)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.parametrize("package", ORDER[:-1])
def test_no_circle_within_a_package(package: str) -> None:
    """Neither between its modules nor between its rooms."""
    arrows = _arrows(package)
    assert _circle(arrows) == []
    rooms = {(_room(one), _room(other)) for one, other in arrows}
    assert _circle({(one, other) for one, other in rooms if one != other}) == []


def test_a_circle_is_seen() -> None:
    assert _circle({("a", "b"), ("b", "c")}) == []
    assert set(_circle({("a", "b"), ("b", "c"), ("c", "a")})) == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("package", "most"), [("keras_models", 55), ("selection", 36), ("convert", 80)]
)
def test_rooms_keep_few_arrows_between_them(package: str, most: int) -> None:
    """A flat folder of 30 files had about a hundred; a new arrow needs a reason."""
    arrows = {(_room(one), _room(other)) for one, other in _arrows(package)}
    assert len({(one, other) for one, other in arrows if one != other}) <= most


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_one_short_file(verb: str) -> None:
    """Its flags, its order of work; the rest lies in the packages, or beside it."""
    lines = (ROOT / "commands" / f"{verb}.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 120


def test_selection_imports_no_framework() -> None:
    for path in _modules("selection"):
        top_level = ast.parse(path.read_text(encoding="utf-8")).body
        names = {
            name.name.split(".")[0] if isinstance(node, ast.Import) else ""
            for node in top_level
            if isinstance(node, ast.Import)
            for name in node.names
        }
        assert not names & set(FRAMEWORKS), path


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["models"], ["datasets"], ["drop", "--help"]],
    ids=" ".join,
)
def test_light_verbs_import_no_framework(arguments: list[str]) -> None:
    code = (
        "import sys, reswise\n"
        f"try: reswise.run({arguments!r})\n"
        "except SystemExit: pass\n"
        f"print([name for name in {FRAMEWORKS!r} if name in sys.modules],"
        " file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stderr.strip().endswith("[]")
    assert "usage" in done.stdout or "licence" in done.stdout or "MMACs" in done.stdout


@pytest.mark.checkout
def test_no_file_is_longer_than_a_reader_holds() -> None:
    """300 lines outside tests; WORKSPACE.md says where the rest of a subject lies."""
    folders = [path for path in ROOT.iterdir() if path.is_dir()]
    files = [*ROOT.glob("*.py")]
    for folder in folders:
        if folder.name not in ("tests", "build") and not folder.name.startswith("."):
            files += folder.rglob("*.py")
    assert len(files) > 300
    long = {
        str(path.relative_to(ROOT)): lines
        for path in files
        if (lines := len(path.read_text().splitlines())) > 300
    }
    assert not long


@pytest.mark.checkout
def test_the_first_page_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150
