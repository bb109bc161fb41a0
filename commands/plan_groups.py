"""`reswise plan --groups`: the value of each certification image in each column."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.errors import InputError
from datasets.user_files import MOST_RUN_BYTES, UserFile
from datasets.user_tables import read_rows

if TYPE_CHECKING:
    from keras_models.scoring.score_records import StoredRung
    from selection.scored import Scored


def groups(
    args: argparse.Namespace, certifying: "Scored", chosen: "StoredRung"
) -> "dict[str, tuple[str, ...]]":
    """Per column of --groups the value of each certification image."""
    columns = {}
    for name in args.groups or []:
        if name == "class":
            if not certifying.labelled.all():
                raise InputError(
                    "groups",
                    "class",
                    "all labels",
                    "Use `groups=answer`, the class that the reference answers.",
                    fault="some images have no label, so their class is not known",
                )
            columns[name] = _named(chosen, certifying.labels.tolist())
        elif name == "answer":
            column = certifying.index(args.reference)
            columns[name] = _named(chosen, certifying.answers[:, column].tolist())
        else:
            columns[name] = _column(name, chosen.meta.dataset, certifying.ids)
    return columns


def _named(chosen: "StoredRung", labels: list[int]) -> tuple[str, ...]:
    return tuple(f"{label} {chosen.class_names[label]}" for label in labels)


def _column(name: str, dataset: str, ids: tuple[str, ...]) -> tuple[str, ...]:
    """A column of the user's own table, by the id of each image."""
    kind, _, path = dataset.partition(":")
    if kind != "csv":
        raise InputError(
            "groups",
            name,
            "'answer', 'class', or a data set with that column",
            fault=f"{dataset} is no csv: table",
        )
    file = UserFile(Path(path), "dataset", dataset, "a table with the column file")
    table = read_rows(file, MOST_RUN_BYTES)
    if name not in table.columns:
        fault = f"{path} has the columns {', '.join(table.columns)[:200]}"
        raise InputError("groups", name, "one of them", fault=fault)
    with file.shaped():
        values = {row.cells["file"]: row.cells[name] or "(empty)" for row in table.rows}
    return tuple(values.get(one, "(not in the table)") for one in ids)
