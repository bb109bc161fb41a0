"""The flags of `reswise plan`, and the request that they make."""

import argparse
from typing import TYPE_CHECKING

from commands import stored
from datasets.errors import InputError

if TYPE_CHECKING:
    from selection.plans.request import Request


def add_plan_flags(parser: argparse.ArgumentParser) -> None:
    """Reference, limits, ladders, what is searched, groups, repeats."""
    add = parser.add_argument
    add(
        "--reference",
        required=True,
        metavar="RUNG",
        help="what the drop is measured against, such as resnet50@224",
    )
    add(
        "--max-drop",
        type=float,
        metavar="POINTS",
        help="largest true drop in accuracy to certify; 0: no loss, below 0: a gain "
        "(default: 1.0)",
    )
    add(
        "--confidence",
        type=float,
        default=0.95,
        metavar="C",
        help="of the certificate (default: 0.95)",
    )
    add(
        "--max-macs",
        type=float,
        metavar="M",
        help="instead of --max-drop: the most accurate plan of at most so many mean "
        "MACs, with a bound of its drop",
    )
    add(
        "--rungs",
        metavar="RUNG[,RUNG..]",
        help="what ladders are made of, the reference included (default: all stored)",
    )
    add(
        "--ways",
        default="top1,top1-mean,margin,margin-mean",
        metavar="WAY[,WAY..]",
        help="top1, margin, entropy, calibrated, top1-mean, margin-mean, agreement, "
        "agreement-mean, deferral, deferral-boosted, deferral-mean; and learned, which "
        "looks at a thumbnail and runs one rung (default: "
        "top1,top1-mean,margin,margin-mean)",
    )
    stored.add_longest_flag(parser)
    add(
        "--search-part",
        type=float,
        default=0.3,
        metavar="P",
        help="of the images that choose, the part that searches and certifies nothing; "
        "above 1: so many images (default: 0.3)",
    )
    add(
        "--no-search-labels",
        action="store_true",
        help="the search reads no label, not even where there are some",
    )
    add(
        "--max-labels",
        type=int,
        metavar="N",
        help="read at most N labels of the images that certify; the promise holds "
        "whenever one stops (default: all that can change the plan)",
    )
    add(
        "--groups",
        metavar="COLUMN",
        action="append",
        help="also a bound for each value of a column of the csv: table, of `answer` "
        "(the class that the reference answers) or of `class` (needs every label)",
    )
    add(
        "--repeat-splits",
        type=int,
        default=0,
        metavar="N",
        help="also over N random splits: savings and broken limits of plans with and "
        "without a certificate",
    )


def request(args: argparse.Namespace) -> "Request":
    """What is asked of a plan."""
    from selection.plans.request import Request

    if args.max_drop is not None and args.max_macs is not None:
        raise InputError("max_drop", args.max_drop, "either this or `max_macs`")
    if args.repeat_splits < 0:
        raise InputError("repeat_splits", args.repeat_splits, "0 or more")
    if args.max_labels is not None:
        _check_labels(args)
    drop = 1.0 if args.max_drop is None else args.max_drop
    ways = tuple(stored.names(args.ways))
    return Request(
        reference=args.reference,
        max_drop_points=drop,
        confidence=args.confidence,
        ways=ways,
        longest=args.longest,
        seed=args.seed,
        search_part=args.search_part,
        search_labels=not args.no_search_labels,
        max_labels=args.max_labels,
    )


def _check_labels(args: argparse.Namespace) -> None:
    if args.max_labels < 0:
        raise InputError("max_labels", args.max_labels, "0 or more", "Or leave it out.")
    if args.max_macs is not None:
        raise InputError(
            "max_labels", args.max_labels, "either this or `max_macs`",
            "A plan under a budget reads every label that there is.",
        )  # fmt: skip
