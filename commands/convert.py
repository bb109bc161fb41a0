"""Converts rungs to .tflite files and writes a bundle a recipe, checked against Keras.

All rungs of a model and recipe share their weights in one file, a signature each.
Every file is run beside its float Keras parent on images that calibrated nothing; exit
code 1: a check failed. What is made is kept under --run and never made twice.

Examples:
  reswise convert --model mobilenet_v2 --resolutions 224,160,96 \\
      --recipes float32,full_int8 --dataset csv:photographs/labels.csv
  reswise convert --plan runs/plan/plan.json --model mobilenet_v2 --model mine.keras \\
      --dataset folder:pictures --separate-files
"""

import argparse
from typing import TYPE_CHECKING

from commands import asked, convert_flags, convert_inputs, echo, flags, summary

if TYPE_CHECKING:
    from convert.converting import Result
    from convert.wanted import Wanted
    from datasets.dataset import Dataset
    from reports.rows import Row

HELP = ".tflite files of all rungs with shared weights, held against Keras, as bundles"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Models, what to convert, how, on which images."""
    convert_flags.add_model_flags(parser)
    convert_flags.add_what_flags(parser)
    convert_flags.add_how_flags(parser)
    flags.add_dataset_flags(parser)
    flags.add_preprocessing_flags(parser)
    flags.add_run_flag(parser, "convert")


def run(args: argparse.Namespace) -> int:
    """A bundle a recipe, parity.json and parity.md in it, rows.csv; 1: check failed."""
    from keras_models.framework import quiet

    convert_flags.check(args)
    quiet()
    from convert.converting import convert

    judged, calibration = convert_inputs.images(args)
    wanted = convert_inputs.wanted(args, convert_inputs.sources(args))
    source = wanted.sources[0]
    opened = judged
    judged = asked.fitted_dataset(args, opened, source.name, source.classes)
    labels = convert_inputs.labels(args, opened, judged)
    resolutions = sorted({rung.resolution for rung in wanted.rungs}, reverse=True)
    pixels = summary.pixels([convert_inputs.preprocessing(args)], resolutions, source)
    summary.show(judged, source.name, pixels)
    options = convert_inputs.options(args)
    rows: list[Row] = []
    failed = False
    for result in convert(wanted, judged, calibration, labels, options):
        rows += _show(args, result, wanted, judged)
        failed = failed or bool(result.failures)
    from reports.run_folder import add_rows

    add_rows(args.run, rows)
    print(f"wrote {echo.shown(args.run / 'rows.csv')}")
    if not args.separate_files and len(wanted.rungs) > len(wanted.sources):
        print(
            "A file holds a signature a resolution, subgraph 0 the native one. "
            "MediaPipe's ImageClassifier refuses several: it needs --separate-files."
        )
    return 1 if failed else 0


def _show(
    args: argparse.Namespace, result: "Result", wanted: "Wanted", judged: "Dataset"
) -> "list[Row]":
    """The table of one recipe, printed and beside its bundle."""
    from reports.parity_table import parity_rows, parity_table
    from reports.table import write_tables

    table = parity_table(result, not args.separate_files)
    folder = result.bundle.folder
    write_tables(folder, "parity", [table], echo.command_line())
    # after the files: a reader such as head may close the pipe
    table.show(wide=args.wide)
    print(f"wrote {echo.shown(folder)}")
    return parity_rows(result, wanted, judged, echo.command_line())
