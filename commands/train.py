"""Trains a model from scratch at one resolution, for data that has no weights yet.

A part of the training split is held out to choose the best epoch. A killed training
goes on when the command is repeated. Any Keras backend will do: set KERAS_BACKEND to
tensorflow, jax or torch. Pictures are decoded once and held in memory, 3 x resolution^2
bytes each (36,000 at 96: 1.0 GB); there is no augmentation.

Examples:
  reswise train --model small_resnet --dataset glyphs --resolution 96
  reswise train --model mobilenet_v2 --alpha 0.35 --dataset folder:pictures \\
      --resolution 128 --epochs 30
"""

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from commands import flags
from datasets.errors import InputError

if TYPE_CHECKING:
    import keras

    from datasets.dataset import Dataset
    from datasets.preprocessing import Preprocessing
    from keras_models.train import Settings

HELP = "train a model from scratch at one resolution; resumable, any Keras backend"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Architecture, pictures, and what decides a training."""
    add = parser.add_argument
    add(
        "--model",
        required=True,
        metavar="NAME",
        help="a name that `reswise models` lists",
    )
    add("--alpha", type=float, default=1.0, help="width of mobilenet_v2 (default: 1.0)")
    add(
        "--start",
        type=Path,
        metavar="FILE",
        help="weights to start from (.npz, .weights.h5, .keras); default: random",
    )
    add(
        "--dataset",
        required=True,
        metavar="SPEC",
        help="glyphs, folder:PATH, csv:FILE or tfds:NAME; see `reswise datasets`",
    )
    add(
        "--split",
        default="train",
        metavar="SPLIT",
        help="what to train on, such as train[:5000] (default: train)",
    )
    add(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="where TFDS keeps its data (default: ~/tensorflow_datasets)",
    )
    add(
        "--limit",
        type=int,
        metavar="N",
        help="the first N images of a fixed shuffle (default: all)",
    )
    add(
        "--resolution",
        type=int,
        required=True,
        metavar="R",
        help="pixels; the network's native resolution from then on",
    )
    add(
        "--crop",
        default="0.875",
        metavar="F",
        help="centre crop as a fraction of the short side, or squash (default: 0.875)",
    )
    add("--epochs", type=int, default=6, help="passes over the images (default: 6)")
    add("--batch", type=int, default=64, help="images a step (default: 64)")
    add(
        "--learning-rate",
        "--learning_rate",  # as the packaged weights were made
        type=float,
        default=3e-3,
        metavar="F",
        help="the highest, after the warm-up (default: 0.003)",
    )
    add(
        "--optimizer",
        default="adamw",
        choices=("adamw", "sgd"),
        help="sgd has Nesterov momentum 0.9 and wants rates near 0.1 (default: adamw)",
    )
    add(
        "--seed",
        type=int,
        default=1,
        help="of first weights, order and hold-out (default: 1)",
    )
    add(
        "--validation",
        type=float,
        default=0.05,
        metavar="F",
        help="part of the images held out to choose the epoch (default: 0.05)",
    )
    flags.add_run_flag(parser, "train")


def run(args: argparse.Namespace) -> int:
    """Trains; leaves NAME.npz and NAME.json in the run folder and names them."""
    from keras_models.framework import quiet

    quiet()
    from datasets.preprocessing import Preprocessing, parse_crop

    preprocessing = Preprocessing(parse_crop(args.crop))
    dataset = _dataset(args)
    began = time.monotonic()
    model, settings, accuracy = _trained(args, dataset, preprocessing)
    facts = {
        "command": flags.command_line(),
        "native": args.resolution,
        "classes": dataset.classes,
        "alpha": args.alpha,
        "dataset": dataset.name,
        "split": dataset.split,
        "fingerprint": dataset.fingerprint,
        "images": len(dataset),
        "preprocessing": preprocessing.describe(),
        "normalisation": settings.normalisation,
        "validation_accuracy": round(accuracy, 4),
        "seconds_since_last_start": round(time.monotonic() - began),
        "versions": _versions(),
    }
    _write(args, model, facts)
    return 0


def _dataset(args: argparse.Namespace) -> "Dataset":
    from datasets.catalogue import open_dataset

    dataset = open_dataset(args.dataset, args.split, args.data_dir)
    return dataset if args.limit is None else dataset.limited(args.limit)


def _existing(start: Path) -> Path:
    if not start.is_file():
        raise InputError(f"--start {start}: no such file; expected a weights file.")
    return start


def _trained(
    args: argparse.Namespace, dataset: "Dataset", preprocessing: "Preprocessing"
) -> "tuple[keras.Model, Settings, float]":
    import keras

    from keras_models import train
    from keras_models.catalogue import build, entry
    from keras_models.loading import load_weights

    settings = train.Settings(
        args.epochs,
        args.batch,
        args.learning_rate,
        args.seed,
        args.validation,
        entry(args.model).normalisation,
        args.optimizer,
    )
    keras.utils.set_random_seed(settings.seed)  # the first weights
    model = build(args.model, args.resolution, dataset.classes, args.alpha)
    if args.start is not None:
        load_weights(model, _existing(args.start))
    chosen, held = train.hold_out(len(dataset), settings.validation, settings.seed)
    training, validation = (
        train.in_memory(dataset.take(part), args.resolution, preprocessing)
        for part in (chosen, held)
    )
    accuracy = train.train(model, training, validation, settings, args.run)
    return model, settings, accuracy


def _versions() -> dict[str, str]:
    import keras

    from keras_models.framework import versions

    return versions() | {"backend": keras.backend.backend()}


def _write(
    args: argparse.Namespace, model: "keras.Model", facts: dict[str, object]
) -> None:
    from datasets.files import write_text
    from keras_models.train import pack

    name = args.model if args.alpha == 1.0 else f"{args.model}_{args.alpha:g}"
    weights = args.run / f"{name}.npz"
    pack(model, weights)
    log = (args.run / "log.csv").read_text().splitlines()
    write_text(
        weights.with_suffix(".json"), json.dumps(facts | {"log": log}, indent=1) + "\n"
    )
    print(f"validation accuracy {facts['validation_accuracy']}")
    for path in (weights, weights.with_suffix(".json")):
        print(flags.shown(path))
