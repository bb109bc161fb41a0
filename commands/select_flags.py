"""The flags of `reswise select`."""

import argparse

from commands import stored


def add_select_flags(parser: argparse.ArgumentParser) -> None:
    """Selectors, rungs, budget, thresholds, repeats, the reference."""
    add = parser.add_argument
    add(
        "--selectors",
        "--selector",
        dest="selector",
        metavar="NAME[,NAME..]",
        help="fixed, random, cascade, deferral, learned, oracle (default: all of them; "
        "with --thresholds cascade)",
    )
    add(
        "--rungs",
        metavar="RUNG[,RUNG..]",
        help="such as mobilenet_v2@160,mobilenet_v2@224 (default: all that are stored)",
    )
    add(
        "--max-macs",
        metavar="M[,M..]",
        help="mean MACs of one image that a selector may spend; several make several "
        "tables (default: half of the dearest rung's)",
    )
    add(
        "--equal-macs",
        action="store_true",
        help="hold the budget on the images that judge, not on the calibration images: "
        "what is spent is known without labels, so that all selectors are compared at "
        "the same mean MACs",
    )
    add("--thresholds", metavar="T[,T..]", help="of a cascade over --rungs, untuned")
    add(
        "--ways",
        metavar="WAY[,WAY..]",
        help="how cascades and deferral rules climb: top1, margin, entropy, "
        "calibrated, top1-mean, margin-mean, deferral, deferral-boosted, deferral-mean",
    )
    stored.add_longest_flag(parser)
    add(
        "--repeats",
        type=int,
        default=100,
        metavar="N",
        help="draws of the random selector (default: 100)",
    )
    add(
        "--random-weights",
        metavar="W[,W..]",
        help="how often random takes each of --rungs, in their order (default: all "
        "alike, or as --max-macs allows)",
    )
    add(
        "--reference",
        metavar="RUNG",
        help="what drops and savings are against (default: the dearest rung)",
    )
