"""What `reswise adapt` leaves in its run folder: what was tuned, on what, with what."""

import argparse
from typing import TYPE_CHECKING

from commands import echo

if TYPE_CHECKING:
    from datasets.dataset import Dataset
    from datasets.preprocessing import Preprocessing
    from keras_models.adapted import Outcome
    from keras_models.pretrained import Pretrained


def facts(
    source: "Pretrained", dataset: "Dataset", preprocessing: "Preprocessing"
) -> dict[str, object]:
    """What adapted.json says of any adaptation."""
    from keras_models.framework import versions

    return {
        "command": echo.command_line(),
        "model": source.name,
        "weights": source.weights,
        "native": source.native,
        "dataset": dataset.name,
        "split": dataset.split,
        "fingerprint": dataset.fingerprint,
        "preprocessing": preprocessing.describe(),
        "versions": versions(),
    }


def show(
    args: argparse.Namespace,
    source: "Pretrained",
    dataset: "Dataset",
    outcomes: "list[Outcome]",
) -> None:
    """The table of what was tuned; prints where it lies."""
    from reports.adapt_table import adapt_table
    from reports.table import write_tables

    title = (
        f"{source.name} ({source.weights}) adapted on {dataset.name} {dataset.split}, "
        "without labels"
    )
    table = adapt_table(title, source.native, outcomes, echo.command_line())
    write_tables(args.run, "adapt", [table])
    table.show(wide=args.wide)
    for name in ("adapted.json", "adapt.md"):
        print(f"wrote {echo.shown(args.run / name)}")
