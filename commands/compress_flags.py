"""The flags of `reswise compress`, and what its grid is where nobody says."""

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from commands import flags
from datasets.errors import InputError

if TYPE_CHECKING:
    from keras_models.compression.recipes import Grid
    from keras_models.pretrained import Pretrained
    from selection.plans.several import Limits

_RESOLUTIONS = (6 / 7, 5 / 7, 4 / 7)  # of the native one: 192, 160, 128 of 224
_STEP = 8  # pixels
_USUAL = {  # strengths tried without --techniques; of those that are not here, none
    "lowrank": (0.1, 0.2, 0.3),
    "tucker": (0.2,),
    "channels": (0.1, 0.2, 0.3),
    "channels_l1": (0.2,),
    "magnitude": (0.5, 0.7),
    "magnitude_global": (0.5, 0.7),
    "two_four": (0.5,),
    "clustering": (0.875,),
}
_QUANTISED_BY = "dynamic_int8"  # beside the middle one of three strengths


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Model, grid, limits, pictures, run folder."""
    flags.add_model_flags(parser, required=False)
    _add_grid_flags(parser)
    flags.add_dataset_flags(parser, required=False)
    add = parser.add_argument
    add(
        "--calibration-split",
        metavar="SPLIT",
        help="pictures for techniques and ranges, which judge nothing (default: the "
        "split calibration where there is one, else a part of --split)",
    )
    add(
        "--calibration-images",
        type=int,
        metavar="N",
        help="how many (default: 100, or half of a small data set)",
    )
    add(
        "--seed",
        type=int,
        default=0,
        help="of their choice, and of the images that search (default: 0)",
    )
    flags.add_preprocessing_flags(parser)
    flags.add_run_flag(parser, "compress")
    flags.add_wide_flag(parser)


def _add_grid_flags(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--techniques",
        metavar="T[,T..]",
        help="NAME, NAME:STRENGTH or parts joined by +, such as "
        "magnitude:0.5,two_four,resolution:160+int8; a name alone tries its usual "
        "strengths; resolution, cascade and the recipes of convert are among them; "
        "`reswise compress --list` has all (default: a grid over all of them)",
    )
    add("--list", action="store_true", help="list the techniques and do nothing else")
    add(
        "--resolutions",
        metavar="R[,R..]",
        help="of the technique resolution, and what cascades climb (default: about "
        "6/7, 5/7 and 4/7 of the native one)",
    )
    add(
        "--max-drop",
        type=float,
        default=1.0,
        metavar="POINTS",
        help="largest true drop in accuracy to certify (default: 1.0)",
    )
    add(
        "--confidence",
        type=float,
        default=0.95,
        metavar="C",
        help="of all certificates together (default: 0.95)",
    )
    add(
        "--search-part",
        type=float,
        default=0.3,
        metavar="P",
        help="of the judged images, the part that puts variants in an order and "
        "certifies nothing; above 1: so many images (default: 0.3)",
    )


def limits(args: argparse.Namespace) -> "Limits":
    """What is to be certified.

    Raises:
        InputError: out of range.
    """
    from selection.plans.several import Limits

    asked = Limits(
        float(args.max_drop), float(args.confidence), args.search_part, args.seed
    )
    asked.check()
    return asked


def check(args: argparse.Namespace) -> None:
    """Refuses what can be refused before a model is loaded."""
    from commands import resolution_flag

    for flag in ("model", "dataset"):
        if getattr(args, flag) is None:
            raise InputError(flag, "", "one", "Only `list` does without.")
    limits(args)
    if args.resolutions is not None:
        resolution_flag.check_resolutions(args.resolutions)
    if args.techniques is not None:
        from convert.quantising.recipes import RECIPES
        from keras_models.compression.recipes import parse_grid

        parse_grid(args.techniques, RECIPES, ())


def grid(techniques: str | None, resolutions: list[int], model: object) -> "Grid":
    """Every variant that is asked for; without --techniques, the usual ones.

    Args:
        model: a Keras model: of the usual techniques those that apply to it.
    """
    from convert.quantising.recipes import RECIPES
    from keras_models.compression.recipes import RESOLUTION, parse_grid

    asked = parse_grid(techniques or usual(model), RECIPES, resolutions)
    if not asked.cascade:
        return asked
    climbed = parse_grid(RESOLUTION, RECIPES, resolutions).compressions
    every = dict.fromkeys((*climbed, *asked.compressions))
    return replace(asked, compressions=tuple(every))


def usual(model: object) -> str:
    """The grid where nobody says another: every kind, a few strengths of each."""
    from keras_models.compression.catalogue import STRUCTURE, WEIGHTS

    words = ["resolution", "float16", "dynamic_int8", "full_int8"]
    for technique in (*STRUCTURE, *WEIGHTS):
        strengths = _USUAL.get(technique.name, ())
        if not strengths or technique.applies(model):
            continue
        words += [f"{technique.name}:{strength:g}" for strength in strengths]
        if technique in STRUCTURE and len(strengths) > 1:
            middle = strengths[len(strengths) // 2]
            words.append(f"{technique.name}:{middle:g}+{_QUANTISED_BY}")
    return ",".join([*words, "cascade"])


def resolutions_of(text: str | None, source: "Pretrained") -> list[int]:
    """Those of --resolutions, or the usual ones that the network can be rebuilt at."""
    from commands import resolution_flag

    if text is not None:
        return resolution_flag.resolutions_of(text, source)
    scaled = [round(source.native * part / _STEP) * _STEP for part in _RESOLUTIONS]
    return [size for size in dict.fromkeys(scaled) if 0 < size < source.native]


def listing() -> str:
    """A line a technique, for --list."""
    from convert.quantising.recipes import RECIPES
    from keras_models.compression.catalogue import TECHNIQUES

    lines = [
        f"{technique.name}: {technique.what}; strength: {technique.strength_is}; "
        f"tries {', '.join(f'{strength:g}' for strength in technique.strengths)}"
        for technique in TECHNIQUES.values()
    ]
    lines += [f"{one.name}: {one.what}" for one in RECIPES.values()]
    lines.append("resolution:R: the network rebuilt for R pixels, weights transferred")
    lines.append("cascade: climbs over --resolutions that end when an answer is sure")
    return "\n".join(lines)
