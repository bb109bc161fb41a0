"""Lists the models by name: native resolution, parameters, MACs, smallest, weights.

Any Keras CNN with global pooling works too: --model path/to/model.keras.
"""

import argparse

from commands import flags
from keras_models.catalogue import CATALOGUE, Entry
from reports.table import Table

HELP = "list the models: native resolution, parameters, MACs, weights"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """--wide."""
    flags.add_wide_flag(parser)


def run(args: argparse.Namespace) -> int:
    """Prints the catalogue."""
    table().show(wide=args.wide)
    return 0


def table() -> Table:
    """The catalogue, a line a model."""
    rows = tuple(_row(entry) for entry in CATALOGUE.values())
    columns = (
        "model",
        "weights",
        "paper",
        "native",
        "smallest",
        "classes",
        "parameters",
        "MMACs",
    )
    note = "MMACs: millions of multiply-accumulates an image; 1 MAC = 2 FLOPs."
    return Table(
        title="Models",
        columns=columns,
        rows=rows,
        words=3,
        notes=(note,),
        kind="listing",
        more=("paper", "classes"),
    )


def _row(entry: Entry) -> tuple[str, ...]:
    return (
        entry.name,
        ", ".join(entry.weights),
        entry.paper,
        str(entry.native),
        str(entry.smallest),
        str(entry.classes),
        f"{entry.parameters:,}",
        f"{entry.macs / 1e6:,.2f}",
    )
