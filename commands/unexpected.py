"""An error that nobody foresaw: one line, its traceback in a file, exit code 70."""

import os
import sys
import tempfile
import traceback
from importlib.metadata import version

from datasets.shown import shown

SOFTWARE = 70  # EX_SOFTWARE of sysexits.h


def report(verb: str, arguments: list[str], error: BaseException) -> int:
    """Says it in one line on stderr, and where the rest lies; returns the exit code."""
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    what = f"{type(error).__name__}: {shown(first)[:200]}"
    where = _written(verb, arguments, error)
    print(
        f"reswise {verb}: an error of reswise itself ({what}). Its traceback lies in "
        f"{where}; SECURITY.md and README say where to send it.",
        file=sys.stderr,
    )
    return SOFTWARE


def _written(verb: str, arguments: list[str], error: BaseException) -> str:
    """The log file; in words where none can be written."""
    head = [f"reswise {version('reswise')} {verb}", f"arguments: {arguments!a}"]
    lines = [*head, "".join(traceback.format_exception(error))]
    text = "\n".join(lines).encode("utf-8", "backslashreplace")
    try:
        handle, name = tempfile.mkstemp(prefix=f"reswise-{verb}-", suffix=".log")
        with os.fdopen(handle, "wb") as file:
            file.write(text)
    except OSError as problem:
        return f"no file ({problem.strerror})"
    return name
