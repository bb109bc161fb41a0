"""Lists the data sets: what each holds, its classes, source and licence.

Any folder of class folders, any CSV with columns file,class_index and any TFDS data
set with image and label works: folder:PATH, csv:FILE, tfds:NAME.
"""

import argparse

from datasets.catalogue import CATALOGUE
from reports.table import Table

HELP = "list the data sets: classes, source, licence"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """None."""
    del parser


def run(args: argparse.Namespace) -> int:
    """Prints the catalogue."""
    del args
    rows = tuple(
        (entry.spec, entry.what, str(entry.classes), entry.source, entry.licence)
        for entry in CATALOGUE
    )
    columns = ("data set", "what", "classes", "source", "licence")
    Table("Data sets", columns, rows, words=5, kind="listing").show()
    return 0
