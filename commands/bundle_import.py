"""`reswise bundle import`: its flags, and what they say of the .tflite file."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from commands import asked, flags
from datasets.errors import InputError
from datasets.limits import MOST_RESOLUTION

if TYPE_CHECKING:
    from convert.foreign.importing import ForeignChoice


def add_import_flags(parser: argparse.ArgumentParser) -> None:
    """The file, its labels, classes, pixels and signature."""
    add = parser.add_argument
    add("file", type=Path, metavar="FILE", help="float32, uint8 or int8 in and out")
    add(
        "--labels",
        type=Path,
        metavar="FILE",
        help="one class name a line, or '0 name'; of 1001 classes one may lack: class "
        "0 is the background then (default: the labels in FILE's own metadata)",
    )
    add("--name", metavar="NAME", help="of the model (default: FILE's name)")
    add(
        "--class-offset",
        type=int,
        metavar="N",
        help="the model's class of a data set's class 0 (default: 1 where the first "
        "label is background, else 0)",
    )
    add(
        "--normalisation",
        metavar="tf|caffe|torch|unit|none",
        help="how pixels enter (default: as FILE's metadata says; where it fits no "
        "uint8 or int8 input, a picture's own codes; else by the family of its name)",
    )
    add(
        "--resolutions",
        "--resolution",
        dest="resolution",
        type=int,
        metavar="R",
        help="pixels a side, for a FILE that leaves the size of its input open",
    )
    add(
        "--signature",
        metavar="NAME",
        help="which of FILE's signatures (default: serving_default, or the only one "
        "that is an image classifier)",
    )
    add(
        "--mean",
        metavar="M[,M,M]",
        help="instead of --normalisation: (pixel - mean) / deviation, pixels in 0..255",
    )
    add("--deviation", metavar="D[,D,D]", help="belongs to --mean")
    flags.add_preprocessing_flags(parser)
    flags.add_run_flag(parser, "bundle")


def choice_of(args: argparse.Namespace) -> "ForeignChoice":
    """What the flags say of the file."""
    from convert.foreign.importing import ForeignChoice
    from convert.foreign.pixels import PixelChoice
    from datasets.preprocessing import Preprocessing, parse_crop

    crop = parse_crop(args.crop) if args.crop else Preprocessing().crop
    preprocessing = Preprocessing(crop, args.interpolation, not args.no_antialias)
    if args.keras_pixels:
        preprocessing = asked.keras_pixels(args)
    if args.normalisation and args.mean:
        raise InputError("normalisation", args.normalisation, "either this or `mean`")
    pixels = PixelChoice(
        crop=preprocessing.crop_name,
        interpolation=preprocessing.interpolation,
        antialias=preprocessing.antialias,
        normalisation=args.normalisation,
        mean=_numbers(args.mean, "mean"),
        deviation=_numbers(args.deviation, "deviation"),
    )
    if args.resolution is not None and not 1 <= args.resolution <= MOST_RESOLUTION:
        raise InputError("resolution", args.resolution, f"1..{MOST_RESOLUTION}")
    return ForeignChoice(
        labels=args.labels,
        name=args.name,
        class_offset=args.class_offset,
        pixels=pixels,
        resolution=args.resolution,
        signature=args.signature,
    )


def _numbers(text: str | None, argument: str) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        return tuple(float(word) for word in text.split(","))
    except ValueError:
        raise InputError(argument, text, "one number or three, such as 127.5") from None
