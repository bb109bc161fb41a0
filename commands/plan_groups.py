"""`reswise plan --groups`: the value of each certification image in each column."""

import argparse
from typing import TYPE_CHECKING

from datasets.errors import InputError

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
    import csv

    kind, _, path = dataset.partition(":")
    if kind != "csv":
        raise InputError(
            "groups",
            name,
            "'answer', 'class', or a data set with that column",
            fault=f"{dataset} is no csv: table",
        )
    with open(path, encoding="utf-8-sig", newline="") as file:
        table = csv.DictReader(file)
        if name not in (table.fieldnames or ()):
            raise InputError(
                "groups",
                name,
                "one of them",
                fault=(
                    f"{path} has the columns {', '.join(table.fieldnames or ())[:200]}"
                ),
            )
        values = {row["file"]: row[name] or "(empty)" for row in table}
    return tuple(values.get(one, "(not in the table)") for one in ids)
