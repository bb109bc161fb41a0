"""What results and last lines say: the command as it was typed, a path in short."""

import contextlib
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

_given: list[Sequence[str]] = []  # the innermost command last: the demo runs others


def command_line() -> str:
    """The command that runs, as one would type it, for results to say."""
    return shlex.join(["reswise", *(_given[-1] if _given else sys.argv[1:])])


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
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
