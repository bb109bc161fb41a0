"""Trains a model from scratch, from weights, or after a change of its architecture.

A part of the training split, or a split of its own, chooses the best epoch. A killed
training goes on when the command is repeated. Several resolutions train one model each,
into folders of their own. --change puts cheaper modules into a trained network, keeps
its other weights, and --distil lets it learn from its parent's answers too. Any Keras
backend will do: set KERAS_BACKEND to tensorflow, jax or torch. Pictures are decoded
once and held in memory, 3 x resolution^2 bytes each (36,000 at 96: 1.0 GB).

Examples:
  reswise train --model small_resnet --dataset glyphs --resolutions 96
  reswise train --model mobilenet_v2 --alpha 0.35 --dataset folder:pictures \\
      --resolutions 128 --epochs 30
  reswise train --model resnet20 --dataset folder:cifar10 --crop 1.0 \\
      --resolutions 16,24,32 --epochs 30 --batch 128 --optimizer sgd \\
      --learning-rate 0.1 --schedule one-cycle --flip --random-crop
  reswise train --model mine.keras --change separable --distil parent \\
      --dataset folder:pictures --resolutions 224
"""

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from commands import (
    flags,
    summary,
    train_flags,
    train_model,
    train_pictures,
    train_record,
    train_settings,
)

if TYPE_CHECKING:
    from keras_models.training.train import Pictures, Settings

HELP = "train a model from scratch or from weights; resumable, any Keras backend"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Architecture, pictures, and what decides a training."""
    train_flags.add_picture_flags(parser)
    train_flags.add_change_flags(parser)
    train_flags.add_training_flags(parser)
    train_flags.add_recipe_flags(parser)
    flags.add_run_flag(parser, "train")


def run(args: argparse.Namespace) -> int:
    """Trains; leaves NAME.npz or NAME.keras, NAME.json and a figure in run folders."""
    from keras_models.framework import quiet

    quiet()
    from keras_models.training.graph import precision

    train_settings.check_tensorboard(args)
    resolutions = train_settings.resolutions_of(args.resolution)
    begins = train_model.beginning(args)
    dataset = train_pictures.opened(args, begins)
    pixels = summary.pixels(
        [train_settings.preprocessing(args)], resolutions, begins.normalisation
    )
    summary.show(dataset, args.model, pixels)
    with precision(train_model.precision_of(args, begins)) as used:
        settings = train_settings.settings_of(args, begins, used)
        # before a training may write over it, and before pictures are read
        origin = train_record.origin_of(begins)
        made = [
            train_model.networks(args, begins, settings, resolution, dataset.classes)
            for resolution in resolutions
        ]
        pictures = train_pictures.pictures(args, begins, dataset, settings, resolutions)
        for networks, (resolution, training, validation) in zip(
            made, pictures, strict=True
        ):
            folder = args.run if len(resolutions) == 1 else args.run / str(resolution)
            began = time.monotonic()
            taught = train_model.taught(networks, validation)
            accuracy = _fit(args, networks, (training, validation), settings, folder)
            facts = train_record.facts_of(args, dataset, settings, resolution, accuracy)
            facts |= {"started_from": origin, "changes": networks.remarks, **taught}
            facts["seconds_since_last_start"] = round(time.monotonic() - began)
            train_record.write(begins, networks.model, facts, folder)
    return 0


def _fit(
    args: argparse.Namespace,
    networks: train_model.Networks,
    pictures: "tuple[Pictures, Pictures]",
    settings: "Settings",
    folder: Path,
) -> float:
    from keras_models.training.train import train

    training, validation = pictures
    return train(
        networks.model,
        training,
        validation,
        settings,
        folder,
        args.tensorboard,
        networks.teacher,
    )
