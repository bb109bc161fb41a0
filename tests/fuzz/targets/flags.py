"""Flags of the catalogue with values that nobody should give, up to three at once."""

import contextlib
import io
from functools import cache
from pathlib import Path
from random import Random

import reswise
from commands.parsing import BAD_INPUT
from datasets.errors import InputError
from tests.contracts.test_flag_values import ABSL, MORE, SHORT, _valued, _without
from tests.fuzz.guard import Finding
from tests.fuzz.target import Target

_NEVER = {"--adb", "--runtime-lib", "--ndk"}  # programs that are trusted as named
_SEPARATOR = "\0"


@cache
def _flags(verb: str) -> tuple[str, ...]:
    return tuple(flag for flag in _valued(verb) if flag not in _NEVER)


def _changed(random: Random, _: object) -> bytes:
    verb = random.choice([name for name in SHORT if name != "demo"])
    words = [verb, *SHORT[verb]]
    for _number in range(random.randint(1, 3)):
        flags = _flags(verb)
        if not flags or random.random() < 0.1:
            words.append(random.choice(ABSL))
            continue
        flag = random.choice(flags)
        words = _without(tuple(words), flag)
        words.append(f"{flag}={random.choice(MORE)}")
    return _SEPARATOR.join(words).encode("utf-8", "surrogateescape")


def _read(content: bytes, folder: Path) -> None:
    """Any exit code but 0, 1 and 2, or more than a line, is a finding."""
    words = content.decode("utf-8", "surrogateescape").split(_SEPARATOR)
    if not words or words[0] not in SHORT or words[0] == "demo":
        return
    said, printed = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stderr(said),
        contextlib.redirect_stdout(printed),
    ):
        try:
            code: object = reswise.run(words)
        except SystemExit as end:
            code = end.code
    lines = said.getvalue().strip().splitlines()
    if code not in (0, 1, 2) or (code == BAD_INPUT and len(lines) != 1):
        raise Finding(f"exit code {code}, {said.getvalue()[-300:]!r}")
    if code == BAD_INPUT:
        raise InputError.of("reswise", lines[0])


def _imported() -> None:
    """What libraries do once a process, when they are first asked."""
    import platform

    import matplotlib.pyplot as plt

    platform.processor()  # it starts uname
    plt.close("all")


FLAGS = Target(
    name="flags", starts=(), read=_read, cases=3_000, make=_changed, prepare=_imported
)
