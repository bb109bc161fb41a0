"""What the flags of `reswise train` decide: settings, resolutions, preprocessing."""

import argparse
from typing import TYPE_CHECKING

from datasets.errors import InputError

if TYPE_CHECKING:
    from commands.train_model import Beginning
    from datasets.preprocessing import Preprocessing
    from keras_models.training.train import Settings


def check_tensorboard(args: argparse.Namespace) -> None:
    """Refuses --tensorboard where the package is not installed."""
    from importlib.util import find_spec

    if args.tensorboard and find_spec("tensorboard") is None:
        raise InputError(
            "tensorboard",
            "",
            "",
            "Install it, or leave the flag out; log.csv and history.svg hold the same.",
            fault="the package tensorboard is not installed",
        )


def resolutions_of(text: str) -> list[int]:
    """--resolutions of a training: pixels, each once, in the order given."""
    try:
        pixels = list(dict.fromkeys(int(word) for word in text.split(",")))
    except ValueError as error:
        raise InputError(
            "resolutions", text, "whole numbers of pixels such as 32 or 16,24,32"
        ) from error
    if min(pixels) < 1:
        raise InputError("resolutions", text, "1 pixel or more")
    return pixels


def settings_of(
    args: argparse.Namespace, begins: "Beginning", precision: str
) -> "Settings":
    """What decides a training."""
    from commands.train_model import distilling
    from keras_models.training import train

    return train.Settings(
        epochs=args.epochs,
        batch=args.batch,
        learning_rate=args.learning_rate,
        seed=args.seed,
        validation=args.validation,
        normalisation=begins.normalisation,
        optimizer=args.optimizer,
        schedule=args.schedule,
        label_smoothing=args.label_smoothing,
        weight_decay=args.weight_decay,
        mixup=args.mixup,
        augmentation=train.Augmentation(args.flip, args.random_crop, args.cutout),
        precision=precision,
        start=begins.sha256,
        distilling=distilling(args, begins),
    )


def preprocessing(args: argparse.Namespace) -> "Preprocessing":
    """Of --crop, for every picture."""
    from datasets.preprocessing import Preprocessing, parse_crop

    return Preprocessing(parse_crop(args.crop))
