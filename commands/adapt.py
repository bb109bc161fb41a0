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

from commands import adapt_labels, asked, echo, flags, resolution_flag, summary
from datasets.errors import InputError

if TYPE_CHECKING:
    from datasets.dataset import Dataset
    from datasets.preprocessing import Preprocessing
    from keras_models.adapted import Outcome
    from keras_models.adapting.adapt import AdaptSettings, Lesson
    from keras_models.loading import Pretrained

HELP = "tune for lower resolutions: batch norm label-free, or the head by labels"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Model, pictures, resolutions, and what decides an adaptation."""
    flags.add_model_flags(parser)
    add = parser.add_argument
    add(
        "--resolutions",
        required=True,
        metavar="R[,R..]",
        help="pixels, below the native resolution",
    )
    flags.add_dataset_flags(parser)
    flags.add_preprocessing_flags(parser)
    add(
        "--tensors",
        choices=("offsets", "norms", "norms+head", "head"),
        help="what is tuned: offsets of batch norm, its scales too, or the last layer "
        "too; a bundle still shares its kernels between rungs where only offsets were "
        "tuned; head, with --labels: the last dense layer, one for all resolutions "
        "(default: norms; head with --labels)",
    )
    adapt_labels.add_flags(parser)
    add(
        "--together",
        action="store_true",
        help="one set of tensors for all resolutions, which a bundle stores once "
        "(default: each resolution is adapted by itself)",
    )
    add(
        "--passes",
        type=int,
        default=24,
        metavar="N",
        help="over the pictures; 8 take a third of the time and gain a tenth to a "
        "seventh less (default: 24)",
    )
    add(
        "--views",
        type=int,
        default=4,
        metavar="N",
        help="random crops of each picture, taken in turn (default: 4)",
    )
    add(
        "--smallest-view",
        type=float,
        default=0.95,
        metavar="F",
        help="side of the smallest random crop, in parts of --crop; small ones show "
        "things larger than they will be (default: 0.95)",
    )
    add("--batch", type=int, default=16, help="pictures a step (default: 16)")
    add(
        "--learning-rate",
        type=float,
        default=2e-4,
        metavar="F",
        help="Adam's first; half a cosine down to 0 (default: 0.0002)",
    )
    add(
        "--held-out",
        type=float,
        default=0.3,
        metavar="F",
        help="part of the pictures that decides whether it helped (default: 0.3)",
    )
    add(
        "--seed",
        type=int,
        default=0,
        help="of hold-out, views and order (default: 0)",
    )
    add(
        "--repeat-splits",
        type=int,
        default=0,
        metavar="N",
        help="instead, over N random halves: adapt on one, and count right answers on "
        "the other by its labels; nothing is kept but the table. With --test-split: "
        "over N random draws of --per-class pictures",
    )
    flags.add_run_flag(parser, "adapt")


def run(args: argparse.Namespace) -> int:
    """Adapts to each resolution; prints and writes what came of it."""
    from keras_models.framework import quiet

    if args.repeat_splits < 0:
        raise InputError(f"--repeat-splits {args.repeat_splits}: expected 0 or more.")
    adapt_labels.check(args)
    quiet()
    if args.labels:
        return adapt_labels.run(args, _one_way(args), asked.opened_dataset(args))
    settings = _settings(args)
    way = _one_way(args)
    dataset = asked.opened_dataset(args)

    from dataclasses import asdict

    from keras_models.adapted import write_record
    from keras_models.adapting.lessons import lessons
    from keras_models.loading import load

    source = load(asked.model_choice(args))
    resolutions = resolution_flag.lower_resolutions(args.resolutions, source.native)
    if args.repeat_splits:  # which counts right answers; else no label is read
        dataset = asked.fitted_dataset(args, dataset, source.name, source.classes)
    pixels = summary.pixels([way], [source.native, *resolutions], source)
    summary.show(dataset, source.name, pixels)
    groups = (
        [resolutions] if args.together else [[resolution] for resolution in resolutions]
    )
    if args.repeat_splits:
        return _repeated(args, source, dataset, groups, way, settings)
    began = time.monotonic()
    learnt = lessons(source, dataset, resolutions, way, settings)
    outcomes, minutes = [], []
    for group in groups:
        start = time.monotonic()
        outcomes += _adapt(args, source, group, learnt, settings)
        minutes += [(time.monotonic() - start) / 60 / len(group)] * len(group)
    facts = adapt_labels.facts(source, dataset, way)
    facts["settings"] = asdict(settings)
    facts["together"] = args.together
    facts["minutes"] = round((time.monotonic() - began) / 60, 1)
    write_record(args.run, source.weights_sha256, facts, outcomes)
    _show(args, source, dataset, outcomes, minutes)
    return 0


def _settings(args: argparse.Namespace) -> "AdaptSettings":
    from keras_models.adapting.adapt import AdaptSettings

    return AdaptSettings(
        passes=args.passes,
        views=args.views,
        batch=args.batch,
        learning_rate=args.learning_rate,
        tensors=args.tensors or "norms",
        smallest_view=args.smallest_view,
        held_out=args.held_out,
        seed=args.seed,
    )


def _one_way(args: argparse.Namespace) -> "Preprocessing":
    ways = asked.preprocessings(args)
    if len(ways) != 1:
        raise InputError(f"--crop {args.crop}: expected one crop to adapt with.")
    return ways[0]


def _repeated(
    args: argparse.Namespace,
    source: "Pretrained",
    dataset: "Dataset",
    groups: list[list[int]],
    way: "Preprocessing",
    settings: "AdaptSettings",
) -> int:
    """The table of what adaptation gives on labelled images that it never saw."""
    from absl import logging

    from keras_models.adapting.trial import trials
    from reports.adapt_table import trials_table
    from reports.run_folder import add_tables

    found = []
    for one in trials(source, dataset, groups, way, settings, args.repeat_splits):
        found.append(one)
        logging.info(
            "%d: top-1 %.2f %% before, %.2f %% tuned, %s",
            one.resolution,
            100 * one.before,
            100 * one.tuned,
            "adapted" if one.accepted else "declined",
        )
    title = f"{source.name} ({source.weights}) on {dataset.name} {dataset.split}"
    table = trials_table(title, found, args.repeat_splits, echo.command_line())
    add_tables(args.run, "splits", [table], [title])
    table.show()
    print(f"wrote {echo.shown(args.run / 'splits.md')}")
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


def _show(
    args: argparse.Namespace,
    source: "Pretrained",
    dataset: "Dataset",
    outcomes: "list[Outcome]",
    minutes: list[float],
) -> None:
    from reports.adapt_table import adapt_table
    from reports.table import write_tables

    title = (
        f"{source.name} ({source.weights}) adapted on {dataset.name} {dataset.split}, "
        "without labels"
    )
    table = adapt_table(title, source.native, outcomes, minutes, echo.command_line())
    write_tables(args.run, "adapt", [table])
    table.show()
    for name in ("adapted.json", "adapt.md"):
        print(f"wrote {echo.shown(args.run / name)}")
