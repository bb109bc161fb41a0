"""Flags that several verbs share; asked.py reads them."""

import argparse
from pathlib import Path


def add_model_flags(parser: argparse.ArgumentParser, required: bool = True) -> None:
    """--model, --weights, --name, --classes, --alpha, --normalisation, of files."""
    add = parser.add_argument
    add(
        "--model",
        required=required,
        metavar="NAME|FILE",
        help="a name that `reswise models` lists, or the path of a .keras or .h5 file",
    )
    add(
        "--weights",
        metavar="NAME|FILE",
        help="imagenet, glyphs, cifar10, random, or a file (.weights.h5, .h5, .npz, "
        ".keras); default: imagenet, or those in the model file",
    )
    add(
        "--name",
        help="what its rungs are called (default: as in the catalogue, or the model "
        "file's own name)",
    )
    add(
        "--classes",
        type=int,
        metavar="N",
        help="classes of the weights; default: as the weights file has",
    )
    add("--alpha", type=float, default=1.0, help="width of mobilenet_v2 (default: 1.0)")
    add(
        "--normalisation",
        metavar="tf|caffe|torch|unit|none",
        help="how pixels enter a model file: tf is x/127.5-1, caffe BGR minus means, "
        "torch mean and deviation, unit x/255, none 0..255; default: none where the "
        "model itself normalises, else by the family that name and graph are of",
    )
    add_file_flags(parser)


def add_file_flags(parser: argparse.ArgumentParser) -> None:
    """--native-resolution, --output-name, --output-is, --trust-code, and its like."""
    add = parser.add_argument
    add(
        "--native-resolution",
        type=int,
        metavar="R",
        help="of a model file that takes any size: the pixels that it was trained at",
    )
    add(
        "--output-name",
        metavar="NAME|N",
        help="of a model file with several outputs: which holds the scores of classes",
    )
    add(
        "--output-is",
        choices=("probabilities", "logits", "log-probabilities"),
        help="what a model file's output is (default: found by its last layers, and "
        "by whether scores of random pictures sum to 1)",
    )
    add(
        "--trust-code",
        action="store_true",
        help="run what a model file holds of code: Lambda layers, --custom-objects; "
        "for files of your own alone",
    )
    add(
        "--custom-objects",
        metavar="MODULE[:NAME,..]",
        help="with --trust-code: the module, or .py file, that defines the model "
        "file's own layers",
    )


def add_adapted_flag(parser: argparse.ArgumentParser) -> None:
    """--adapted."""
    parser.add_argument(
        "--adapted",
        type=Path,
        metavar="DIR",
        help="the --run folder of a `reswise adapt`: its tensors at lower resolutions",
    )


def add_dataset_flags(parser: argparse.ArgumentParser, required: bool = True) -> None:
    """--dataset, --split, --data-dir, --limit, --max-unreadable, and of classes."""
    add = parser.add_argument
    add(
        "--dataset",
        required=required,
        metavar="SPEC",
        help="glyphs, folder:PATH, csv:FILE or tfds:NAME; see `reswise datasets`",
    )
    add_split_flags(parser)
    add(
        "--max-unreadable",
        type=int,
        default=0,
        metavar="N",
        help="pictures that may be unreadable; they are named and left out of every "
        "figure; more end with exit code 2 (default: 0)",
    )


def add_split_flags(parser: argparse.ArgumentParser) -> None:
    """--split, --data-dir, --limit, and those of classes."""
    add = parser.add_argument
    add(
        "--split",
        metavar="SPLIT",
        help="such as test, train[:500] or validation[10%%:20%%]; default: the test "
        "split where there is one, else all",
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
    add_class_flags(parser)


def add_class_flags(parser: argparse.ArgumentParser) -> None:
    """--class-names, --first-class."""
    parser.add_argument(
        "--class-names",
        type=Path,
        metavar="FILE",
        help="the model's classes by name, one a line in its order: class folders and "
        "names in a table go by them (default: those that its training recorded)",
    )
    parser.add_argument(
        "--first-class",
        type=int,
        choices=(0, 1),
        help="what a table's numbers, or folders named by numbers, call the model's "
        "first class (default: as it can only be meant, else it is asked)",
    )


def add_nonfinite_flag(parser: argparse.ArgumentParser) -> None:
    """--nonfinite."""
    parser.add_argument(
        "--nonfinite",
        default="refuse",
        choices=("refuse", "wrong"),
        help="what scores that are NaN or infinite are: refused, by rung and image, or "
        "wrong answers of that rung (default: refuse)",
    )


def add_preprocessing_flags(parser: argparse.ArgumentParser) -> None:
    """--crop, --interpolation, --no-antialias, --keras-pixels."""
    add = parser.add_argument
    add(
        "--crop",
        metavar="F[,F..]",
        help="centre crop as a fraction of the short side, or squash to press the "
        "whole picture into a square; several are tabulated one by one "
        "(default: that which packaged weights were trained with; else 0.875, or 1.0 "
        "for tfds:cifar10 and its like, cropped already)",
    )
    add(
        "--interpolation",
        default="bilinear",
        choices=("bilinear", "bicubic"),
        help="how pixels are resized (default: bilinear)",
    )
    add(
        "--no-antialias",
        action="store_true",
        help="sample points instead of averaging areas when shrinking; for models "
        "that were trained so",
    )
    add(
        "--keras-pixels",
        action="store_true",
        help="pixels as keras.utils.image_dataset_from_directory makes them: the whole "
        "picture pressed into a square (--crop squash), bilinear, --no-antialias",
    )


def add_run_flag(parser: argparse.ArgumentParser, verb: str) -> None:
    """--run."""
    parser.add_argument(
        "--run",
        type=Path,
        default=Path("runs") / verb,
        metavar="DIR",
        help=f"where results go and are found again (default: runs/{verb})",
    )


def add_wide_flag(parser: argparse.ArgumentParser) -> None:
    """--wide."""
    parser.add_argument(
        "--wide",
        action="store_true",
        help="print every column of a table (files hold every column anyway)",
    )
