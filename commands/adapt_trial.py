"""`reswise adapt --repeat-splits`: what adaptation gives on images it never saw."""

import argparse
from typing import TYPE_CHECKING

from commands import echo

if TYPE_CHECKING:
    from datasets.dataset import Dataset
    from datasets.preprocessing import Preprocessing
    from keras_models.adapting.adapt import AdaptSettings
    from keras_models.pretrained import Pretrained


def tabulate(
    args: argparse.Namespace,
    source: "Pretrained",
    dataset: "Dataset",
    groups: list[list[int]],
    preprocessing: "Preprocessing",
    settings: "AdaptSettings",
) -> int:
    """The table of what adaptation gives on labelled images that it never saw."""
    from absl import logging

    from keras_models.adapting.trial import trials
    from reports.adapt_table import trials_table
    from reports.run_folder import add_tables

    results = []
    for trial in trials(
        source, dataset, groups, preprocessing, settings, args.repeat_splits
    ):
        results.append(trial)
        logging.info(
            "%d: top-1 %.2f %% before, %.2f %% tuned, %s",
            trial.resolution,
            100 * trial.before,
            100 * trial.tuned,
            "adapted" if trial.accepted else "declined",
        )
    title = f"{source.name} ({source.weights}) on {dataset.name} {dataset.split}"
    table = trials_table(title, results, args.repeat_splits, echo.command_line())
    add_tables(args.run, "splits", [table], [title])
    table.show(wide=args.wide)
    print(f"wrote {echo.shown(args.run / 'splits.md')}")
    return 0
