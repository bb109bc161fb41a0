"""Every flag of every verb, given what nobody should give: exit code 0, 1 or 2.

The short form stops at an input that is not there, after the flags were read; the long
one runs the verbs on stored scores, a small network and twelve drawn letters.
"""

import argparse
import contextlib
import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import reswise
from commands import unexpected
from commands.command_line import VERBS, verb_parser
from commands.parsing import BAD_INPUT
from tests.selection.store import store
from tests.selection.synthetic import scored

NOTHING = "not-there"
DATA = ("--dataset", f"folder:{NOTHING}")
MODEL = ("--model", f"{NOTHING}.keras")
SMALL = ("--model", "small_resnet", "--weights", "glyphs")
GLYPHS = ("--dataset", "glyphs", "--limit", "12")
SHORT: dict[str, tuple[str, ...]] = {
    "models": (),
    "datasets": ("inspect", f"folder:{NOTHING}"),
    "flops": (*MODEL, "--resolutions", "32"),
    "drop": (*MODEL, *DATA, "--resolutions", "32"),
    "train": (*MODEL, *DATA, "--resolutions", "32"),
    "adapt": (*MODEL, *DATA, "--resolutions", "32"),
    "compress": (*MODEL, *DATA),
    "select": ("--from", NOTHING),
    "thresholds": ("--from", NOTHING, "--rungs", "a@1,b@2"),
    "plan": ("--from", NOTHING, "--reference", "a@96", "--max-drop", "1"),
    "label": ("--plan-run", NOTHING),
    "watch": (NOTHING,),
    "convert": (*MODEL, *DATA, "--resolutions", "32"),
    "bundle": ("verify", NOTHING),
    "bench": ("--bundle", NOTHING, *DATA, "--host"),
    "report": (NOTHING,),
    "compare": ("--table", "1", "--from", NOTHING),
    "demo": ("--limit", "0"),
}
LONG: dict[str, tuple[str, ...]] = {
    "flops": (*SMALL, "--resolutions", "32"),
    "drop": (*SMALL, *GLYPHS, "--resolutions", "32"),
    "select": ("--from", "scores", "--repeats", "2"),
    "thresholds": (
        "--from", "scores", "--rungs", "small@32,small@64",
    ),
    "plan": (
        "--from", "scores", "--reference", "large@64", "--max-drop", "20",
    ),
}  # fmt: skip
VALUES = (
    "0", "-1", "1e308", "nan", "", "9999999999", "9" * 5000, "x\x1b[31m\udcff\u202e",
)  # fmt: skip
MORE = (*VALUES, "0.5", "1e-320", "inf", "text", "../..", ",", "1,,2", "NaN,inf")
ABSL = (
    "-v=abc", "--verbosity=1e308", "--stderrthreshold=x", "--logger_levels=x",
    "--logger_levels=a:b", "--flagfile=missing", "-flagfile=missing", "--flagfile",
    "--undefok", "--log_dir=/dev/null/x", "--alsologtostderr=x", "--nologtostderr=1",
)  # fmt: skip
SECONDS = 10.0


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _valued(verb: str) -> Iterator[str]:
    """Its own flags that take a value, each by one name; those of absl stand below."""
    for action in verb_parser(verb)._actions:
        names = [name for name in action.option_strings if name.startswith("--")]
        taken = isinstance(action, argparse._StoreAction | argparse._AppendAction)
        if names and taken and names[0] != "--undefok":
            yield names[0]


def _without(arguments: tuple[str, ...], flag: str) -> list[str]:
    kept = list(arguments)
    if flag in kept:
        at = kept.index(flag)
        del kept[at : at + 2]
    return kept


def _code(arguments: list[str]) -> tuple[object, str]:
    """(exit code, standard error)."""
    said, printed = io.StringIO(), io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(printed):
        try:
            return reswise.run(arguments), said.getvalue()
        except SystemExit as end:
            return end.code, said.getvalue()


def _wrong(verb: str, base: tuple[str, ...], values: tuple[str, ...]) -> list[str]:
    """What does not end as it should, of all flags and values of a verb."""
    wrong = []
    for flag in _valued(verb):
        for value in values:
            began = time.monotonic()
            code, said = _code([verb, *_without(base, flag), f"{flag}={value}"])
            lines = len(said.strip().splitlines())
            seconds = time.monotonic() - began
            clean = said.replace("\n", "").isprintable()
            one_line = code != BAD_INPUT or lines == 1
            if code not in (0, 1, 2) or not clean or not one_line or seconds > SECONDS:
                wrong.append(f"{flag}={value[:20]!a}: {code}, {seconds:.1f} s, {said}")
    return wrong


def test_the_table_has_every_verb() -> None:
    assert set(SHORT) == set(VERBS)


@pytest.mark.parametrize("verb", SHORT)
def test_any_value_of_any_flag_is_read_or_refused(verb: str) -> None:
    assert _wrong(verb, SHORT[verb], VALUES) == []


@pytest.mark.very_slow
@pytest.mark.parametrize("verb", LONG)
def test_any_value_is_used_or_refused(verb: str, tmp_path: Path) -> None:
    store(tmp_path / "scores", scored())
    assert _wrong(verb, LONG[verb], MORE) == []


@pytest.mark.parametrize("flag", ABSL)
@pytest.mark.parametrize("verb", ["flops", ""])
def test_flags_of_absl_are_refused_in_one_line(verb: str, flag: str) -> None:
    code, said = _code([word for word in (verb, *SHORT["flops"], flag) if word])
    assert code == 2
    assert len(said.strip().splitlines()) == 1
    assert "Traceback" not in said


@pytest.mark.parametrize("classes", ["0", "-1", "1000001"])
@pytest.mark.parametrize("alpha", ["1.0", "nan"])
def test_a_network_that_no_machine_holds_is_not_built(classes: str, alpha: str) -> None:
    words = ["flops", *SMALL, "--resolutions", "32", "--classes", classes]
    code, said = _code([*words, "--alpha", alpha])
    assert code == 2
    assert len(said.strip().splitlines()) == 1


def test_an_error_of_our_own_is_one_line_and_a_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(_: argparse.Namespace) -> int:
        raise AttributeError("first \x1b[2J line\nsecond line")

    monkeypatch.setattr("commands.models.run", broken)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code, said = _code(["models"])
    (log,) = tmp_path.glob("reswise-models-*.log")
    assert code == unexpected.SOFTWARE == 70
    assert len(said.strip().splitlines()) == 1
    assert str(log) in said
    assert "\x1b" not in said
    assert "Traceback" in log.read_text()
    assert "second line" in log.read_text()
