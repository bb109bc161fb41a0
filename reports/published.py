"""The published figures: reports/published.json, each table with its source."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets.errors import InputError

_FILE = Path(__file__).with_name("published.json")


@dataclass(frozen=True, kw_only=True)
class PublishedRow:
    """One printed line; None where it prints nothing of the kind."""

    by: str | None = None  # whose result, in a table of the literature
    model: str | None = None
    resolution: int | None = None
    flops_drop_percent: float | None = None  # against the native resolution
    flops_drop_sd: float | None = None
    accuracy_drop_percent: float | None = None
    accuracy_drop_sd: float | None = None
    flops_224_millions: float | None = None
    flops_millions: float | None = None  # at `resolution`
    accuracy_percent: float | None = None


@dataclass(frozen=True, kw_only=True)
class PublishedTable:
    """One table as it was printed."""

    number: str
    title: str
    source: str
    native: int  # pixels
    classes: int
    accuracy: str  # top-1 or top-5
    rows: tuple[PublishedRow, ...]
    resolutions: tuple[int, ...] = ()  # drawn from, where the choice is random
    cascade_flops_millions: float | None = None
    cascade_saving: float | None = None


def numbers() -> tuple[str, ...]:
    """The tables that there are: 1 to 7 of the thesis, 2.1 of the cascade report."""
    return tuple(_read())


def published_table(number: str) -> PublishedTable:
    """One table.

    Raises:
        InputError: there is none of this number.
    """
    tables = _read()
    if number not in tables:
        raise InputError(
            "table",
            number,
            f"one of {', '.join(tables)}",
            fault="not a published table",
        )
    facts = dict(tables[number])
    rows = tuple(PublishedRow(**row) for row in facts.pop("rows"))
    resolutions = tuple(facts.pop("resolutions", ()))
    return PublishedTable(number=number, rows=rows, resolutions=resolutions, **facts)


def _read() -> Mapping[str, Mapping[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return found
