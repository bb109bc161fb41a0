"""Converts rungs to .tflite files and writes a bundle a recipe, checked against Keras.

All rungs of a model and recipe share their weights in one file, a signature each.
Every file is run beside its float Keras parent on images that calibrated nothing; exit
code 1: a check failed. What is made is kept under --run and never made twice.

Examples:
  reswise convert --model mobilenet_v2 --resolutions 224,160,96 \\
      --recipes float32,full_int8 --dataset csv:photographs/labels.csv
  reswise convert --plan runs/plan/plan.json --model mobilenet_v2 --model mine.keras \\
      --dataset folder:pictures --separate-files
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from commands import asked, echo, flags, resolution_flag, summary
from datasets.errors import InputError

if TYPE_CHECKING:
    from convert.converting import Options, Result
    from convert.quantising.calibration import Calibration
    from convert.wanted import Wanted
    from datasets.dataset import Dataset
    from datasets.preprocessing import Preprocessing
    from keras_models.loading import Pretrained
    from keras_models.specs import Spec
    from reports.rows import Row

HELP = ".tflite files of all rungs with shared weights, held against Keras, as bundles"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Models, what to convert, how, on which images."""
    _add_model_flags(parser)
    _add_what_flags(parser)
    _add_how_flags(parser)
    flags.add_dataset_flags(parser)
    flags.add_preprocessing_flags(parser)
    flags.add_run_flag(parser, "convert")


def _add_model_flags(parser: argparse.ArgumentParser) -> None:
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


def _add_what_flags(parser: argparse.ArgumentParser) -> None:
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


def _add_how_flags(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--recipes",
        "--recipe",
        dest="recipe",
        default="float32",
        metavar="R[,R..]",
        help="float32, float16, dynamic_int8, full_int8, full_int8_io_int8, "
        "full_int8_act_int16; a bundle each (default: float32)",
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
        "random weights)",
    )


def run(args: argparse.Namespace) -> int:
    """A bundle a recipe, parity.json and parity.md in it, rows.csv; 1: check failed."""
    from keras_models.framework import quiet

    _check(args)
    quiet()
    from convert.converting import convert

    judged, calibration = _images(args)
    wanted = _wanted(args, _sources(args))
    source = wanted.sources[0]
    found = judged
    judged = asked.fitted_dataset(args, found, source.name, source.classes)
    labels = _labels(args, found, judged)
    resolutions = sorted({rung.resolution for rung in wanted.rungs}, reverse=True)
    pixels = summary.pixels([_preprocessing(args)], resolutions, source)
    summary.show(judged, source.name, pixels)
    options = _options(args)
    rows: list[Row] = []
    failed = False
    for result in convert(wanted, judged, calibration, labels, options):
        rows += _show(args, result, wanted, judged)
        failed = failed or bool(result.failures)
    from reports.run_folder import add_rows

    add_rows(args.run, rows)
    print(f"wrote {echo.shown(args.run / 'rows.csv')}")
    if not args.separate_files and len(wanted.rungs) > len(wanted.sources):
        print(
            "A file holds a signature a resolution, subgraph 0 the native one. "
            "MediaPipe's ImageClassifier refuses several: it needs --separate-files."
        )
    return 1 if failed else 0


def _check(args: argparse.Namespace) -> None:
    if (args.plan is None) == (args.resolutions is None):
        raise InputError("expected either --resolutions or --plan, and not both.")
    if args.plan and args.selector:
        raise InputError("--selector stands with --resolutions; a plan has its own.")
    if args.min_agreement is not None and not 0 <= args.min_agreement <= 1:
        raise InputError(f"--min-agreement {args.min_agreement:g}: expected 0..1.")
    if args.model is None and args.plan is None:
        raise InputError("--model: expected one or more with --resolutions.")
    for flag in ("weights", "name", "adapted"):
        given = getattr(args, flag)
        if given and args.model is None:
            raise InputError(f"--{flag} stands with --model; expected both or neither.")
        if given and len(given) != len(args.model):
            raise InputError(
                f"{len(given)} --{flag} for {len(args.model)} --model; expected as "
                "many, or none."
            )


