"""Flags that several verbs share, and what they mean."""

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from datasets.errors import InputError

if TYPE_CHECKING:
    from datasets.dataset import Dataset
    from datasets.preprocessing import Preprocessing
    from keras_models.loading import ModelChoice
    from keras_models.opening.trusted_code import Trust
    from keras_models.pretrained import Pretrained

_CROPPED_ALREADY = ("tfds:cifar10", "tfds:cifar100", "tfds:mnist")


class FileFlags(TypedDict):
    """What only the user can say of a model file."""

    output: str | None
    scores: str | None
    native: int | None
    trust: "Trust"


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
    """--crop, --interpolation, --no-antialias."""
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


def add_run_flag(parser: argparse.ArgumentParser, verb: str) -> None:
    """--run."""
    parser.add_argument(
        "--run",
        type=Path,
        default=Path("runs") / verb,
        metavar="DIR",
        help=f"where results go and are found again (default: runs/{verb})",
    )


def model_choice(args: argparse.Namespace) -> "ModelChoice":
    """The record that `keras_models.loading.load` takes."""
    from keras_models.loading import ModelChoice

    return ModelChoice(
        model=args.model,
        weights=args.weights,
        classes=args.classes,
        alpha=args.alpha,
        normalisation=args.normalisation,
        name=args.name,
        adapted=getattr(args, "adapted", None),
        **file_flags(args),
    )


def file_flags(args: argparse.Namespace) -> "FileFlags":
    """What `add_file_flags` added, as fields of a ModelChoice.

    Raises:
        InputError: a resolution that cannot be.
    """
    from keras_models.opening.trusted_code import Trust

    native = args.native_resolution
    if native is not None and not 1 <= native <= 4096:
        raise InputError(f"--native-resolution {native}: expected pixels in 1..4096.")
    return {
        "output": args.output_name,
        "scores": args.output_is,
        "native": native,
        "trust": Trust(args.trust_code, args.custom_objects),
    }


def opened_dataset(args: argparse.Namespace, unlabelled: bool = False) -> "Dataset":
    """The data set of the flags, limited as they say.

    Args:
        unlabelled: pictures without a label will do.
    """
    from datasets.catalogue import open_dataset

    dataset = open_dataset(
        args.dataset, args.split, args.data_dir, unlabelled=unlabelled
    )
    if args.limit is None:
        return dataset
    if args.limit < 1:
        raise InputError(f"--limit {args.limit}: expected at least 1 image.")
    return dataset.limited(args.limit)


def fitted_dataset(
    args: argparse.Namespace, dataset: "Dataset", model: str, classes: int
) -> "Dataset":
    """The data set with the model's own class numbers.

    Args:
        model: its name, for lines; classes: how many it has.
    """
    from datasets.class_names_file import read_class_names
    from datasets.class_order import ModelClasses, fitted
    from keras_models.class_names import recorded_names

    names: tuple[str, ...] = ()
    if args.class_names is not None:
        names, source = read_class_names(args.class_names), "--class-names"
    else:
        first, weights = (
            value[0] if isinstance(value, list) else value
            for value in (args.model, args.weights)
        )
        names, source = recorded_names(first, weights, args.alpha), "its record"
        names = names if len(names) == classes else ()
    known = ModelClasses(
        model=model,
        count=classes,
        names=names,
        source=source,
        binding=args.class_names is not None,
        first=args.first_class,
    )
    return fitted(dataset, known)


def preprocessings(args: argparse.Namespace) -> "list[Preprocessing]":
    """One per crop asked for."""
    from datasets.preprocessing import Preprocessing, parse_crop

    text = args.crop or _usual_crop(args)
    crops = dict.fromkeys(parse_crop(word) for word in text.split(","))
    return [
        Preprocessing(crop, args.interpolation, not args.no_antialias) for crop in crops
    ]


def _usual_crop(args: argparse.Namespace) -> str:
    """Of packaged weights the one they were trained with, else by the data set."""
    from datasets.preprocessing import Preprocessing
    from keras_models.packaged import trained_crop

    if args.dataset.startswith(_CROPPED_ALREADY):
        return "1.0"
    model, weights = (
        value[0] if isinstance(value, list) else value
        for value in (args.model, args.weights)
    )
    return trained_crop(model, weights, args.alpha) or str(Preprocessing().crop)


def resolutions(text: str) -> list[int]:
    """Comma-separated pixels, each once, in the order given.

    Raises:
        InputError: not whole numbers of at least 1.
    """
    try:
        found = [int(word) for word in text.split(",")]
    except ValueError as error:
        raise InputError(
            f"--resolutions {text}: expected whole numbers of pixels such as "
            "224,192,160."
        ) from error
    if min(found) < 1 or max(found) > 4096:
        raise InputError(f"--resolutions {text}: expected pixels in 1..4096.")
    return list(dict.fromkeys(found))


def lower_resolutions(text: str, native: int) -> list[int]:
    """`resolutions` of an adaptation.

    Raises:
        InputError: one is not below the native resolution.
    """
    sides = resolutions(text)
    if max(sides) >= native:
        raise InputError(
            f"--resolutions {max(sides)}: not below the native resolution, {native}, "
            "which is always there."
        )
    return sides


def check_resolutions(text: str) -> None:
    """Refuses what `resolutions_of` could not read, before a model is loaded."""
    if ".." in text:
        _range(text)
    else:
        resolutions(text)


def resolutions_of(text: str, source: "Pretrained") -> list[int]:
    """`resolutions`, or the steps of a model's MACs in a range such as 96..224."""
    if ".." not in text:
        return resolutions(text)
    from keras_models.flops import steps

    return steps(source, *_range(text))


def _range(text: str) -> tuple[int, int]:
    ends = text.split("..")
    if len(ends) == 2 and all(end.isdecimal() for end in ends):
        low, high = sorted(int(end) for end in ends)
        if 1 <= low < high <= 4096:
            return low, high
    raise InputError(
        f"--resolutions {text}: expected a range of pixels in 1..4096, such as 96..224."
    )


def command_line() -> str:
    """What was typed, for results to say."""
    return shlex.join(["reswise", *sys.argv[1:]])


def shown(path: Path) -> str:
    """A path as short as it can be named from here."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
