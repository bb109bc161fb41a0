"""FLOPs drop against accuracy drop: one model, several resolutions, no training.

The model is rebuilt at each resolution with its weights transferred, runs over the
images once, and its scores are kept under --run: an interrupted drop goes on where it
stopped, a repeated one costs nothing. The native resolution is always measured too;
drops are against it, on the same images and with the same crop.

Examples:
  reswise drop --model mobilenet_v2 --weights glyphs --dataset glyphs \\
      --resolutions 96,80,64,48
  reswise drop --model mine.keras --dataset folder:pictures --resolutions 224,160 \\
      --crop 1.0,0.875,0.75
"""

import argparse
from typing import TYPE_CHECKING

from commands import asked, echo, flags, resolution_flag, summary

if TYPE_CHECKING:
    from keras_models.scoring.score_records import StoredRung
    from reports.rows import Row

HELP = "accuracy drop and FLOPs drop of a model over resolutions and crops"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Model, images, resolutions, crops, engine, run folder."""
    flags.add_model_flags(parser)
    parser.add_argument(
        "--resolutions",
        required=True,
        metavar="R[,R..]",
        help="pixels, such as 224,192,160; 96..224 takes the steps of the MACs "
        "staircase in that range, see `reswise flops --staircase`",
    )
    flags.add_adapted_flag(parser)
    flags.add_dataset_flags(parser)
    flags.add_preprocessing_flags(parser)
    parser.add_argument(
        "--engine",
        default="auto",
        choices=("auto", "litert", "keras"),
        help="what computes scores; litert is the float .tflite, held "
        "against Keras on some pictures of every rung (default: auto, "
        "litert where it runs)",
    )
    flags.add_nonfinite_flag(parser)
    flags.add_run_flag(parser, "drop")
    flags.add_wide_flag(parser)


def run(args: argparse.Namespace) -> int:
    """Sweeps, tabulates, draws; names the files that it wrote."""
    write_results(args, sweep_rungs(args))
    return 0


def sweep_rungs(args: argparse.Namespace) -> "list[StoredRung]":
    """The scores of all rungs asked for, and of the native one, per crop."""
    from keras_models.framework import quiet

    quiet()
    resolution_flag.check_resolutions(args.resolutions)
    preprocessings = asked.preprocessings(args)
    dataset = asked.opened_dataset(args, unlabelled=True)

    from keras_models import specs
    from keras_models.loading import load
    from keras_models.scoring.scores import ScoreStore
    from keras_models.scoring.sweeping import SweepOptions, sweep

    choice = asked.model_choice(args)
    source = load(choice)
    specs.keep(args.run, [specs.spec_of(choice, source.name, source.weights_sha256)])
    dataset = asked.fitted_dataset(args, dataset, source.name, source.classes)
    wanted = resolution_flag.resolutions_of(args.resolutions, source)
    ladder = sorted({source.native, *wanted}, reverse=True)
    summary.show(dataset, source.name, summary.pixels(preprocessings, ladder, source))
    options = SweepOptions(args.engine, args.max_unreadable, args.nonfinite)
    return sweep(source, dataset, ladder, preprocessings, ScoreStore(args.run), options)


def write_results(args: argparse.Namespace, rungs: "list[StoredRung]") -> "list[Row]":
    """rows.csv, drop.md and the figure in the run folder; the table on the terminal.

    What was measured of other models, data sets or splits stays there.
    """
    from reports.agreement import agreement_table
    from reports.drop import drop_rows
    from reports.run_folder import add_sweep, add_tables

    if any((rung.labels < 0).any() for rung in rungs):
        table = agreement_table(rungs, echo.command_line())
        add_tables(args.run, "drop", [table], [table.title])
        table.show(wide=args.wide)
        print(f"wrote {echo.shown(args.run / 'drop.md')}")
        return []
    rows = drop_rows(rungs, echo.command_line())
    table, written = add_sweep(args.run, rungs, rows)
    # after the files: a reader such as head may close the pipe
    table.show(wide=args.wide)
    for path in written:
        print(f"wrote {echo.shown(path)}")
    return rows