def _sources(args: argparse.Namespace) -> "list[Pretrained]":
    from keras_models.loading import ModelChoice, load

    if args.model is None:
        specs = _planned_specs(args)
        args.model = [spec.asked["model"] for spec in specs]
        args.weights = [spec.asked.get("weights") for spec in specs]
        args.alpha = specs[0].asked.get("alpha", args.alpha)
        return [load(spec.choice()) for spec in specs]
    none = [None] * len(args.model)
    chosen = zip(
        args.model,
        args.weights or none,
        args.name or none,
        args.adapted or none,
        strict=True,
    )
    return [
        load(
            ModelChoice(
                model=model,
                weights=weights,
                classes=args.classes,
                alpha=args.alpha,
                normalisation=args.normalisation,
                name=name,
                adapted=None if adapted in (None, "none") else Path(adapted),
                **asked.file_flags(args),
            )
        )
        for model, weights, name, adapted in chosen
    ]


def _planned_specs(args: argparse.Namespace) -> "list[Spec]":
    from convert.wanted import read_json
    from keras_models.specs import planned_specs

    return planned_specs(args.plan, read_json(args.plan, "--plan").get("rungs") or [])


def _wanted(args: argparse.Namespace, sources: "list[Pretrained]") -> "Wanted":
    from convert.wanted import read_json, wanted_from_flags, wanted_from_plan

    way = _preprocessing(args)
    if args.plan:
        return wanted_from_plan(args.plan, sources, way)
    resolutions = resolution_flag.resolutions(args.resolutions)
    selector = read_json(args.selector, "--selector") if args.selector else None
    return wanted_from_flags(sources, resolutions, way, selector)


def _preprocessing(args: argparse.Namespace) -> "Preprocessing":
    ways = asked.preprocessings(args)
    if len(ways) > 1:
        raise InputError(f"--crop {args.crop}: expected one for all rungs.")
    return ways[0]


def _images(args: argparse.Namespace) -> "tuple[Dataset, Calibration]":
    from convert.quantising.calibration import judged_and_calibration

    judged, calibration = judged_and_calibration(
        args.dataset,
        args.split,
        args.calibration_split,
        args.calibration_images,
        args.seed,
        args.data_dir,
    )
    if args.limit is not None:
        judged = judged.limited(args.limit)
    return judged, calibration


def _labels(
    args: argparse.Namespace, found: "Dataset", judged: "Dataset"
) -> list[str] | None:
    """The class names, or None where there is not one for each class.

    Args:
        found, judged: the data set as opened, and with the model's classes.
    """
    classes = judged.classes
    if args.labels is None:
        given = found.order.kind == "given" or found.order.numbers
        few = given and found.classes != classes and args.class_names is None
        return None if few else list(judged.class_names)
    try:
        text: str = args.labels.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InputError(f"--labels {args.labels}: {error}.") from error
    names = text.splitlines()
    if len(names) != classes:
        raise InputError(
            f"--labels {args.labels}: {len(names)} lines; expected {classes}, one a "
            "class."
        )
    return names


def _options(args: argparse.Namespace) -> "Options":
    from convert.converting import Options
    from convert.quantising.recipes import parse_recipes

    return Options(
        run=args.run,
        recipes=tuple(parse_recipes(args.recipe)),
        quantiser=args.quantiser,
        separate=args.separate_files,
        min_agreement=args.min_agreement,
        max_unreadable=args.max_unreadable,
        command=echo.command_line(),
    )


def _show(
    args: argparse.Namespace, result: "Result", wanted: "Wanted", judged: "Dataset"
) -> "list[Row]":
    """The table of one recipe, printed and beside its bundle."""
    from reports.parity_table import parity_rows, parity_table
    from reports.table import write_tables

    table = parity_table(result, not args.separate_files)
    folder = result.bundle.folder
    write_tables(folder, "parity", [table])
    table.show()  # after the files: a reader such as head may close the pipe
    print(f"wrote {echo.shown(folder)}")
    return parity_rows(result, wanted, judged, echo.command_line())
