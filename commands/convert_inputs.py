"""What `reswise convert` starts from: networks, rungs, pictures, labels, options."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from commands import asked, echo, resolution_flag
from datasets.errors import InputError
from datasets.user_files import UserFile

if TYPE_CHECKING:
    from convert.converting import Options
    from convert.quantising.calibration import Calibration
    from convert.wanted import Wanted
    from datasets.dataset import Dataset
    from datasets.preprocessing import Preprocessing
    from keras_models.pretrained import Pretrained
    from keras_models.specs import Spec


def sources(args: argparse.Namespace) -> "list[Pretrained]":
    """The networks of --model, or of the run folder of --plan."""
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
    from convert.wanted import plan_rungs
    from keras_models.specs import planned_specs

    return planned_specs(args.plan, plan_rungs(args.plan))


def wanted(args: argparse.Namespace, sources: "list[Pretrained]") -> "Wanted":
    """The rungs of --resolutions, or of --plan, with their selector."""
    from convert.wanted import selector_file, wanted_from_flags, wanted_from_plan

    said = preprocessing(args)
    if args.plan:
        return wanted_from_plan(args.plan, sources, said)
    resolutions = resolution_flag.resolutions(args.resolutions)
    if args.selector is None:
        return wanted_from_flags(sources, resolutions, said, None)
    file = selector_file(args.selector)
    selector = file.object()
    with file.shaped():
        return wanted_from_flags(sources, resolutions, said, selector)


def preprocessing(args: argparse.Namespace) -> "Preprocessing":
    """The one of all rungs."""
    all_said = asked.preprocessings(args)
    if len(all_said) > 1:
        raise InputError("crop", args.crop, "one for all rungs")
    return all_said[0]


def images(args: argparse.Namespace) -> "tuple[Dataset, Calibration]":
    """The images that judge, and those that calibrate."""
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


def labels(
    args: argparse.Namespace, opened: "Dataset", judged: "Dataset"
) -> list[str] | None:
    """The class names, or None where there is not one for each class.

    Args:
        opened, judged: the data set as opened, and with the model's classes.
    """
    classes = judged.classes
    if args.labels is None:
        given = opened.order.kind == "given" or opened.order.numbers
        few = given and opened.classes != classes and args.class_names is None
        return None if few else list(judged.class_names)
    expected = "a text file with one class name a line"
    names = UserFile(args.labels, "labels", expected=expected).text().splitlines()
    if len(names) != classes:
        raise InputError(
            "labels",
            args.labels,
            f"{classes}, one a class",
            fault=f"{len(names)} lines",
        )
    return names


def options(args: argparse.Namespace) -> "Options":
    """How they are converted, and where to."""
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
