"""The flags of `reswise train`."""

import argparse
from pathlib import Path

from commands import flags


def add_picture_flags(parser: argparse.ArgumentParser) -> None:
    """--model and its like, --dataset and its like, --resolutions, --crop."""
    add = parser.add_argument
    add(
        "--model",
        required=True,
        metavar="NAME|FILE",
        help="a name that `reswise models` lists, or the path of a .keras or .h5 file",
    )
    add("--alpha", type=float, default=1.0, help="width of mobilenet_v2 (default: 1.0)")
    add(
        "--start",
        type=Path,
        metavar="FILE|NAME",
        help="weights to start from: a file (.npz, .weights.h5, .keras) or packaged "
        "ones (cifar10, glyphs); default: random, or those in the model file",
    )
    add(
        "--normalisation",
        metavar="tf|caffe|torch|unit|none",
        help="how pixels enter a model file (default: as is found in it, or recorded "
        "beside it; see `reswise drop --help`)",
    )
    flags.add_file_flags(parser)
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
    flags.add_class_flags(parser)
    add(
        "--resolutions",
        "--resolution",
        dest="resolution",
        required=True,
        metavar="R[,R..]",
        help="pixels; the network's native resolution from then on. Several train one "
        "model each, in folders of --run named after them",
    )
    add(
        "--crop",
        default="0.875",
        metavar="F",
        help="centre crop as a fraction of the short side, or squash (default: 0.875)",
    )


def add_change_flags(parser: argparse.ArgumentParser) -> None:
    """--change, --distil, --temperature, --distil-weight."""
    add = parser.add_argument
    add(
        "--change",
        metavar="NAME[+NAME]",
        help="change the architecture first, most weights kept: gap, separable, fire, "
        "factorised, ghost, shuffle, inverted, excitation, dice "
        "(docs/architecture_changes.md)",
    )
    add(
        "--distil",
        metavar="FILE|parent",
        help="learn from the answers of a trained model file too, or from those of the "
        "network before --change",
    )
    add(
        "--temperature",
        type=float,
        metavar="F",
        help="with --distil: softens the answers of both (default: 4)",
    )
    add(
        "--distil-weight",
        type=float,
        metavar="F",
        help="with --distil: the teacher's part of the loss, the labels have the rest "
        "(default: 0.9)",
    )


def add_training_flags(parser: argparse.ArgumentParser) -> None:
    """--epochs, --batch, --learning-rate, --optimizer, --seed, --validation."""
    add = parser.add_argument
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
        type=part_or_split,
        default=0.05,
        metavar="F|SPLIT",
        help="what chooses the epoch: a part of --split, held out at random, or a "
        "split of its own, such as validation (default: 0.05)",
    )


def part_or_split(text: str) -> float | str:
    """A number, or the name of a split."""
    try:
        return float(text)
    except ValueError:
        return text


def add_recipe_flags(parser: argparse.ArgumentParser) -> None:
    """The schedule, decay, smoothing, augmentation, precision, TensorBoard."""
    add = parser.add_argument
    add(
        "--schedule",
        default="cosine",
        choices=("cosine", "one-cycle"),
        help="cosine warms up for a tenth of the steps, one-cycle for three tenths and "
        "begins and ends lower (default: cosine)",
    )
    add(
        "--weight-decay",
        type=float,
        metavar="F",
        help="times the rate of the step (default: 0.01 of adamw, 0.0005 of sgd)",
    )
    add(
        "--label-smoothing",
        type=float,
        default=0.05,
        metavar="F",
        help="part of the label spread over all classes (default: 0.05)",
    )
    add("--flip", action="store_true", help="mirror half of the training pictures")
    add(
        "--random-crop",
        type=float,
        nargs="?",
        default=0.0,
        const=0.125,
        metavar="F",
        help="shift by up to this part of the side, as a crop of the picture padded "
        "with zeros does (0.125, which is 4 of 32 pixels, if no part is given)",
    )
    add(
        "--cutout",
        type=float,
        nargs="?",
        default=0.0,
        const=0.5,
        metavar="F",
        help="a hole of this part of the side (0.5, 16 of 32 pixels, if none is given)",
    )
    add(
        "--mixup",
        type=float,
        nargs="?",
        default=0.0,
        const=0.2,
        metavar="ALPHA",
        help="blend pairs of pictures and labels (0.2 if no alpha is given)",
    )
    add(
        "--precision",
        default="auto",
        choices=("auto", "float32", "bfloat16"),
        help="of activations; weights stay float32 (default: auto, bfloat16 where an "
        "accelerator has it)",
    )
    add(
        "--tensorboard",
        action="store_true",
        help="also write event files to the run folder; needs the package tensorboard",
    )
