"""What `reswise label` leaves to be filled in: to_label.csv and label.html."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from commands import echo
from commands.family_file import Held

if TYPE_CHECKING:
    from selection.plans.known import Known
    from selection.plans.label_file import Question


def write_questions(
    args: argparse.Namespace, held: Held, known: "Known", asked: "list[Question]"
) -> None:
    """Writes them, and names all files of the verb."""
    from datasets.catalogue import open_dataset
    from datasets.files import write_text
    from reports.label_page import label_page
    from selection.plans.label_file import questions_csv

    names = held.class_names
    folder = _folder(held.dataset)
    table = questions_csv(held.family, asked, names, folder)
    write_text(args.plan_run / "to_label.csv", table)
    # a limited split keeps its ids: they are found in the whole one
    split = held.split.split("[")[0]
    dataset = open_dataset(held.dataset, split, args.data_dir, unlabelled=True)
    places = {name: place for place, name in enumerate(dataset.ids)}
    page = label_page(
        held.family, known, asked, names, lambda name: dataset.read(places[name])
    )
    write_text(args.plan_run / "label.html", page)
    for name in ("to_label.csv", "label.html", "plan.json"):
        print(f"wrote {echo.shown(args.plan_run / name)}")


def _folder(dataset: str) -> str:
    """What stands before an id to make it a path, where there is one."""
    kind, _, path = dataset.partition(":")
    if kind == "csv":
        return f"{Path(path).parent}/"
    return f"{path}/" if kind == "folder" else ""
