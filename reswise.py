"""The functions for scripts, and the command line.

    import reswise

`rebuild` gives a network at another resolution; `sweep` measures it at several;
`select`, `plan` choose the resolution of each image; `adapt` tunes batch norm without
labels; `compress` measures compression beside resolution; `convert` and `bench` make
and measure bundles; `report` shows it all. Each result has `.table()`, a
pandas.DataFrame, `.figure()`, of matplotlib, and shows itself in a notebook. What is
wrong with an argument is an `InputError` that names it.

Importing this module loads neither TensorFlow nor Keras: a function is loaded when it
is first named, from the file of `commands/functions/` that has its name.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from datasets.errors import BundleError, DataError, InputError, ModelError

if TYPE_CHECKING:
    from commands.command_line import VERBS, parser, run
    from commands.functions.adapt import adapt
    from commands.functions.bench import bench
    from commands.functions.compress import compress
    from commands.functions.convert import convert
    from commands.functions.models import model, rebuild
    from commands.functions.plan import plan
    from commands.functions.report import report
    from commands.functions.select import select
    from commands.functions.sweep import sweep

__all__ = [
    "VERBS",
    "BundleError",
    "DataError",
    "InputError",
    "ModelError",
    "adapt",
    "bench",
    "compress",
    "convert",
    "main",
    "model",
    "parser",
    "plan",
    "rebuild",
    "report",
    "run",
    "select",
    "sweep",
]

FUNCTIONS = {
    "model": "models",
    "rebuild": "models",
    "sweep": "sweep",
    "select": "select",
    "plan": "plan",
    "adapt": "adapt",
    "compress": "compress",
    "convert": "convert",
    "bench": "bench",
    "report": "report",
}


COMMAND_LINE = ("VERBS", "parser", "run")


def main() -> None:
    """The `reswise` script; from here on Ctrl-C ends it in one line."""
    try:
        from commands.command_line import main as command_line

        command_line()
    except KeyboardInterrupt:
        print("reswise: interrupted", file=sys.stderr)
        sys.exit(130)


def __getattr__(name: str) -> Any:
    if name in COMMAND_LINE:
        return getattr(import_module("commands.command_line"), name)
    if name not in FUNCTIONS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"commands.functions.{FUNCTIONS[name]}"), name)


if __name__ == "__main__":
    main()
