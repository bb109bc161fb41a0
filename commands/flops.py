"""What a model costs at each resolution; no weights and no images needed.

MACs of convolutions and dense layers at their true feature-map sizes; 1 MAC = 2 FLOPs,
so the drop in per cent is that of the FLOPs. Sizes round up at every stride, so costs
are a staircase: --staircase walks every resolution and prints the largest of each cost.

Examples:
  reswise flops --model resnet50 --resolutions 224,210,196 --csv -
  reswise flops --model mobilenet_v2 --staircase
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from absl import logging

from commands import asked, flags, resolution_flag
from datasets.errors import InputError
from datasets.files import write_text
from reports.flops_table import flops_csv, flops_table

if TYPE_CHECKING:
    from keras_models.flops import Cost

HELP = "MACs and FLOPs drop per resolution, or the steps between resolutions"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The model, the resolutions or --staircase, --csv."""
    flags.add_model_flags(parser)
    flags.add_wide_flag(parser)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--resolutions", metavar="R[,R..]", help="pixels, any order")
    which.add_argument(
        "--staircase",
        action="store_true",
        help="every resolution from the smallest to the native one; of "
        "each cost the largest is printed",
    )
    parser.add_argument(
        "--csv",
        metavar="FILE",
        help="also write the numbers as CSV; - is standard output, "
        "in place of the table",
    )


def run(args: argparse.Namespace) -> int:
    """Counts and prints."""
    from keras_models.framework import quiet

    quiet()
    costs, native = _costs(args)
    for name in costs[0].uncounted:
        logging.warning("not counted in macs: %s", name)
    if args.csv == "-":
        sys.stdout.write(flops_csv(costs))
        return 0
    if args.csv:
        write_text(Path(args.csv), flops_csv(costs))
    flops_table(args.model, native, costs).show(wide=args.wide)
    return 0


def _costs(args: argparse.Namespace) -> "tuple[list[Cost], int]":
    from keras_models.catalogue import CATALOGUE
    from keras_models.flops import catalogue_costs, file_costs, staircase
    from keras_models.graph import smallest_resolution
    from keras_models.loading import load

    if args.model in CATALOGUE:
        known = CATALOGUE[args.model]
        wanted = _wanted(args, known.smallest, known.native)
        costs = catalogue_costs(args.model, wanted, args.classes, args.alpha)
        return (staircase(costs) if args.staircase else costs), known.native
    choice = asked.model_choice(args)
    # what is counted does not depend on it: no reason to ask for it
    source = load(replace(choice, normalisation=choice.normalisation or "none"))
    smallest = smallest_resolution(source.model, source.native)
    wanted = _wanted(args, smallest, source.native)
    costs = file_costs(source, wanted, skip_unfit=args.staircase)
    return (staircase(costs) if args.staircase else costs), source.native


def _wanted(args: argparse.Namespace, smallest: int, native: int) -> list[int]:
    if args.staircase:
        return list(range(smallest, native + 1))
    wanted = resolution_flag.resolutions(args.resolutions)
    if min(wanted) < smallest:
        raise InputError(
            "resolutions",
            min(wanted),
            "",
            f"Ask for {smallest} or more.",
            fault=(
                f"below the smallest resolution that works for {args.model}, {smallest}"
            ),
        )
    return wanted
