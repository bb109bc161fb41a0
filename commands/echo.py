"""What results and last lines say: the command as it was typed, a path in short."""

import os
import shlex
import sys
from pathlib import Path


def command_line() -> str:
    """What was typed, for results to say."""
    return shlex.join(["reswise", *sys.argv[1:]])


def shown(path: Path) -> str:
    """A path as short as it can be named from here."""
    try:
        return str(Path(os.path.realpath(path)).relative_to(Path.cwd()))
    except ValueError:
        return str(path)
