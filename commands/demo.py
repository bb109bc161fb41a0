"""The main job on the embedded data set: no download, no image or weight of yours.

Two small networks that were trained on glyphs at 96 pixels are rebuilt at lower
resolutions with their weights transferred, and run over test glyphs; selectors are
replayed; a plan is certified, converted to bundles, and run by the phone's runner on
this machine; one HTML page shows it all. glyphs is a demonstration and a test bed, and
its figures say nothing about photographs.

Example:
  reswise demo --limit 500
"""

import argparse
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from commands import echo, flags

HELP = "all of it on the embedded data, in minutes"

MODELS = ("mobilenet_v2", "small_resnet")
RESOLUTIONS = "96,80,64,48,32"
_REFERENCE = "small_resnet@96"
_LADDER = "small_resnet@32,small_resnet@48,small_resnet@96"
_MACS = "7e6,12e6"
_DROP = "3"  # points: what 1,000 images can certify


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
    """Runs the verbs one after the other; the page is named last."""
    for line in steps(args.run, args.limit):
        verb, *arguments = shlex.split(line)
        print(f"\nreswise {line}\n", flush=True)
        if _run(verb, arguments):
            print(f"reswise {verb}: a check failed, see above; the demo goes on")
    return 0


def steps(folder: Path, limit: int) -> Iterator[str]:
    """The verbs with their arguments, as one would type them, each after the last."""
    own = str(folder)  # one that begins with - would be read as a flag
    run = shlex.quote(f"./{own}" if own.startswith("-") else own)
    scores = " ".join(f"--from {run}/{model}" for model in MODELS)
    for model in MODELS:
        yield (
            f"drop --model {model} --weights glyphs --dataset glyphs --resolutions "
            f"{RESOLUTIONS} --limit {limit} --run {run}/{model}"
        )
    yield (
        "select --selectors fixed,random,cascade,deferral,learned,oracle --max-macs "
        f"{_MACS} --equal-macs {scores} --run {run}/select"
    )
    yield f"thresholds --rungs {_LADDER} {scores} --run {run}/thresholds"
    yield (
        f"plan --reference {_REFERENCE} --max-drop {_DROP} --confidence 0.9 {scores} "
        f"--run {run}/plan"
    )
    models = " ".join(f"--model {model} --weights glyphs" for model in MODELS)
    yield (
        f"convert --plan {run}/plan/plan.json {models} --dataset glyphs --limit 300 "
        f"--recipes float32,full_int8 --run {run}/bundles"
    )
    for bundle in sorted((folder / "bundles").glob("*_float32")):
        yield (
            f"bench --bundle {shlex.quote(str(bundle))} --host --dataset glyphs "
            f"--limit 200 --min-count 200 --min-seconds 2 --run {run}/bench"
        )
    yield f"compare --table 3 --markdown {run}/compare/table-3.md"
    yield f"report {run} --out {run}"


def _run(verb: str, arguments: list[str]) -> int:
    module = import_module(f"commands.{verb}")
    parser = argparse.ArgumentParser()
    module.add_flags(parser)
    with echo.running([verb, *arguments]):
        return int(module.run(parser.parse_args(arguments)))
