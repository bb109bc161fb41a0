"""What results and last lines say: the command as it was typed, a path in short."""

import os
import shlex
import sys
from pathlib import Path

from datasets import shown as text


def command_line() -> str:
    """What was typed, for results to say."""
    return text.shown(shlex.join(["reswise", *sys.argv[1:]]))


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
