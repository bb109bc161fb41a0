"""How the command line is read: flags in groups, both spellings, the nearest name.

A verb adds its flags to a parser as to any other; here they find their group. A flag
that is spelt in two ways in English is understood in both.
"""

import argparse
import difflib
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from absl.flags import argparse_flags

from commands.flag_types import bounded
from datasets.shown import shown
from datasets.user_files import UserFile

BAD_INPUT = 2
GROUPS = ("model", "pictures", "what to measure", "output")
_GROUP_OF = {
    "model": "--model --weights --name --classes --alpha --normalisation --adapted "
    "--start --change --bundle --labels",
    "pictures": "--dataset --split --data-dir --limit --max-unreadable --crop "
    "--interpolation --no-antialias --from --calibration-split --calibration-part "
    "--calibration-images --validation --class-names --nonfinite --class-offset --mean "
    "--deviation",
    "output": "--run --out --markdown --csv --separate-files --tensorboard --keep "
    "--clean --device-dir --fresh",
}
_BY_FLAG = {flag: name for name, flags in _GROUP_OF.items() for flag in flags.split()}
_MOST_FLAGS_BYTES = 1 << 20
_MOST_SAID = 1000  # letters
VERSION = ("--version",)  # beside --help, in no group
SPELLINGS = (
    ("--normalisation", "--normalization"),
    ("--quantiser", "--quantizer"),
    ("--optimiser", "--optimizer"),
)


class Parser(argparse_flags.ArgumentParser):  # type: ignore[misc]
    """A parser whose flags lie in GROUPS, whose errors are one line and exit code 2."""

    def __init__(self, *names: Any, **settings: Any) -> None:
        self._titled: dict[str, Any] = {}
        super().__init__(*names, **settings)
        self._titled = {name: self.add_argument_group(name) for name in GROUPS}

    def add_argument(self, *names: Any, **settings: Any) -> Any:
        """As argparse does, into the group of the flag's name."""
        if not self._titled or not str(names[0]).startswith("--") or names == VERSION:
            return super().add_argument(*names, **settings)
        if "type" in settings:
            settings["type"] = bounded(names[0], settings["type"])
        return self._titled[group_of(names)].add_argument(*spelt(names), **settings)

    def add_mutually_exclusive_group(self, **settings: Any) -> Any:
        """Within what is measured: it is there that verbs offer either or."""
        if not self._titled:
            return super().add_mutually_exclusive_group(**settings)
        return self._titled["what to measure"].add_mutually_exclusive_group(**settings)

    def error(self, message: str) -> NoReturn:
        """One line that ends with where to look."""
        said = shown(" ".join(message.split()))
        if len(said) > _MOST_SAID:
            said = f"{said[:_MOST_SAID]} ..."
        print(f"{self.prog}: {said}. See {self.prog} --help.", file=sys.stderr)
        raise SystemExit(BAD_INPUT)


def group_of(names: Iterable[str]) -> str:
    """The group of a flag by any of its names."""
    found = (_BY_FLAG[name] for name in names if name in _BY_FLAG)
    return next(found, "what to measure")


def spelt(names: Iterable[str]) -> list[str]:
    """The names, and of each the other spelling."""
    every = list(names)
    for pair in SPELLINGS:
        if set(pair) & set(every):
            every += [name for name in pair if name not in every]
    return every


def flags_of(parser: argparse.ArgumentParser) -> list[str]:
    """Every flag that a parser, or a verb within it, understands."""
    flags: list[str] = []
    for action in parser._actions:
        flags += action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                flags += flags_of(inner)
    return list(dict.fromkeys(flags))


def check_flags(parser: argparse.ArgumentParser, arguments: Iterable[str]) -> None:
    """Ends with the nearest name where a flag is unknown."""
    known = flags_of(parser)
    for word in arguments:
        flag = word.split("=")[0]
        if flag in ("-flagfile", "--flagfile"):  # absl reads it before it looks at it
            parser.error(
                f"there is no flag {flag}; flags from a file are given as @FILE"
            )
        if flag.startswith("--") and len(flag) > 2 and flag not in known:
            parser.error(f"there is no flag {flag}{nearest(flag, known)}")


def nearest(name: str, known: Iterable[str]) -> str:
    """A question that names what was perhaps meant; nothing where nothing is near."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


def expanded(arguments: Iterable[str]) -> list[str]:
    """Arguments with @FILE replaced by what the file holds: words as in a shell.

    Raises:
        InputError: a file cannot be read, or a quote in it does not end.
    """
    words: list[str] = []
    for word in arguments:
        if word.startswith("@") and len(word) > 1:
            words += _words_in(Path(word[1:]))
        else:
            words.append(word)
    return words


def _words_in(path: Path) -> list[str]:
    file = UserFile(path, came=f"@{path}", expected="a text file of flags")
    text = file.text(_MOST_FLAGS_BYTES)
    try:
        return shlex.split(text, comments=True)
    except ValueError as error:
        raise file.wrong(str(error)) from None


def as_file(verb: str, arguments: Iterable[str], path: Path) -> str:
    """The text of a file of flags: a flag and its values a line."""
    lines: list[str] = []
    for word in arguments:
        if word.startswith("--") or not lines:
            lines.append(shlex.quote(word))
        else:
            lines[-1] += f" {shlex.quote(word)}"
    head = f"# reswise {verb} @{path} repeats this run, from the same folder.\n"
    return head + "".join(f"{line}\n" for line in lines)
