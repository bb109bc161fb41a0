"""docs/commands.md is what the parsers read; the map of the tree is true."""

import re
import subprocess
from pathlib import Path

import pytest

from commands import reference
from commands.command_line import VERBS, parser, verb_parser
from commands.parsing import flags_of

pytestmark = pytest.mark.checkout
ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/*.md", "CONTRIBUTING.md")


def test_the_page_of_commands_is_what_the_parsers_read() -> None:
    kept = (ROOT / "docs" / "commands.md").read_text()
    assert kept == reference.text(), "run: python -m commands.reference > that file"


def test_the_first_page_names_every_verb_and_is_short() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    assert len(lines) <= 150
    for verb in VERBS:
        assert any(f"`reswise {verb}`" in line for line in lines), verb


def test_no_page_names_a_flag_that_does_not_exist() -> None:
    top = parser()
    known = {flag for verb in VERBS for flag in flags_of(verb_parser(verb, top))}
    for pattern in PAGES:
        for page in ROOT.glob(pattern):
            for flag in re.findall(r"`(--[a-z][a-z_-]*)", page.read_text()):
                assert flag in known, f"{page.name}: {flag}"


def _tracked() -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(listed.stdout.split("\n")) - {""}


def test_the_map_names_every_file_and_no_other() -> None:
    """WORKSPACE.md's tree: a line a file, except tests, packaged data and lock."""
    lines = (ROOT / "WORKSPACE.md").read_text().split("```")[1].splitlines()
    named, folder = set(), ""
    for line in lines:
        word = line.split("  ")[0].strip() if not line.startswith(" ") else ""
        inner = re.match(r"  (\S+)", line)
        if word.endswith("/"):
            folder = word
        elif word:
            named.add(word)
        elif inner:
            named.add(folder + inner.group(1))
    files = {
        path
        for path in _tracked()
        if (ROOT / path).exists()
        and not path.startswith(("tests/", "keras_models/weights/"))
        and not path.endswith("__init__.py")
    }
    assert named == files
