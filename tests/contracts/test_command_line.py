"""Every flag: its group, its help, both spellings, the words; files of flags."""

import argparse
import re
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

import reswise
from commands.command_line import STAGES, VERBS, parser, verb_parser
from commands.parsing import GROUPS, SPELLINGS, as_file, expanded, flags_of, nearest
from reports.table import read_tables

TOP = parser()
ONE_WORD = {  # what is written for it, wherever it is meant
    "--rung": "--rungs",
    "--way": "--ways",
    "--resolution": "--resolutions",
    "--scores": "--from",
    "--recipe": "--recipes",
    "--ladder": "--rungs",
}


def _own(verb: str) -> list[argparse.Action]:
    """The flags that a verb adds, in it and in the verbs within it."""
    found, queue = [], [verb_parser(verb, TOP)]
    while queue:
        for action in queue.pop()._actions:
            if isinstance(action, argparse._SubParsersAction):
                queue += action.choices.values()
            elif type(action).__module__ == "argparse" and action.help not in (
                None,
                argparse.SUPPRESS,
                "show this help message and exit",
                "show full help message and exit",
            ):
                found.append(action)
    return found


@pytest.mark.parametrize("verb", VERBS)
def test_every_flag_has_a_group_and_help(verb: str) -> None:
    own = verb_parser(verb, TOP)
    grouped = {
        action.dest
        for group in own._action_groups
        if group.title in GROUPS
        for action in group._group_actions
    }
    for action in _own(verb):
        assert action.help, action
        if action.option_strings and action in own._actions:
            assert action.dest in grouped, action


@pytest.mark.parametrize("verb", VERBS)
def test_both_spellings_are_understood(verb: str) -> None:
    known = set(flags_of(verb_parser(verb, TOP)))
    for pair in SPELLINGS:
        assert len(known & set(pair)) in (0, 2), pair


def test_the_spellings_are_met_at_all() -> None:
    met = {flag for verb in VERBS for flag in flags_of(verb_parser(verb, TOP))}
    assert {flag for pair in SPELLINGS for flag in pair} <= met


@pytest.mark.parametrize("verb", VERBS)
def test_one_word_for_one_thing(verb: str) -> None:
    """The first name is the word; an older one may still be understood beside it."""
    for action in _own(verb):
        names = action.option_strings
        for older, word in ONE_WORD.items():
            if older in names:
                assert names[0] == word, names
    runs = [action for action in _own(verb) if action.option_strings[:1] == ["--run"]]
    assert all("goes" in str(one.help) or "go" in str(one.help) for one in runs)


def test_help_lists_the_verbs_by_stage() -> None:
    said = TOP.format_help()
    for stage, verbs in STAGES.items():
        listed = re.search(rf"^{stage}:\n((?:  .*\n)+)", said, re.M)
        assert listed
        names = [line.split()[0] for line in listed[1].splitlines()]
        assert tuple(names) == verbs


def test_the_nearest_name_is_asked_for() -> None:
    assert nearest("slect", VERBS) == "; did you mean select?"
    assert nearest("xyzzy", VERBS) == ""


def test_american_spelling_reaches_the_same_place() -> None:
    line = "flops --model resnet50 --resolutions 224 --normalization tf"
    assert TOP.parse_args(line.split()).normalisation == "tf"


def test_flags_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "flags.txt"
    path.write_text("# a run\n--model 'my model.keras'\n--resolutions 96,64\n")
    words = expanded(["drop", f"@{path}", "--limit", "5"])
    assert words == ["drop", "--model", "my model.keras", "--resolutions", "96,64",
                     "--limit", "5"]  # fmt: skip
    path.write_text(as_file("drop", words[1:], path))
    assert expanded([f"@{path}"]) == words[1:]


def test_a_run_folder_holds_what_repeats_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = Path(__file__).parents[1] / "references" / "recorded_run"
    monkeypatch.chdir(tmp_path)
    line = f"select --selectors cascade,oracle --from {recorded / 'drop'} --run first"
    assert reswise.run(line.split()) == 0
    assert reswise.run(["select", "@first/select.flags.txt", "--run", "second"]) == 0
    first, second = (
        [replace(table, command="") for table in read_tables(path)]
        for path in (Path(name, "select.tables.json") for name in ("first", "second"))
    )
    assert first == second


def test_without_arguments_it_says_how_to_begin(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Four commands that parse, and where the others are listed."""
    assert reswise.run([]) == 0
    said = capsys.readouterr().out
    begin = [line.split()[1:] for line in said.splitlines() if line.startswith("  ")]
    assert [words[0] for words in begin] == ["models", "flops", "drop", "demo"]
    for words in begin:
        assert parser(words[0]).parse_args(words).verb == words[0]
    assert "reswise --help" in said


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        reswise.run(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"reswise {version('reswise')}\n"
