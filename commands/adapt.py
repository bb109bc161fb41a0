"""Adapts a network to lower resolutions without labels, from its own native scores.

Only scales and offsets of batch norm are tuned, for minutes, on pictures without their
labels, so that scores at the lower resolution match those at the native one. Part of
the pictures is held out and decides: where scores do not match significantly better,
or the classes that come first are worth less by the native scores, the network is left
as it was at that resolution. Adapted tensors go to the run folder.

Examples:
  reswise adapt --model mobilenet_v2 --dataset folder:pictures --resolutions 160,128
  reswise adapt --model mine.keras --dataset csv:labels.csv --split 'all[:50%]' \\
      --resolutions 24 --tensors offsets
"""

import argparse
import time
from typing import TYPE_CHECKING

from commands import flags
from datasets.errors import InputError

if TYPE_CHECKING:
    from datasets.dataset import Dataset
    from datasets.preprocessing import Preprocessing
    from keras_models.adapt import AdaptSettings, Lesson, Outcome
    from keras_models.loading import Pretrained

HELP = "tune batch norm for lower resolutions, label-free; declines where it hurts"
_LEAST = 10  # pictures on either side of the hold-out


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Model, pictures, resolutions, and what decides an adaptation."""
    flags.add_model_flags(parser)
    add = parser.add_argument
    add(
        "--resolutions",
        required=True,
        metavar="R[,R..]",
        help="pixels, below the native resolution; each is adapted by itself",
    )
    flags.add_dataset_flags(parser)
    flags.add_preprocessing_flags(parser)
    add(
        "--tensors",
        default="norms",
        choices=("offsets", "norms", "norms+head"),
        help="what is tuned: offsets of batch norm, its scales too, or the last layer "
        "too; a bundle still shares its kernels between rungs where only offsets were "
        "tuned (default: norms)",
    )
    add(
        "--passes",
        type=int,
        default=8,
        metavar="N",
        help="over the pictures (default: 8)",
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
    flags.add_run_flag(parser, "adapt")


def run(args: argparse.Namespace) -> int:
    """Adapts to each resolution; prints and writes what came of it."""
    from keras_models.framework import quiet

    quiet()
    settings = _settings(args)
    way = _one_way(args)
    dataset = flags.opened_dataset(args)

    from keras_models.adapted import write_record
    from keras_models.loading import load

    source = load(flags.model_choice(args))
    sides = _lower(flags.resolutions(args.resolutions), source.native)
    began = time.monotonic()
    lessons = _lessons(source, dataset, sides, way, settings)
    outcomes = []
    minutes = []
    for side in sides:
        start = time.monotonic()
        outcomes.append(_adapt(args, source, side, lessons[side], settings))
        minutes.append((time.monotonic() - start) / 60)
    facts = _facts(source, dataset, settings, way)
    facts["minutes"] = round((time.monotonic() - began) / 60, 1)
    write_record(args.run, source.weights_sha256, facts, outcomes)
    _show(args, source, dataset, outcomes, minutes)
    return 0


def _settings(args: argparse.Namespace) -> "AdaptSettings":
    from keras_models.adapt import AdaptSettings

    return AdaptSettings(
        args.passes,
        args.views,
        args.batch,
        args.learning_rate,
        args.tensors,
        args.smallest_view,
        args.held_out,
        args.seed,
    )


def _one_way(args: argparse.Namespace) -> "Preprocessing":
    ways = flags.preprocessings(args)
    if len(ways) != 1:
        raise InputError(f"--crop {args.crop}: expected one crop to adapt with.")
    return ways[0]


def _lower(sides: list[int], native: int) -> list[int]:
    if max(sides) >= native:
        raise InputError(
            f"--resolutions {max(sides)}: not below the native resolution, {native}, "
            "whose scores are the target."
        )
    return sides


def _lessons(
    source: "Pretrained",
    dataset: "Dataset",
    sides: list[int],
    way: "Preprocessing",
    settings: "AdaptSettings",
) -> "dict[int, tuple[Lesson, Lesson]]":
    """{resolution: (views to adapt on, held-out pictures)}, with native scores."""
    import numpy as np

    from keras_models import adapt_views
    from keras_models.adapt import Lesson, native_scores

    order = np.random.default_rng(settings.seed).permutation(len(dataset))
    held = round(len(dataset) * settings.held_out)
    if held < _LEAST or len(dataset) - held < _LEAST:
        raise InputError(
            f"{dataset.name} {dataset.split}: {len(dataset)} pictures, {held} held "
            f"out; expected at least {_LEAST} to adapt on and {_LEAST} to decide with."
        )
    learnt, deciding = (
        dataset.take(np.sort(part)) for part in (order[held:], order[:held])
    )
    wanted = [source.native, *sides]
    views = adapt_views.views(
        learnt, wanted, way, settings.views, settings.smallest_view, settings.seed
    )
    plain = adapt_views.plain(deciding, wanted, way)
    of_views, of_plain = (
        native_scores(source.model, source.normalisation, pixels.pop(source.native))
        for pixels in (views, plain)
    )
    return {
        side: (Lesson(views[side], of_views), Lesson(plain[side], of_plain))
        for side in sides
    }


def _adapt(
    args: argparse.Namespace,
    source: "Pretrained",
    side: int,
    lessons: "tuple[Lesson, Lesson]",
    settings: "AdaptSettings",
) -> "Outcome":
    from keras_models.adapt import adapt
    from keras_models.adapted import write_tensors

    model = source.at(side)
    before = model.get_weights()
    outcome = adapt(model, source.normalisation, *lessons, settings)
    if outcome.accepted:
        write_tensors(args.run, side, before, model.get_weights())
    return outcome


def _facts(
    source: "Pretrained",
    dataset: "Dataset",
    settings: "AdaptSettings",
    way: "Preprocessing",
) -> dict[str, object]:
    from dataclasses import asdict

    from keras_models.framework import versions

    return {
        "command": flags.command_line(),
        "model": source.name,
        "weights": source.weights,
        "native": source.native,
        "dataset": dataset.name,
        "split": dataset.split,
        "fingerprint": dataset.fingerprint,
        "preprocessing": way.describe(),
        "settings": asdict(settings),
        "versions": versions(),
    }


def _show(
    args: argparse.Namespace,
    source: "Pretrained",
    dataset: "Dataset",
    outcomes: "list[Outcome]",
    minutes: list[float],
) -> None:
    from datasets.files import write_text
    from reports.adapt_table import adapt_table

    title = (
        f"{source.name} ({source.weights}) adapted on {dataset.name} {dataset.split}, "
        "without labels"
    )
    table = adapt_table(title, source.native, outcomes, minutes, flags.command_line())
    write_text(args.run / "adapt.md", table.markdown())
    table.show()
    for name in ("adapted.json", "adapt.md"):
        print(f"wrote {flags.shown(args.run / name)}")
