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

from commands import bundle_import, echo, flags
from datasets.errors import InputError

HELP = "checks or shows a bundle, or wraps a .tflite file of others in one"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """verify, show, import."""
    deeds = parser.add_subparsers(dest="deed", required=True, metavar="DEED")
    for deed, what in (
        ("verify", "checks all of it; exit code 2 with one line where it is not sound"),
        ("show", "checks it, then prints rungs, selector and certificate"),
    ):
        own = deeds.add_parser(deed, help=what, description=what, allow_abbrev=False)
        own.add_argument(
            "bundle", type=Path, metavar="BUNDLE", help="a folder with manifest.json"
        )
        if deed == "show":
            flags.add_wide_flag(own)
    what = "wraps a .tflite image classifier, as it is, into a bundle of one rung"
    own = deeds.add_parser("import", help=what, description=what, allow_abbrev=False)
    bundle_import.add_import_flags(own)
    flags.add_wide_flag(own)


def run(args: argparse.Namespace) -> int:
    """0: sound, shown or written. What is not sound is an InputError."""
    if args.deed == "import":
        return _import(args)
    from convert.bundle_words import summary
    from convert.sound import sound_bundle
    from reports.bundle_table import bundle_table

    bundle = sound_bundle(args.bundle)
    if args.deed == "show":
        bundle_table(bundle).show(wide=args.wide)
    else:
        print(f"{echo.shown(args.bundle)}: sound: {summary(bundle)}")
    return 0


def _import(args: argparse.Namespace) -> int:
    from convert.foreign.importing import import_bundle
    from reports.bundle_table import bundle_table

    choice = bundle_import.choice_of(args)
    name = args.name or args.file.stem
    if Path(name).name != name or name in (".", ".."):
        raise InputError("name", name, "a plain name, without folders")
    bundle = import_bundle(args.file, args.run / name, choice)
    bundle_table(bundle).show(wide=args.wide)
    print(f"wrote {echo.shown(bundle.folder)}")
    return 0
