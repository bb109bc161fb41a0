"""One section of the page: its figures, groups of pictures, tables, and facts."""

import json
from dataclasses import dataclass, field

from reports.chart_parts import Spec
from reports.examples import Group
from reports.table import Table


@dataclass(frozen=True)
class Figure:
    """A chart with the sentence that stands below it."""

    title: str
    caption: str
    spec: Spec

    @property
    def json(self) -> str:
        """The specification, safe inside a script element."""
        return json.dumps(self.spec).replace("<", "\\u003c")


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the page; one without content is left out."""

    name: str
    title: str
    lead: str = ""
    figures: tuple[Figure, ...] = ()
    groups: tuple[Group, ...] = ()
    tables: tuple[Table, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = field(default=())

    @property
    def empty(self) -> bool:
        return not (self.figures or self.groups or self.tables or self.facts)
