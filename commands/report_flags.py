"""The flags of `reswise report`: which run folders, what is made of them, and where."""

import argparse
from pathlib import Path

from commands import flags


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The run folders and where the page goes."""
    parser.add_argument(
        "runs",
        nargs="*",
        type=Path,
        metavar="RUN",
        help="folders that verbs wrote with --run; searched with all that is in them",
    )
    parser.add_argument(
        "--from",
        dest="more_runs",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="the same, as other verbs name the folders that they read",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs/report"),
        metavar="DIR",
        help="where report.html, report.md and tables/ go (default: runs/report)",
    )
    _add_several_flags(parser)
    flags.add_wide_flag(parser)


def _add_several_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--compare",
        action="store_true",
        help="also the runs side by side: the same rows joined, differences to the "
        "first with paired intervals",
    )
    parser.add_argument(
        "--group",
        choices=("weights",),
        help="also mean and standard deviation over training seeds: rows alike but for "
        "their weights",
    )
    parser.add_argument(
        "--tensorboard",
        type=Path,
        metavar="DIR",
        help="also scalars and hparams of every row as TensorBoard's event files, a "
        "run a row (wandb sync reads them too)",
    )
    parser.add_argument(
        "--open", action="store_true", help="open the page in the browser"
    )
