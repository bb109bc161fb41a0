"""docs/commands.md, from the parsers: `python -m commands.reference` prints it."""

import argparse
import sys
from collections.abc import Iterator

from commands.command_line import STAGES, parser, verb_parser
from commands.parsing import GROUPS

_HEAD = """\
# Commands

Written by `python -m commands.reference` from what the program itself reads; a test
compares. `reswise VERB --help` says the same. A flag may be spelt as in British or in
American English. `reswise VERB @FILE` reads flags from a file, and each run folder
holds one, `<verb>.flags.txt`, that repeats the run. Exit codes: 0 done, 1 done but a
check failed, 2 bad input, 130 interrupted.
"""


def text() -> str:
    """The page: the stages, their verbs, and every flag in its group."""
    top = parser()
    lines = [_HEAD]
    for stage, verbs in STAGES.items():
        lines.append(f"## {stage.capitalize()}\n")
        for verb in verbs:
            lines += _verb(verb, verb_parser(verb, top))
    return "\n".join(lines)


def _verb(verb: str, own: argparse.ArgumentParser) -> Iterator[str]:
    told, _, examples = (own.description or "").partition("\nExamples:\n")
    yield f"### `reswise {verb}`\n"
    yield told.strip() + "\n"
    if examples.strip():
        yield "```\n" + "\n".join(_unindented(examples)) + "\n```\n"
    yield from _flags(own)
    for action in own._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield f"`reswise {verb} {name}`: {(inner.description or '').strip()}\n"
                yield from _flags(inner)


def _unindented(examples: str) -> Iterator[str]:
    for line in examples.rstrip().splitlines():
        yield line.removeprefix("  ")


def _flags(own: argparse.ArgumentParser) -> Iterator[str]:
    for group in own._action_groups:
        rows = [_row(action) for action in group._group_actions if _told(action)]
        if rows:
            name = group.title if group.title in GROUPS else "arguments"
            yield f"| {name} | |\n|---|---|"
            yield "\n".join(rows) + "\n"


def _told(action: argparse.Action) -> bool:
    """absl's own flags and --help are the same everywhere."""
    if isinstance(action, argparse._SubParsersAction | argparse._HelpAction):
        return False
    told = action.help not in (None, argparse.SUPPRESS)
    return told and type(action).__module__ == "argparse"


def _row(action: argparse.Action) -> str:
    names = ", ".join(f"`{name}`" for name in action.option_strings)
    value = action.metavar or ""
    if not value and action.choices:
        value = "|".join(map(str, action.choices))
    shown = f" `{value}`" if value and names else ""
    told = str(action.help).replace("%%", "%")
    needed = "required; " if action.required and names else ""
    cells = (f"{names or f'`{value or action.dest}`'}{shown}", needed + told)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    sys.stdout.write(text())
