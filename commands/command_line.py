"""The command line: finds the verb, then imports what that verb needs and no more.

Exit codes: 0 done, 1 done but a check failed, 2 bad input, 70 an error of reswise
itself, 130 interrupted.
"""

import argparse
import contextlib
import os
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from absl import logging
from absl.flags import Error as AbslError

from commands import echo, unexpected
from commands.interrupting import INTERRUPTED, LINE, ending_soon
from commands.parsing import (
    BAD_INPUT,
    Parser,
    as_file,
    check_flags,
    expanded,
    nearest,
)
from datasets.catalogue import shadowed_distribution
from datasets.errors import InputError
from datasets.files import write_text
from datasets.run_lock import alone_in
from datasets.shown import shown

STAGES = {
    "look": ("models", "datasets", "flops"),
    "measure": ("drop", "compress", "train", "adapt"),
    "choose": ("select", "thresholds", "plan", "label", "watch"),
    "ship": ("convert", "bundle", "bench"),
    "report": ("report", "compare", "demo"),
}
VERBS = tuple(verb for verbs in STAGES.values() for verb in verbs)

DONE, CHECK_FAILED = 0, 1

_DESCRIPTION = """\
Find out how far the input resolution of a trained Keras CNN can fall, without training.

A model at a resolution is a rung, written mobilenet_v2@160. Begin with:
  reswise models
  reswise flops --model resnet50 --resolutions 224,192,160
  reswise drop --model small_resnet --weights glyphs --dataset glyphs --resolutions 64
  reswise demo
"""


def parser(verb: str | None = None) -> Parser:
    """The parser of all verbs; only the flags of `verb` are filled in.

    A verb's module is imported for its flags and its line of help; none imports a
    framework before it runs.
    """
    top = Parser(
        prog="reswise",
        description=_DESCRIPTION,
        epilog=_verbs_by_stage(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument(
        "--version",
        action="version",
        version=f"reswise {version('reswise')}",
        help="show the version and end",
    )
    verbs = top.add_subparsers(
        dest="verb",
        required=True,
        metavar="VERB",
        parser_class=Parser,
        title="verbs",
        help="one of those below",
    )
    for name in VERBS:
        module = import_module(f"commands.{name}")
        own = verbs.add_parser(
            name,
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        if verb in (None, name):
            module.add_flags(own)
    return top


def _verbs_by_stage() -> str:
    lines = []
    for stage, verbs in STAGES.items():
        lines.append(f"{stage}:")
        for verb in verbs:
            lines.append(f"  {verb:<12}{import_module(f'commands.{verb}').HELP}")
    more = "reswise VERB --help tells more; reswise VERB @FILE reads flags from a file."
    return "\n".join([*lines, "", more])


def verb_parser(verb: str, top: Parser | None = None) -> argparse.ArgumentParser:
    """The parser of one verb."""
    actions = (top or parser(verb))._actions
    verbs = next(a for a in actions if isinstance(a, argparse._SubParsersAction))
    own: argparse.ArgumentParser = verbs.choices[verb]
    return own


def run(arguments: list[str]) -> int:
    """Runs one verb; returns its exit code. Without arguments: how to begin."""
    if not arguments:
        print(_DESCRIPTION, "reswise --help lists every verb.", sep="\n")
        return DONE
    verb, parsed = _parsed(arguments)
    logging.use_absl_handler()
    if line := shadowed_distribution():
        logging.warning("%s", line)
    try:
        with echo.running(arguments), ending_soon(verb), _folder_held(verb, parsed):
            code = int(import_module(f"commands.{verb}").run(parsed))
            _keep_flags(verb, arguments, parsed)
            sys.stdout.flush()
        return code
    except InputError as error:
        return _said(verb, error.as_flags(), BAD_INPUT)
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        return _said(verb, LINE, INTERRUPTED)
    except OSError as error:
        if error.filename is None and error.errno is None:
            return unexpected.report(verb, arguments, error)
        return _said(verb, str(error), BAD_INPUT)
    except Exception as error:
        return unexpected.report(verb, arguments, error)


def _folder_held(
    verb: str, parsed: argparse.Namespace
) -> contextlib.AbstractContextManager[None]:
    """Of a verb that works in a run folder: no other one does so meanwhile."""
    folder = getattr(parsed, "run", None) or getattr(parsed, "plan_run", None)
    if not isinstance(folder, Path) or (folder.exists() and not folder.is_dir()):
        return contextlib.nullcontext()
    return alone_in(folder, f"reswise {verb}")


def _said(verb: str, text: str, code: int) -> int:
    """One line on stderr; returns the exit code."""
    print(f"reswise {verb}: {shown(_one_line(text))}", file=sys.stderr)
    return code


def _parsed(arguments: list[str]) -> tuple[str, argparse.Namespace]:
    """The verb and its flags; ends with one line where either is unknown."""
    verb = next((word for word in arguments if word in VERBS), None)
    top = parser(verb)
    first = next((word for word in arguments if not word.startswith("-")), None)
    if verb is None and first is not None:
        top.error(f"there is no verb {first}{nearest(first, VERBS)}")
    try:
        words = expanded(arguments)
        check_flags(verb_parser(verb, top) if verb else top, words)
        parsed = top.parse_args(words)
    except (AbslError, ValueError) as error:  # InputError too
        top.error(str(error).rstrip("."))
    return str(parsed.verb), parsed


def _keep_flags(verb: str, arguments: list[str], parsed: argparse.Namespace) -> None:
    """A run folder holds the flags that made it, in a file that repeats it."""
    folder = getattr(parsed, "run", None)
    if isinstance(folder, Path) and folder.is_dir():
        path = folder / f"{verb}.flags.txt"
        words = expanded(arguments)
        words.remove(verb)
        write_text(path, as_file(verb, words, path))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def main() -> None:
    """The `reswise` script."""
    sys.exit(run(sys.argv[1:]))
