"""The main job on the embedded data set: no download, no image or weight of yours.

Two small networks that were trained on glyphs at 96 pixels are rebuilt at lower
resolutions with their weights transferred, and run over test glyphs. glyphs is a
demonstration and a test bed, and its figures say nothing about photographs.

Example:
  reswise demo --limit 500
"""

import argparse
from pathlib import Path

from commands import drop, flags

HELP = "all of it on the embedded data, in minutes"

MODELS = ("mobilenet_v2", "small_resnet")
RESOLUTIONS = "96,80,64,48,32"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """--limit and --run."""
    parser.add_argument(
        "--limit",
        type=int,
        default=1000,
        metavar="N",
        help="test glyphs per model (default: 1000)",
    )
    flags.add_run_flag(parser, "demo")


def run(args: argparse.Namespace) -> int:
    """Runs the verbs one after the other; names every file that they wrote."""
    for model in MODELS:
        drop.run(_drop_flags(args.run / model, model, args.limit))
    return 0


def _drop_flags(folder: Path, model: str, limit: int) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    drop.add_flags(parser)
    return parser.parse_args(
        [
            "--model",
            model,
            "--weights",
            "glyphs",
            "--dataset",
            "glyphs",
            "--resolutions",
            RESOLUTIONS,
            "--limit",
            str(limit),
            "--run",
            str(folder),
        ]
    )
