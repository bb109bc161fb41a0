"""Flags and loading of stored scores, shared by select, thresholds and plan."""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from commands import flags
from datasets.errors import InputError

if TYPE_CHECKING:
    from keras_models.scoring.score_records import RungMeta, StoredRung
    from selection.arrays import Float64s
    from selection.scored import Scored

_SCORES = Path("runs/drop")


@dataclass(frozen=True)
class Parts:
    """The images that choose, and the images that judge."""

    calibration: "Scored"
    test: "Scored"
    rungs: "dict[str, StoredRung]"
    chosen: "dict[str, StoredRung]"  # over the images that choose


def add_stored_flags(parser: argparse.ArgumentParser, verb: str) -> None:
    """--from, --dataset, --split, --calibration-split, --calibration-part, --seed."""
    add = parser.add_argument
    add(
        "--from",
        "--scores",
        dest="scores",
        type=Path,
        action="append",
        metavar="DIR",
        help="the --run folder of a `reswise drop`; give it again for further models "
        "of the same images (default: runs/drop)",
    )
    add(
        "--dataset",
        metavar="NAME",
        help="which data set, where the folder holds several",
    )
    add("--split", metavar="SPLIT", help="which split judges, where it holds several")
    add(
        "--calibration-split",
        metavar="SPLIT",
        help="the split that chooses (default: a part of the images of --split)",
    )
    add(
        "--calibration-part",
        type=float,
        default=0.5,
        metavar="P",
        help="without --calibration-split: the part of the images that chooses; the "
        "rest judges; above 1: so many images (default: 0.5)",
    )
    add(
        "--seed",
        type=int,
        default=0,
        help="of the split into parts, by image id (default: 0)",
    )
    flags.add_nonfinite_flag(parser)
    flags.add_wide_flag(parser)
    add(
        "--run",
        type=Path,
        default=Path("runs") / verb,
        metavar="DIR",
        help=f"where results go (default: runs/{verb})",
    )


def add_longest_flag(parser: argparse.ArgumentParser) -> None:
    """--longest."""
    parser.add_argument(
        "--longest",
        type=int,
        default=3,
        choices=(2, 3),
        help="rungs of a ladder at most (default: 3)",
    )


def names(text: str) -> list[str]:
    """Comma-separated rungs."""
    return [word.strip() for word in text.split(",") if word.strip()]


def numbers(argument: str, text: str) -> tuple[float, ...]:
    """Comma-separated numbers.

    Raises:
        InputError: not so.
    """
    try:
        return tuple(float(word) for word in text.split(","))
    except ValueError as error:
        raise InputError(argument, text, "numbers such as 0.8,0.9") from error


def whole(
    args: argparse.Namespace, split: str | None
) -> "tuple[Scored, dict[str, StoredRung]]":
    """All rungs of one split, from every --from folder, sorted by cost."""
    from absl import logging

    from keras_models.specs import kept_in
    from selection.scored import from_stored

    rungs: dict[str, StoredRung] = {}
    for folder in folders(args):
        for spec in kept_in(folder):
            if problem := spec.problem():
                logging.warning("%s; its scores are used as they are", problem)
        for name, rung in _loaded(args, folder, split):
            if name in rungs:
                raise InputError.of(
                    folder, f"{name} is also in another `from` folder", "each rung once"
                )
            rungs[name] = rung
    return from_stored(rungs), rungs


def folders(args: argparse.Namespace) -> list[Path]:
    """The run folders that are read."""
    return args.scores or [_SCORES]


def _loaded(
    args: argparse.Namespace, folder: Path, split: str | None
) -> "list[tuple[str, StoredRung]]":
    from keras_models.scoring.stored_scores import load_rungs

    rungs = load_rungs(folder, args.dataset, split, args.nonfinite)
    return list(rungs.items())


def parts(args: argparse.Namespace, looks: bool = False) -> Parts:
    """The images that choose and those that judge.

    Args:
        looks: also read the thumbnails, for `learned`.
    """
    from selection.split import split

    judged, rungs = whole(args, args.split)
    judged = _with_looks(args, judged, rungs) if looks else judged
    if args.calibration_split is None:
        if args.calibration_part <= 0 or args.calibration_part == 1:
            raise InputError(
                "calibration_part",
                f"{args.calibration_part:g}",
                "a part between 0 and 1, such as 0.5, or a number of images above 1",
            )
        return Parts(*split(judged, args.calibration_part, args.seed), rungs, rungs)
    chosen, chosen_rungs = whole(args, args.calibration_split)
    if chosen.rungs != judged.rungs:
        raise InputError(
            "calibration_split",
            args.calibration_split,
            f"the rungs of the other split, {', '.join(judged.rungs)}",
            "Sweep both splits alike.",
            f"its rungs are {', '.join(chosen.rungs)}",
        )
    if set(chosen.ids) & set(judged.ids):
        raise InputError(
            "calibration_split",
            args.calibration_split,
            "other images",
            fault="it shares images with the split that judges",
        )
    chosen = _with_looks(args, chosen, chosen_rungs) if looks else chosen
    return Parts(chosen, judged, rungs, chosen_rungs)


def _with_looks(
    args: argparse.Namespace, scored: "Scored", rungs: "dict[str, StoredRung]"
) -> "Scored":
    """The thumbnails' features, from the first --from folder where they lie there."""
    from keras_models.scoring.scores import ScoreStore

    meta = next(iter(rungs.values())).meta
    of = [scored.ids, meta.fingerprint, meta.preprocessing]
    store = ScoreStore(folders(args)[0])
    made = store.kept("looks", of, lambda: _looks(scored.ids, meta))
    return replace(scored, looks=made)


def _looks(ids: tuple[str, ...], meta: "RungMeta") -> "Float64s":
    from datasets.catalogue import open_dataset
    from datasets.preprocessing import Preprocessing, parse_crop
    from selection.selectors.looks import looks_of

    made = meta.preprocessing
    if not {"crop", "interpolation", "antialias"} <= set(made):
        raise InputError.of(
            meta.rung,
            "has scores that do not say how pictures were prepared",
            "crop, interpolation and antialias",
            "Sweep it again.",
        )
    preprocessing = Preprocessing(
        parse_crop(str(made["crop"])),
        str(made["interpolation"]),
        bool(made["antialias"]),
    )
    # a limited split keeps its ids: they are found in the whole one
    split = meta.split.split("[")[0]
    return looks_of(open_dataset(meta.dataset, split, None), ids, preprocessing)


def what(
    args: argparse.Namespace, rungs: "dict[str, StoredRung]", *more: object
) -> str:
    """What a table is of, for a run folder to know it again: images, models, asked."""
    meta = next(iter(rungs.values())).meta
    models = sorted({rung.model for rung in rungs.values()})
    facts = (meta.dataset, meta.split, args.calibration_split, *models, *more)
    return " | ".join(map(str, facts))


def kept(rungs: "Scored", wanted: str | None) -> "Scored":
    """The rungs of a flag such as --rungs, by cost; all of them without it."""
    if wanted is None:
        return rungs
    order = sorted(names(wanted), key=lambda name: rungs.macs[rungs.index(name)])
    return rungs.ladder(order)
