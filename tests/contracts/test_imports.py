"""Imports point one way; light verbs load nothing heavy."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import commands

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
