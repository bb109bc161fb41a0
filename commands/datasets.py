"""Lists the data sets, or shows what one of yours would be read as.

Any folder of class folders, any CSV with columns file,class_index and any TFDS data
set with image and label works: folder:PATH, csv:FILE, tfds:NAME. `inspect` prints the
same lines that long work begins with, and draws one sheet of labelled pictures, so that
a wrong class is seen at a glance.

Examples:
  reswise datasets
  reswise datasets inspect folder:pictures
  reswise datasets inspect csv:labels.csv --model mine.keras --split test
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from commands import asked, echo, flags
from datasets.catalogue import CATALOGUE

if TYPE_CHECKING:
    from reports.table import Table

HELP = "list the data sets; inspect what one of yours is read as"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """inspect, with the flags of a data set and of a model."""
    flags.add_wide_flag(parser)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    inspect = actions.add_parser(
        "inspect",
        help="what is read, and one sheet of labelled pictures a class",
        description="Prints what a data set is read as, and draws one sheet of it.",
        allow_abbrev=False,
    )
    inspect.add_argument(
        "dataset", metavar="SPEC", help="glyphs, folder:PATH, csv:FILE or tfds:NAME"
    )
    flags.add_model_flags(inspect, required=False)
    flags.add_split_flags(inspect)
    inspect.add_argument(
        "--columns",
        type=int,
        default=8,
        metavar="N",
        help="pictures a class on the sheet at most (default: 8)",
    )
    flags.add_run_flag(inspect, "inspect")


def run(args: argparse.Namespace) -> int:
    """Prints the catalogue, or inspects."""
    if args.action == "inspect":
        return _inspect(args)
    table().show(wide=args.wide)
    return 0


def table() -> "Table":
    """The catalogue, a line a data set."""
    from reports.table import Table

    rows = tuple(
        (entry.spec, entry.what, str(entry.classes), entry.source, entry.licence)
        for entry in CATALOGUE
    )
    columns = ("data set", "what", "classes", "source", "licence")
    return Table(
        title="Data sets",
        columns=columns,
        rows=rows,
        words=5,
        kind="listing",
        more=("licence",),
    )


def _inspect(args: argparse.Namespace) -> int:
    from commands import summary
    from datasets.class_order import by_place_alone
    from reports.contact_sheet import write_sheet

    dataset = asked.opened_dataset(args)
    model, pixels = "", "as the model will take them; none is named (--model)"
    if args.model is None:
        dataset = by_place_alone(dataset, args.first_class)
    else:
        from keras_models.framework import quiet

        quiet()
        from keras_models.loading import load

        args.crop, args.interpolation, args.no_antialias = None, "bilinear", False
        args.keras_pixels = False
        source = load(asked.model_choice(args))
        model = source.name
        dataset = asked.fitted_dataset(args, dataset, model, source.classes)
        preprocessings = asked.preprocessings(args)
        pixels = summary.pixels(preprocessings, [source.native], source)
    summary.show(dataset, model, pixels)
    path = Path(args.run) / "contact_sheet.png"
    unread = write_sheet(dataset, path, args.columns)
    for line in unread:
        echo.say(line)
    print(f"wrote {echo.shown(path)}")
    return 0
