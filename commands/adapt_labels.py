"""`reswise adapt --labels`: one head for all resolutions, kept or tabulated."""

import argparse
from typing import TYPE_CHECKING

from commands import adapt_record, asked, echo, flags, resolution_flag
from datasets.errors import InputError

if TYPE_CHECKING:
    from datasets.dataset import Dataset
    from datasets.preprocessing import Preprocessing
    from keras_models.adapting.head_choice import HeadFit, Labelled
    from keras_models.pretrained import Pretrained

_OWN = ("held_out_split", "test_split", "per_class", "adapted")


def add_flags(parser: argparse.ArgumentParser) -> None:
    """--labels, and what only means something with it."""
    add = parser.add_argument
    add(
        "--labels",
        action="store_true",
        help="read the labels: fits the last dense layer on the features of all "
        "resolutions, the native one too; a bundle stores it once",
    )
    add(
        "--held-out-split",
        metavar="SPLIT",
        help="with --labels: the split that decides (default: --held-out of each "
        "class)",
    )
    add(
        "--per-class",
        metavar="N[,N..]",
        help="with --labels: fit on N random pictures of each class; several N make "
        "a table on --test-split, and nothing else is kept (default: all)",
    )
    add(
        "--test-split",
        metavar="SPLIT",
        help="with --labels: the split that judges a table of --per-class or "
        "--repeat-splits (default: the other random halves)",
    )
    flags.add_adapted_flag(parser)


def check(args: argparse.Namespace) -> None:
    """Raises InputError for flags that do not go together."""
    if args.labels and args.tensors not in (None, "head"):
        raise InputError(
            "tensors",
            args.tensors,
            "head beside `labels`",
            "For both, adapt batch norm first, then give its folder: `labels` "
            "`tensors=head` `adapted=DIR`.",
            "labels fit the last dense layer alone",
        )
    if not args.labels:
        if args.tensors == "head":
            raise InputError(
                "tensors", "head", "`labels` beside it", fault="fitted by labels"
            )
        for name in _OWN:
            if getattr(args, name) is not None:
                raise InputError(name, "", "`labels` beside it")
    if args.test_split is not None and not _is_trial(args):
        raise InputError(
            "test_split",
            "",
            "several `per_class`, or `repeat_splits`",
            "A kept head is judged by `reswise drop --adapted`.",
            fault="judges a table",
        )


def run(
    args: argparse.Namespace, preprocessing: "Preprocessing", dataset: "Dataset"
) -> int:
    """Fits a head and keeps it, or tabulates what heads give."""
    from dataclasses import replace

    from keras_models.adapting.head_features import (
        check_classes,
        features_of,
        trained_head,
    )
    from keras_models.adapting.labelled import check_heads
    from keras_models.loading import load
    from keras_models.pretrained import adapted

    counts = _counts(args)
    plain = load(replace(asked.model_choice(args), adapted=None))
    source = plain if args.adapted is None else adapted(plain, args.adapted)
    resolutions = resolution_flag.lower_resolutions(args.resolutions, plain.native)
    check_classes(source, dataset)
    start = trained_head(source).head
    check_heads(source, [source.native, *resolutions], start)

    def features(part: "Dataset") -> "Labelled":
        return features_of(source, part, resolutions, preprocessing, args.run)

    fit = features(dataset)
    held = features(_split(args, args.held_out_split)) if args.held_out_split else None
    if _is_trial(args):
        judge = features(_split(args, args.test_split)) if args.test_split else None
        return _tabulate(args, source, dataset, fit, held, judge, counts)
    return _keep(args, plain, source, dataset, preprocessing, fit, held, counts)


def _is_trial(args: argparse.Namespace) -> bool:
    return bool(args.repeat_splits) or len(_counts(args)) > 1


def _counts(args: argparse.Namespace) -> list[int | None]:
    if args.per_class is None:
        return [None]
    try:
        counts = [int(word) for word in args.per_class.split(",")]
    except ValueError:
        counts = [0]
    if min(counts) < 1:
        raise InputError(
            "per_class", args.per_class, "whole numbers of 1 or more, such as 10,30,100"
        )
    return list(dict.fromkeys(counts))


def _split(args: argparse.Namespace, split: str) -> "Dataset":
    from datasets.catalogue import open_dataset

    return open_dataset(args.dataset, split, args.data_dir)


def _keep(
    args: argparse.Namespace,
    plain: "Pretrained",
    source: "Pretrained",
    dataset: "Dataset",
    preprocessing: "Preprocessing",
    fit: "Labelled",
    held: "Labelled | None",
    counts: list[int | None],
) -> int:
    from keras_models.adapting.head_choice import fit_head, parts
    from keras_models.adapting.head_features import trained_head
    from keras_models.adapting.labelled import keep_head

    chosen, deciding = parts(fit, held, counts[0], args.held_out, args.seed)
    head_fit = fit_head(chosen, deciding, trained_head(source).head)
    earlier = "" if source.adaptation is None else f"{source.adaptation.what}, "
    record = adapt_record.facts(plain, dataset, preprocessing) | {
        "what": f"{earlier}adapted head",
        "held_out_split": args.held_out_split,
        "per_class": counts[0],
        "held_out": args.held_out,
        "seed": args.seed,
        "strength": head_fit.strength,
        "earlier": None if args.adapted is None else str(args.adapted),
    }
    keep_head(plain, source, head_fit, record, args.run)
    _show(args, source, dataset, head_fit)
    return 0


def _show(
    args: argparse.Namespace,
    source: "Pretrained",
    dataset: "Dataset",
    head_fit: "HeadFit",
) -> None:
    from reports.head_table import head_table
    from reports.table import write_tables

    by = args.held_out_split or f"{args.held_out:g} of each class"
    title = (
        f"{source.name} ({source.weights}): one head for all resolutions, from the "
        f"labels of {dataset.name} {dataset.split}, decided by {by}"
    )
    table = head_table(title, head_fit, echo.command_line())
    write_tables(args.run, "adapt", [table])
    table.show(wide=args.wide)
    for name in ("adapted.json", "adapt.md"):
        print(f"wrote {echo.shown(args.run / name)}")


def _tabulate(
    args: argparse.Namespace,
    source: "Pretrained",
    dataset: "Dataset",
    fit: "Labelled",
    held: "Labelled | None",
    judge: "Labelled | None",
    counts: list[int | None],
) -> int:
    from keras_models.adapting.head_features import trained_head
    from keras_models.adapting.head_trial import Draws, label_trials
    from reports.head_table import label_table
    from reports.run_folder import add_tables

    draws = Draws(counts, max(1, args.repeat_splits), args.held_out, args.seed)
    trials = label_trials(fit, held, judge, trained_head(source).head, draws)
    where = args.test_split or "the other random halves"
    title = (
        f"{source.name} ({source.weights}): one head for all resolutions, from labels "
        f"of {dataset.name} {dataset.split}, decided by "
        f"{args.held_out_split or 'a part of them'}, judged on {where}"
    )
    table = label_table(title, trials, source.native, echo.command_line())
    add_tables(args.run, "labels", [table], [table.title])
    table.show(wide=args.wide)
    print(f"wrote {echo.shown(args.run / 'labels.md')}")
    return 0
