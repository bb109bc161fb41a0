"""What results and last lines say: the command as it was typed, a path in short."""

import contextlib
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from datasets import shown as text

_given: list[Sequence[str]] = []  # the innermost command last: the demo runs others


def command_line() -> str:
    """The command that runs, as one would type it, for results to say."""
    typed = _given[-1] if _given else sys.argv[1:]
    return text.shown(shlex.join(["reswise", *typed]))


@contextlib.contextmanager
def running(arguments: Sequence[str]) -> Iterator[None]:
    """While it lasts results name this command, whatever the process was started by."""
    _given.append(arguments)
    try:
        yield
    finally:
        _given.pop()


def shown(path: Path) -> str:
    """A path as short as it can be named from here."""
    try:
        short = Path(os.path.realpath(path)).relative_to(Path.cwd())
    except ValueError:
        short = path
    return text.shown(str(short))


def say(line: str) -> None:
    """Prints one line; what names of files and phones hold does nothing there."""
    print(text.shown(line), flush=True)
