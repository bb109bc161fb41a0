"""One self-contained HTML page of everything found under run folders.

This file renders; reports/sections.py says what stands where.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.errors import InputError
from reports.first_screen import overview
from reports.first_sentence import answer
from reports.gathered import Gathered, gather
from reports.glossary import WORDS, explained
from reports.over_seeds import over_seeds
from reports.sections import sections
from reports.side_by_side import run_names, side_by_side
from reports.table import Table

if TYPE_CHECKING:
    from markupsafe import Markup

GROUPS = ("weights",)  # what rows may be grouped over
_TEMPLATES = Path(__file__).parent / "templates"
_GLOBALS = "window.vegaEmbed = vegaEmbed;"


def render(gathered: Gathered, command: str) -> str:
    """The page as HTML text, scripts and pictures inside."""
    import vl_convert
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "code": _with_code,
        "explained": explained,
        "unbroken": _unbroken,
        "wrapping": _wrapping,
    }
    parts = [one for one in sections(gathered, command) if not one.empty]
    return environment.get_template("page.html").render(
        answer=answer(gathered),
        glossary=WORDS,
        overview=overview(gathered),
        sections=parts,
        script=vl_convert.javascript_bundle(_GLOBALS),
        style=(_TEMPLATES / "page.css").read_text(encoding="utf-8"),
        behaviour=[
            (_TEMPLATES / name).read_text(encoding="utf-8")
            for name in ("page.js", "tables.js")
        ],
    )


def _with_code(text: str) -> "Markup":
    """Escaped text whose `backticks` are code."""
    from markupsafe import Markup, escape

    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _wrapping(text: str) -> "Markup":
    """Escaped text whose long names may go on in the next line after @ + and /."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"(?<=\w[@+/])(?=\w)", "<wbr>", str(escape(text))))


def _unbroken(text: "Markup") -> "Markup":
    """Numbers that keep their unit on their line."""
    from markupsafe import Markup

    return Markup(re.sub(r"(?<=\d) (?=%|px\b|points?\b)", "&nbsp;", str(text)))


def several_runs(
    folders: Sequence[Path], compare: bool, group: str | None, command: str
) -> list[Table]:
    """The tables that set runs beside each other, as far as they are asked for.

    Args:
        group: `weights` for mean and standard deviation over them; None: none.
    Raises:
        InputError: another word, or nothing that two of the runs have.
    """
    if group not in (None, *GROUPS):
        raise InputError("group", group, f"one of {', '.join(GROUPS)}")
    if not compare and group is None:
        return []
    runs = [gather([folder]) for folder in folders]
    tables = [side_by_side(runs, run_names(folders))] if compare else []
    tables += [over_seeds(runs)] if group else []
    return [replace(table, command=command) for table in tables]


def beside(gathered: Gathered, tables: Sequence[Table]) -> Gathered:
    """What was found, and before it these tables."""
    own = tuple((gathered.folders[0], table) for table in tables)
    return replace(gathered, tables=(*own, *gathered.tables))


def every_table(gathered: Gathered) -> list[Table]:
    """All tables found, titles made unique, for files of their own."""
    seen: dict[str, int] = {}
    tables = []
    for _, table in gathered.tables:
        seen[table.title] = count = seen.get(table.title, 0) + 1
        title = table.title if count == 1 else f"{table.title} ({count})"
        tables.append(replace(table, title=title))
    return tables
