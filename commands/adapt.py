"""Adapts a network to lower resolutions: by its own native scores, or by labels.

Without labels only scales and offsets of batch norm are tuned, for minutes, so that
scores at the lower resolution match those at the native one. Part of the pictures is
held out and decides: where scores do not match significantly better, or the classes
that come first are not worth significantly more by the native scores, the network is
left as it was at that resolution. Adapted tensors go to the run folder.

With --labels the last dense layer is fitted anew instead: one layer for all
resolutions, on the features of all, kept where held-out pictures say that it helps.

Examples:
  reswise adapt --model mobilenet_v2 --dataset folder:pictures --resolutions 160,128
  reswise adapt --model mine.keras --dataset csv:labels.csv --split 'all[:50%]' \\
      --resolutions 24 --tensors offsets
  reswise adapt --model mine.keras --dataset folder:pictures --split train \\
      --held-out-split validation --resolutions 192,160,128 --tensors head --labels
"""

import argparse
import time
from typing import TYPE_CHECKING

from commands import (
    adapt_flags,
    adapt_labels,
    adapt_record,
    adapt_trial,
    asked,
    flags,
    resolution_flag,
    summary,
)
from datasets.errors import InputError

if TYPE_CHECKING:
    from keras_models.adapted import Outcome
    from keras_models.adapting.adapt import AdaptSettings, Lesson
    from keras_models.pretrained import Pretrained

HELP = "tune for lower resolutions: batch norm label-free, or the head by labels"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Model, pictures, resolutions, and what decides an adaptation."""
    adapt_flags.add_adapt_flags(parser)
    flags.add_run_flag(parser, "adapt")


def run(args: argparse.Namespace) -> int:
    """Adapts to each resolution; prints and writes what came of it."""
    from keras_models.framework import quiet

    if args.repeat_splits < 0:
        raise InputError("repeat_splits", args.repeat_splits, "0 or more")
    adapt_labels.check(args)
    quiet()
    if args.labels:
        return adapt_labels.run(
            args, adapt_flags.one_preprocessing(args), asked.opened_dataset(args)
        )
    settings = adapt_flags.settings_of(args)
    preprocessing = adapt_flags.one_preprocessing(args)
    dataset = asked.opened_dataset(args)

    from dataclasses import asdict

    from absl import logging

    from keras_models.adapted import write_record
    from keras_models.adapting.adapt import free_variables
    from keras_models.adapting.lessons import lessons
    from keras_models.loading import load

    source = load(asked.model_choice(args))
    free_variables(source.model, settings.tensors)  # none: said before long work
    resolutions = resolution_flag.lower_resolutions(args.resolutions, source.native)
    if args.repeat_splits:  # which counts right answers; else no label is read
        dataset = asked.fitted_dataset(args, dataset, source.name, source.classes)
    pixels = summary.pixels([preprocessing], [source.native, *resolutions], source)
    summary.show(dataset, source.name, pixels)
    groups = (
        [resolutions] if args.together else [[resolution] for resolution in resolutions]
    )
    if args.repeat_splits:
        return adapt_trial.tabulate(
            args, source, dataset, groups, preprocessing, settings
        )
    began = time.monotonic()
    learnt = lessons(source, dataset, resolutions, preprocessing, settings)
    outcomes = []
    for group in groups:
        outcomes += _adapt(args, source, group, learnt, settings)
    facts = adapt_record.facts(source, dataset, preprocessing)
    facts["settings"] = asdict(settings)
    facts["together"] = args.together
    write_record(args.run, source.weights_sha256, facts, outcomes)
    adapt_record.show(args, source, dataset, outcomes)
    logging.info("adapted in %.1f minutes", (time.monotonic() - began) / 60)
    return 0


def _adapt(
    args: argparse.Namespace,
    source: "Pretrained",
    resolutions: list[int],
    lessons: "dict[int, tuple[Lesson, Lesson]]",
    settings: "AdaptSettings",
) -> "list[Outcome]":
    from keras_models.adapted import write_tensors
    from keras_models.adapting.adapt import adapt_together

    models = [source.at(resolution) for resolution in resolutions]
    before = models[0].get_weights()
    chosen = [lessons[resolution] for resolution in resolutions]
    outcomes = adapt_together(models, source.normalisation, chosen, settings)
    for model, outcome in zip(models, outcomes, strict=True):
        if outcome.accepted:
            write_tensors(args.run, outcome.resolution, before, model.get_weights())
    return outcomes
