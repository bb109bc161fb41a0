"""Trains a model from scratch or from weights, at one resolution or at several.

A part of the training split, or a split of its own, chooses the best epoch. A killed
training goes on when the command is repeated. Several resolutions train one model each,
into folders of their own. Any Keras backend will do: set KERAS_BACKEND to tensorflow,
jax or torch. Pictures are decoded once and held in memory, 3 x resolution^2 bytes each
(36,000 at 96: 1.0 GB).

Examples:
  reswise train --model small_resnet --dataset glyphs --resolutions 96
  reswise train --model mobilenet_v2 --alpha 0.35 --dataset folder:pictures \\
      --resolutions 128 --epochs 30
  reswise train --model resnet20 --dataset folder:cifar10 --crop 1.0 \\
      --resolutions 16,24,32 --epochs 30 --batch 128 --optimizer sgd \\
      --learning-rate 0.1 --schedule one-cycle --flip --random-crop
"""

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from commands import (
    flags,
    summary,
    train_flags,
    train_pictures,
    train_record,
    train_settings,
)

if TYPE_CHECKING:
    import keras

    from keras_models.training.train import Pictures, Settings

HELP = "train a model from scratch or from weights; resumable, any Keras backend"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Architecture, pictures, and what decides a training."""
    train_flags.add_picture_flags(parser)
    train_flags.add_training_flags(parser)
    train_flags.add_recipe_flags(parser)
    flags.add_run_flag(parser, "train")


def run(args: argparse.Namespace) -> int:
    """Trains; leaves NAME.npz, NAME.json and a figure in each run folder."""
    from keras_models.framework import quiet

    quiet()
    from keras_models.catalogue import entry
    from keras_models.training.graph import precision

    train_settings.check_tensorboard(args)
    resolutions = train_settings.resolutions_of(args.resolution)
    dataset = train_pictures.opened(args)
    normalisation = entry(args.model).normalisation
    pixels = summary.pixels(
        [train_settings.preprocessing(args)], resolutions, normalisation
    )
    summary.show(dataset, args.model, pixels)
    with precision(args.precision) as used:
        settings = train_settings.settings_of(args, used)
        # before a training may write over it
        origin = train_record.origin_of(args.start)
        for resolution, training, validation in train_pictures.pictures(
            args, dataset, settings, resolutions
        ):
            folder = args.run if len(resolutions) == 1 else args.run / str(resolution)
            began = time.monotonic()
            model = _fresh_model(args, settings, resolution, dataset.classes)
            accuracy = _fit(args, model, (training, validation), settings, folder)
            facts = train_record.facts_of(args, dataset, settings, resolution, accuracy)
            facts["started_from"] = origin
            facts["seconds_since_last_start"] = round(time.monotonic() - began)
            train_record.write(args, model, facts, folder)
    return 0


def _fresh_model(
    args: argparse.Namespace, settings: "Settings", resolution: int, classes: int
) -> "keras.Model":
    import keras

    from keras_models.catalogue import build
    from keras_models.opening.weight_files import load_weights
    from keras_models.training.graph import scores_in_float32

    keras.utils.set_random_seed(settings.seed)  # the first weights
    model = build(args.model, resolution, classes, args.alpha)
    if settings.precision != "float32":
        scores_in_float32(model)
    if args.start is not None:
        load_weights(model, args.start)
    return model


def _fit(
    args: argparse.Namespace,
    model: "keras.Model",
    pictures: "tuple[Pictures, Pictures]",
    settings: "Settings",
    folder: Path,
) -> float:
    from keras_models.training.train import train

    training, validation = pictures
    return train(model, training, validation, settings, folder, args.tensorboard)
