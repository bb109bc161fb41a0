"""Checks, shows or makes a bundle: .tflite files with the manifest that apps read.

verify looks at everything, whole, before a byte of it is run, then runs every signature
once, in a process that may die of it; show does the same and prints what the bundle is;
import wraps a .tflite classifier that others made.

Examples:
  reswise bundle verify runs/convert/mobilenet_v2
  reswise bundle show runs/convert/mobilenet_v2
  reswise bundle import mobilenet_v1_1.0_224_quant.tflite --labels labels.txt
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from commands import echo, flags
from datasets.errors import InputError

if TYPE_CHECKING:
    from convert.bundle import Bundle
    from convert.foreign.importing import ForeignChoice
    from reports.table import Table

MOST_RESOLUTION = 4096  # of the manifest's schema
HELP = "checks or shows a bundle, or wraps a .tflite file of others in one"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """verify, show, import."""
    deeds = parser.add_subparsers(dest="deed", required=True, metavar="DEED")
    for deed, what in (
        ("verify", "checks all of it; exit code 2 with one line where it is not sound"),
        ("show", "checks it, then prints rungs, selector and certificate"),
    ):
        one = deeds.add_parser(deed, help=what, description=what, allow_abbrev=False)
        one.add_argument(
            "bundle", type=Path, metavar="BUNDLE", help="a folder with manifest.json"
        )
    what = "wraps a .tflite image classifier, as it is, into a bundle of one rung"
    one = deeds.add_parser("import", help=what, description=what, allow_abbrev=False)
    _add_import_flags(one)


def _add_import_flags(parser: argparse.ArgumentParser) -> None:
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


def run(args: argparse.Namespace) -> int:
    """0: sound, shown or written. What is not sound is an InputError."""
    if args.deed == "import":
        return _import(args)
    from convert.bundle_words import summary
    from convert.sound import sound_bundle

    bundle = sound_bundle(args.bundle)
    if args.deed == "show":
        _table(bundle).show()
    else:
        print(f"{echo.shown(args.bundle)}: sound: {summary(bundle)}")
    return 0


def _import(args: argparse.Namespace) -> int:
    from convert.foreign.importing import import_bundle

    choice = _choice(args)
    name = args.name or args.file.stem
    if Path(name).name != name or name in (".", ".."):
        raise InputError(f"--name {name}: expected a plain name, without folders.")
    bundle = import_bundle(args.file, args.run / name, choice)
    _table(bundle).show()
    print(f"wrote {echo.shown(bundle.folder)}")
    return 0


def _choice(args: argparse.Namespace) -> "ForeignChoice":
    from convert.foreign.importing import ForeignChoice
    from convert.foreign.pixels import PixelChoice
    from datasets.preprocessing import Preprocessing, parse_crop

    crop = parse_crop(args.crop) if args.crop else Preprocessing().crop
    way = Preprocessing(crop, args.interpolation, not args.no_antialias)
    if args.normalisation and args.mean:
        raise InputError("--normalisation and --mean exclude each other.")
    pixels = PixelChoice(
        crop=way.crop_name,
        interpolation=way.interpolation,
        antialias=way.antialias,
        normalisation=args.normalisation,
        mean=_numbers(args.mean, "--mean"),
        deviation=_numbers(args.deviation, "--deviation"),
    )
    if args.resolution is not None and not 1 <= args.resolution <= MOST_RESOLUTION:
        raise InputError(
            f"--resolution {args.resolution}: expected 1..{MOST_RESOLUTION}."
        )
    return ForeignChoice(
        labels=args.labels,
        name=args.name,
        class_offset=args.class_offset,
        pixels=pixels,
        resolution=args.resolution,
        signature=args.signature,
    )


def _table(bundle: "Bundle") -> "Table":
    """The rungs, one a line; selector, savings and certificate below."""
    from convert.bundle_words import notes, summary
    from reports.table import Table

    columns = (
        "rung", "recipe", "file", "signature", "input", "output", "resolution",
        "MMACs", "parameters", "file MB",
    )  # fmt: skip
    sizes = {one.file: one.size_bytes for one in bundle.manifest.files}
    rows = tuple(
        (
            one.rung,
            one.recipe,
            one.file,
            one.signature or f"(subgraph {one.subgraph})",
            one.input.dtype,
            one.output.dtype,
            str(one.resolution),
            f"{one.macs / 1e6:,.2f}",
            f"{one.parameters:,}",
            f"{sizes[one.file] / 1e6:,.2f}",
        )
        for one in bundle.manifest.rungs
    )
    title = f"{bundle.manifest.name}: {summary(bundle)}"
    return Table(
        title=title,
        columns=columns,
        rows=rows,
        words=6,
        notes=notes(bundle),
        kind="bundle",
    )


def _numbers(text: str | None, flag: str) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        return tuple(float(word) for word in text.split(","))
    except ValueError:
        raise InputError(
            f"{flag} {text}: expected one number or three, such as 127.5."
        ) from None
