"""Errors: four parts each, of the kind that fits, and in the words of a script.

The command line renders arguments as flags; see datasets/errors.py.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.command_line import VERBS, verb_parser
from commands.parsing import flags_of
from datasets import errors
from datasets.errors import InputError

ROOT = Path(__file__).parents[2]
LIBRARY = (
    "datasets",
    "keras_models",
    "selection",
    "convert",
    "android_bench",
    "reports",
)
KINDS = ("InputError", "ModelError", "DataError", "BundleError", "LostError")
# of a program that is not reswise, or a whole command of it, typed as it stands
WHOLE_COMMANDS = re.compile(
    r"`(?:reswise|adb|apt-get|curl|fastboot|pip|sdkmanager) [^`]*`"
)
FLAG = re.compile(r"(?<![\w-])--[a-z]")
NAMED = re.compile(r"`([a-z]+(?:_[a-z]+)*)(?:=[^`]*)?`")
# what a room's things are: its errors of things are of this kind
ROOMS = {
    "keras_models/opening": "ModelError",
    "keras_models/graphs": "ModelError",
    "convert/untrusted": "BundleError",
    "convert/foreign": "BundleError",
    "datasets": "DataError",
}
OTHERS = {  # a pixel array is no data set
    "datasets/preprocessing.py": "InputError",
}


def _calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """The errors that a file makes: kind, or kind.of, and the call."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name.split(".")[0] in KINDS:
                yield name, node


def _texts(node: ast.AST) -> list[str]:
    return [
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]


def _files(*folders: str) -> list[Path]:
    return sorted(path for name in folders for path in (ROOT / name).rglob("*.py"))


@pytest.mark.checkout
def test_no_error_of_the_library_names_a_flag() -> None:
    """Nor does any other text in a statement that raises."""
    named = []
    for path in _files(*LIBRARY):
        if path.name == "errors.py":
            continue
        raised: list[ast.Raise | ast.Call] = [
            node
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Raise)
        ]
        raised += [call for _, call in _calls(path)]
        for node in raised:
            for text in _texts(node):
                if FLAG.search(WHOLE_COMMANDS.sub("", text)):
                    named.append(f"{path.relative_to(ROOT)}:{node.lineno}: {text}")
    assert named == []


@pytest.mark.checkout
def test_what_stands_in_backticks_is_a_flag_of_some_verb() -> None:
    flags = {flag for verb in VERBS for flag in flags_of(verb_parser(verb))}
    known = {flag.removeprefix("--").replace("-", "_") for flag in flags}
    unknown = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in _files(*LIBRARY, "commands")
        for _, call in _calls(path)
        for text in _texts(call)
        for name in NAMED.findall(text)
        if name not in known
    }
    assert unknown == set()


@pytest.mark.checkout
def test_each_room_raises_the_kind_of_its_things() -> None:
    wrong = []
    for room, kind in ROOMS.items():
        for path in _files(room):
            where = path.relative_to(ROOT).as_posix()
            for name, call in _calls(path):
                if name.endswith(".of") and name != f"{OTHERS.get(where, kind)}.of":
                    wrong.append(f"{where}:{call.lineno}: {name}")
    assert wrong == []


@pytest.mark.checkout
def test_an_error_says_more_than_what_came() -> None:
    """Every call has a fault, or what was expected; none is one text alone."""
    bare = []
    for path in _files(*LIBRARY, "commands"):
        for name, call in _calls(path):
            given = len(call.args) + len(call.keywords)
            if "around" not in name and given < (2 if name.endswith(".of") else 3):
                bare.append(f"{path.relative_to(ROOT)}:{call.lineno}")
    assert bare == []


def test_three_kinds_for_scripts_to_catch() -> None:
    kinds = [errors.ModelError, errors.DataError, errors.BundleError]
    assert [kind.kind for kind in kinds] == ["model", "dataset", "bundle"]
    both = errors.JoinedError([kind.of("x", "is empty") for kind in kinds[:2]])
    assert str(both) == both.as_flags() == "x is empty. Also: x is empty."
    assert isinstance(both, errors.InputError)


def test_a_part_of_a_thing_is_told_of_the_thing() -> None:
    inner = errors.InputError("price", -1, "0 or more")
    outer = errors.BundleError.around("b/manifest.json: selector", inner)
    assert str(outer) == "b/manifest.json: selector: price=-1: expected 0 or more."
    assert outer.argument == "bundle"


def test_whatever_a_name_holds_the_error_is_one_short_line() -> None:
    for name in ("a\nb\r\x1b[2J", "\udcff", "x" * 70_000):
        for error in (
            InputError("dataset", name, name, name, name),
            InputError.of(name, f"has {name}"),
            InputError.around("a.csv", InputError.of(name, "is none")),
        ):
            for line in (str(error), error.as_flags()):
                line.encode()
                assert line.isprintable()
                assert len(line) < 4000
