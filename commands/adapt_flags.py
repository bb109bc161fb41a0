"""The flags of `reswise adapt`, and the settings that they make."""

import argparse
from typing import TYPE_CHECKING

from commands import adapt_labels, asked, flags
from datasets.errors import InputError

if TYPE_CHECKING:
    from datasets.preprocessing import Preprocessing
    from keras_models.adapting.adapt import AdaptSettings


def add_adapt_flags(parser: argparse.ArgumentParser) -> None:
    """All but --run."""
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
    flags.add_wide_flag(parser)


def settings_of(args: argparse.Namespace) -> "AdaptSettings":
    """What decides an adaptation."""
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


def one_preprocessing(args: argparse.Namespace) -> "Preprocessing":
    """The one preprocessing of --crop."""
    preprocessings = asked.preprocessings(args)
    if len(preprocessings) != 1:
        raise InputError("crop", args.crop, "one crop to adapt with")
    return preprocessings[0]
