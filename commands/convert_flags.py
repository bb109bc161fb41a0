"""The flags of `reswise convert`: which networks, what is made of them, and how."""

import argparse
from pathlib import Path

from commands import flags
from datasets.errors import InputError


def add_model_flags(parser: argparse.ArgumentParser) -> None:
    """--model, --weights, --name, --adapted, --classes, --alpha, of files."""
    add = parser.add_argument
    add(
        "--model",
        action="append",
        metavar="NAME|FILE",
        help="a name that `reswise models` lists, or a .keras file; give it again for "
        "further models of one ladder (default: with --plan, as its run folder says)",
    )
    add(
        "--weights",
        action="append",
        metavar="NAME|FILE",
        help="as many as --model, or none: imagenet, glyphs, cifar10, random, or a "
        "file",
    )
    add(
        "--name",
        action="append",
        help="as many as --model, or none: what its rungs are called (default: as in "
        "the catalogue, or the model file's own name)",
    )
    add(
        "--adapted",
        action="append",
        metavar="DIR|none",
        help="as many as --model, or none at all: the --run folder of its `reswise "
        "adapt`, whose tensors the lower rungs take; none for a model without",
    )
    add("--classes", type=int, metavar="N", help="classes of the weights")
    add("--alpha", type=float, default=1.0, help="width of mobilenet_v2 (default: 1.0)")
    add(
        "--normalisation",
        metavar="tf|caffe|torch|unit|none",
        help="how pixels enter a model file; the .tflite always takes RGB with one "
        "mean and deviation, which Android's tools know",
    )
    flags.add_file_flags(parser)
    flags.add_wide_flag(parser)


def add_what_flags(parser: argparse.ArgumentParser) -> None:
    """--resolutions, --plan, --selector, --labels."""
    add = parser.add_argument
    add("--resolutions", metavar="R[,R..]", help="pixels, such as 224,192,160")
    add(
        "--plan",
        type=Path,
        metavar="FILE",
        help="instead of --resolutions: the ladder and selector of plan.json",
    )
    add(
        "--selector",
        type=Path,
        metavar="FILE",
        help="with --resolutions: a selector's JSON object for the manifest (default: "
        "the native rung for every image)",
    )
    add(
        "--labels",
        type=Path,
        metavar="FILE",
        help="one class name a line (default: those of the data set)",
    )


def add_how_flags(parser: argparse.ArgumentParser) -> None:
    """Recipes, quantiser, calibration, files, the least agreement."""
    add = parser.add_argument
    add(
        "--recipes",
        "--recipe",
        dest="recipe",
        default="float32",
        metavar="R[,R..]",
        help="float32, float16, dynamic_int8, full_int8, mixed_int8, "
        "full_int8_io_int8, full_int8_act_int16; a bundle each (default: float32)",
    )
    add(
        "--quantiser",
        default="litert",
        choices=("litert", "tensorflow"),
        help="what quantises (default: litert: faster, and closer to the parent)",
    )
    add(
        "--calibration-split",
        metavar="SPLIT",
        help="images for ranges and biases (default: the split calibration where there "
        "is one, else a part of --split that judges nothing)",
    )
    add(
        "--calibration-images",
        type=int,
        metavar="N",
        help="how many (default: 100, or half of a small data set)",
    )
    add("--seed", type=int, default=0, help="of their choice (default: 0)")
    add(
        "--separate-files",
        action="store_true",
        help="a file a rung; MediaPipe's ImageClassifier takes no file of several",
    )
    add(
        "--min-agreement",
        type=float,
        metavar="P",
        help="least part of images with the parent's top-1, 0..1, of every rung "
        "(default: by recipe, 0.995 for float32 down to 0.8 for full_int8; 0 for "
        "random weights); mixed_int8 raises layers to float until it is expected "
        "(default: 0.97)",
    )


def check(args: argparse.Namespace) -> None:
    """Refuses flags that do not go together or are out of range."""
    if (args.plan is None) == (args.resolutions is None):
        raise InputError("resolutions", "", "either these or `plan`, and not both")
    if args.plan and args.selector:
        raise InputError(
            "selector", args.selector, "`resolutions` beside it", "A plan has its own."
        )
    if args.min_agreement is not None and not 0 <= args.min_agreement <= 1:
        raise InputError("min_agreement", f"{args.min_agreement:g}", "0..1")
    if args.model is None and args.plan is None:
        raise InputError("model", "", "one or more with `resolutions`")
    for flag in ("weights", "name", "adapted"):
        given = getattr(args, flag)
        if given and args.model is None:
            raise InputError(
                flag.replace("-", "_"), "", "`model` beside it, or neither"
            )
        if given and len(given) != len(args.model):
            raise InputError(
                flag.replace("-", "_"),
                f"given {len(given)} times",
                f"as many as `model`, {len(args.model)}, or none",
            )
