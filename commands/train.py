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
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from commands import echo, flags, summary, train_flags
from datasets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import keras

    from datasets.dataset import Dataset
    from datasets.preprocessing import Preprocessing
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

    _check_tensorboard(args)
    resolutions = _resolutions(args.resolution)
    dataset = _dataset(args)
    normalisation = entry(args.model).normalisation
    pixels = summary.pixels([_preprocessing(args)], resolutions, normalisation)
    summary.show(dataset, args.model, pixels)
    with precision(args.precision) as used:
        settings = _settings(args, used)
        origin = _origin(args.start)  # before a training may write over it
        for resolution, training, validation in _pictures(
            args, dataset, settings, resolutions
        ):
            folder = args.run if len(resolutions) == 1 else args.run / str(resolution)
            began = time.monotonic()
            model = _fresh_model(args, settings, resolution, dataset.classes)
            accuracy = _fit(args, model, (training, validation), settings, folder)
            facts = _facts(args, dataset, settings, resolution, accuracy)
            facts["started_from"] = origin
            facts["seconds_since_last_start"] = round(time.monotonic() - began)
            _write(args, model, facts, folder)
    return 0


def _check_tensorboard(args: argparse.Namespace) -> None:
    from importlib.util import find_spec

    if args.tensorboard and find_spec("tensorboard") is None:
        raise InputError(
            "--tensorboard: the package tensorboard is not installed. Install it, or "
            "leave the flag out; log.csv and history.svg hold the same."
        )


def _resolutions(text: str) -> list[int]:
    try:
        found = list(dict.fromkeys(int(word) for word in text.split(",")))
    except ValueError as error:
        raise InputError(
            f"--resolutions {text}: expected whole numbers of pixels such as 32 or "
            "16,24,32."
        ) from error
    if min(found) < 1:
        raise InputError(f"--resolutions {text}: expected 1 pixel or more.")
    return found


def _settings(args: argparse.Namespace, precision: str) -> "Settings":
    from datasets.files import file_sha256
    from keras_models.catalogue import entry
    from keras_models.training import train

    return train.Settings(
        epochs=args.epochs,
        batch=args.batch,
        learning_rate=args.learning_rate,
        seed=args.seed,
        validation=args.validation,
        normalisation=entry(args.model).normalisation,
        optimizer=args.optimizer,
        schedule=args.schedule,
        label_smoothing=args.label_smoothing,
        weight_decay=args.weight_decay,
        mixup=args.mixup,
        augmentation=train.Augmentation(args.flip, args.random_crop, args.cutout),
        precision=precision,
        start=None if args.start is None else file_sha256(_existing(args.start)),
    )


def _preprocessing(args: argparse.Namespace) -> "Preprocessing":
    from datasets.preprocessing import Preprocessing, parse_crop

    return Preprocessing(parse_crop(args.crop))


def _facts(
    args: argparse.Namespace,
    dataset: "Dataset",
    settings: "Settings",
    resolution: int,
    accuracy: float,
) -> dict[str, object]:
    return {
        "command": echo.command_line(),
        "native": resolution,
        "classes": dataset.classes,
        "class_names": list(dataset.class_names),
        "alpha": args.alpha,
        "dataset": dataset.name,
        "split": dataset.split,
        "fingerprint": dataset.fingerprint,
        "images": len(dataset),
        "preprocessing": _preprocessing(args).describe(),
        "normalisation": settings.normalisation,
        "precision": settings.precision,
        "validation_accuracy": round(accuracy, 4),
        "versions": _versions(),
    }


def _dataset(args: argparse.Namespace) -> "Dataset":
    from datasets.catalogue import open_dataset
    from datasets.class_order import by_place_alone

    dataset = open_dataset(args.dataset, args.split, args.data_dir)
    dataset = by_place_alone(dataset, args.first_class)
    return dataset if args.limit is None else dataset.limited(args.limit)


def _existing(start: Path) -> Path:
    if not start.is_file():
        raise InputError(f"--start {start}: no such file; expected a weights file.")
    return start


def _origin(start: Path | None) -> object:
    """What is known of the weights begun with: their own record if a training's."""
    from keras_models.opening.weight_files import record_beside

    if start is None:
        return "random weights"
    return record_beside(start) or start.name


def _pictures(
    args: argparse.Namespace,
    dataset: "Dataset",
    settings: "Settings",
    resolutions: list[int],
) -> "Iterator[tuple[int, Pictures, Pictures]]":
    """(resolution, pictures to train on, pictures held out); decoded once for all."""
    from keras_models.training import train

    training, validation = (
        train.in_memory_at(part, resolutions, _preprocessing(args))
        for part in _parts(args, dataset, settings)
    )
    yield from zip(resolutions, training, validation, strict=True)


def _parts(
    args: argparse.Namespace, dataset: "Dataset", settings: "Settings"
) -> "tuple[Dataset, Dataset]":
    """What to train on, and what chooses the epoch: no picture is in both."""
    from datasets.catalogue import open_dataset
    from datasets.class_order import by_place_alone
    from datasets.splits import parse_split
    from keras_models.training import train

    if isinstance(settings.validation, float):
        chosen, held = train.hold_out(len(dataset), settings.validation, settings.seed)
        return dataset.take(chosen), dataset.take(held)
    other = open_dataset(args.dataset, settings.validation, args.data_dir)
    other = by_place_alone(other, args.first_class)
    if other.classes != dataset.classes:
        raise InputError(
            f"--validation {settings.validation}: {other.classes} classes; expected "
            f"the {dataset.classes} of --split {args.split}."
        )
    both = set(dataset.ids) & set(other.ids)
    if both and parse_split(args.split)[0] == parse_split(settings.validation)[0]:
        raise InputError(
            f"--validation {settings.validation}: {len(both)} of its pictures are in "
            f"--split {args.split} too; expected others, such as a split validation, "
            "or a part such as 0.05."
        )
    return dataset, other


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


def _versions() -> dict[str, str]:
    import keras

    from keras_models.framework import versions

    return versions() | {"backend": keras.backend.backend()}


def _write(
    args: argparse.Namespace,
    model: "keras.Model",
    facts: dict[str, object],
    folder: Path,
) -> None:
    from datasets.files import write_text
    from keras_models.training.train import pack
    from reports.history import draw_history

    name = args.model if args.alpha == 1.0 else f"{args.model}_{args.alpha:g}"
    weights = folder / f"{name}.npz"
    pack(model, weights)
    log = (folder / "log.csv").read_text().splitlines()
    write_text(
        weights.with_suffix(".json"), json.dumps(facts | {"log": log}, indent=1) + "\n"
    )
    title = f"{name} at {facts['native']} on {facts['dataset']} {facts['split']}"
    figures = draw_history(folder / "log.csv", folder, title)
    print(f"validation accuracy {facts['validation_accuracy']}")
    for path in (weights, weights.with_suffix(".json"), *figures):
        print(echo.shown(path))
