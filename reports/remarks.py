"""What was found out or assumed of a model file, as notes under every table of it."""

from collections.abc import Iterable
from dataclasses import replace

from keras_models.scoring.score_records import StoredRung
from reports.table import Table


def remarks(rungs: Iterable[StoredRung]) -> tuple[str, ...]:
    """The remarks of all models, each once; a model's name before each."""
    notes = [f"{rung.model}: {one}." for rung in rungs for one in rung.meta.remarks]
    return tuple(dict.fromkeys(notes))


def with_remarks(table: Table, rungs: Iterable[StoredRung]) -> Table:
    """The table with those remarks after its own notes."""
    return replace(table, notes=(*table.notes, *remarks(rungs)))
