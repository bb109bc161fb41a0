"""One self-contained HTML page of everything found under run folders.

This file renders; reports/sections.py says what stands where.
"""

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reports.first_screen import answer, overview
from reports.gathered import Gathered
from reports.sections import sections
from reports.table import Table

if TYPE_CHECKING:
    from markupsafe import Markup

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
    environment.filters["code"] = _with_code
    parts = [one for one in sections(gathered, command) if not one.empty]
    return environment.get_template("page.html").render(
        answer=answer(gathered),
        overview=overview(gathered),
        sections=parts,
        script=vl_convert.javascript_bundle(_GLOBALS),
        style=(_TEMPLATES / "page.css").read_text(encoding="utf-8"),
        behaviour=(_TEMPLATES / "page.js").read_text(encoding="utf-8"),
    )


def _with_code(text: str) -> "Markup":
    """Escaped text whose `backticks` are code."""
    from markupsafe import Markup, escape

    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def every_table(gathered: Gathered) -> list[Table]:
    """All tables found, titles made unique, for files of their own."""
    seen: dict[str, int] = {}
    tables = []
    for _, table in gathered.tables:
        seen[table.title] = count = seen.get(table.title, 0) + 1
        title = table.title if count == 1 else f"{table.title} ({count})"
        tables.append(replace(table, title=title))
    return tables
