"""The command line: finds the verb, then imports what that verb needs and no more.

Exit codes: 0 done, 1 done but a check failed, 2 bad input, 130 interrupted.
"""

import os
import sys
from importlib import import_module
from typing import NoReturn

from absl import logging
from absl.flags import argparse_flags

from datasets.catalogue import shadowed_distribution
from datasets.errors import InputError

VERBS = (
    "models",
    "datasets",
    "flops",
    "drop",
    "select",
    "thresholds",
    "plan",
    "label",
    "watch",
    "train",
    "adapt",
    "convert",
    "bundle",
    "bench",
    "compare",
    "report",
    "demo",
)

DONE, CHECK_FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

_DESCRIPTION = """\
Find out how far the input resolution of a trained Keras CNN can fall, without training.

A model at a resolution is a rung, written mobilenet_v2@160. Begin with:
  reswise models
  reswise flops --model resnet50 --resolutions 224,192,160
  reswise drop --model small_resnet --weights glyphs --dataset glyphs --resolutions 64
  reswise demo
"""


class _Parser(argparse_flags.ArgumentParser):
    """A parser whose errors are one line and exit code 2."""

    def error(self, message: str) -> NoReturn:
        line = f"{self.prog}: {message}. See {self.prog} --help."
        print(line, file=sys.stderr)
        raise SystemExit(BAD_INPUT)


def parser(verb: str | None = None) -> _Parser:
    """The parser of all verbs; only the flags of `verb` are filled in.

    A verb's module is imported for its flags and its line of help; none imports a
    framework before it runs.
    """
    import argparse

    top = _Parser(  # type: ignore[no-untyped-call]
        prog="reswise",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    verbs = top.add_subparsers(
        dest="verb",
        required=True,
        metavar="VERB",
        parser_class=_Parser,
        title="verbs (reswise VERB --help tells more)",
    )
    for name in VERBS:
        module = import_module(f"commands.{name}")
        one = verbs.add_parser(
            name,
            help=module.HELP,
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        if verb in (None, name):
            module.add_flags(one)
    return top


def run(arguments: list[str]) -> int:
    """Runs one verb; returns its exit code."""
    verb = next((word for word in arguments if word in VERBS), None)
    parsed = parser(verb).parse_args(arguments)
    logging.use_absl_handler()
    if line := shadowed_distribution():
        logging.warning("%s", line)
    try:
        code = int(import_module(f"commands.{parsed.verb}").run(parsed))
        sys.stdout.flush()
        return code
    except InputError as error:
        print(f"reswise {parsed.verb}: {_one_line(error)}", file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        if error.filename is None and error.errno is None:
            raise
        print(f"reswise {parsed.verb}: {_one_line(error)}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        again = "interrupted; the same command goes on where this stopped"
        print(f"\nreswise {parsed.verb}: {again}", file=sys.stderr)
        return INTERRUPTED


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def main() -> None:
    """The `reswise` script."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
