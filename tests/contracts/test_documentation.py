"""README and --help name every verb and flag; the map of the tree is true."""

import argparse
import re
import subprocess
from importlib import import_module
from pathlib import Path

import pytest

import reswise

pytestmark = pytest.mark.checkout
ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text() if (ROOT / "README.md").exists() else ""


class _Verb:
    """Collects the flags that a verb adds of its own; absl adds its own to all."""

    def __init__(self, verb: str) -> None:
        self.parser = argparse.ArgumentParser(add_help=False)
        import_module(f"commands.{verb}").add_flags(self.parser)

    @property
    def actions(self) -> list[argparse.Action]:
        found = []
        for action in self.parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for inner in action.choices.values():
                    found += [a for a in inner._actions if a.dest != "help"]
            else:
                found.append(action)
        return found

    @property
    def flags(self) -> set[str]:
        return {flag for action in self.actions for flag in action.option_strings}


def _verbs() -> dict[str, argparse.ArgumentParser]:
    actions = reswise.parser()._actions
    verbs = next(a for a in actions if isinstance(a, argparse._SubParsersAction))
    return dict(verbs.choices)


@pytest.mark.parametrize("verb", reswise.VERBS)
def test_every_verb_and_flag_stands_in_the_readme(verb: str) -> None:
    sections = README.split("### `reswise ")
    own = next(text for text in sections if text.startswith(f"{verb}`"))
    for flag in _Verb(verb).flags:
        assert re.search(rf"`{flag}`", own), f"{verb} {flag}"


@pytest.mark.parametrize("verb", reswise.VERBS)
def test_every_flag_has_help_and_every_verb_a_line(verb: str) -> None:
    assert _verbs()[verb].description
    for action in _Verb(verb).actions:
        assert action.help, action
    assert verb in reswise.parser().format_help()


def test_the_readme_names_no_flag_that_does_not_exist() -> None:
    known = set().union(*(_Verb(verb).flags for verb in reswise.VERBS))
    for flag in re.findall(r"`(--[a-z][a-z_-]*)", README):
        assert flag in known | {"--verbosity", "--help"}, flag


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
