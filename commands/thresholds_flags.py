"""The flags of `reswise thresholds`, and the axes of the maps that they make."""

import argparse
from typing import TYPE_CHECKING

from commands import stored
from datasets.errors import InputError

if TYPE_CHECKING:
    from selection.arrays import Float64s


def add_threshold_flags(parser: argparse.ArgumentParser) -> None:
    """Ladder, way, grid, targets."""
    add = parser.add_argument
    add(
        "--rungs",
        "--ladder",
        dest="ladder",
        required=True,
        metavar="RUNG,RUNG[,RUNG]",
        help="the ladder: two or three rungs in ascending cost",
    )
    add(
        "--ways",
        "--way",
        dest="way",
        default="top1",
        metavar="WAY",
        help="how it is climbed: top1, margin, entropy, calibrated, top1-mean, "
        "margin-mean, deferral, deferral-boosted or deferral-mean (default: top1)",
    )
    add(
        "--grid",
        default="40x40",
        metavar="AxB",
        help="thresholds of the maps, A at the first rung, B at the second "
        "(default: 40x40; the cascade report also used 50x100)",
    )
    add(
        "--lowest",
        default="0,0",
        metavar="T,T",
        help="where the thresholds of the maps begin, one a rung (default: 0,0)",
    )
    add(
        "--highest",
        default="1,1",
        metavar="T,T",
        help="where they end (default: 1,1)",
    )
    add(
        "--targets",
        metavar="P[,P..]",
        help="accuracies in per cent (default: the top rung's, and 0.5, 1, 2 less)",
    )


def axes_of(args: argparse.Namespace) -> "tuple[Float64s, ...]":
    """The thresholds of the maps, ascending, for each rung but the last."""
    import numpy as np

    try:
        counts = [int(word) for word in args.grid.split("x")]
    except ValueError:
        counts = []
    if len(counts) not in (1, 2) or min(counts) < 2 or max(counts) > 1000:
        raise InputError("grid", args.grid, "two counts of 2..1000, such as 40x40")
    lowest = stored.numbers("lowest", args.lowest)
    highest = stored.numbers("highest", args.highest)
    for low, high in zip(lowest, highest, strict=False):
        if not 0 <= low < high <= 1:
            raise InputError(
                "lowest",
                args.lowest,
                "0 <= lowest < highest <= 1 for each rung but the last",
                fault=f"out of range with `highest={args.highest}`",
            )
    if not len(lowest) == len(highest) >= len(counts):
        raise InputError(
            "lowest", args.lowest, "as many numbers as in `highest` and `grid`"
        )
    return tuple(
        np.linspace(low, high, count)
        for low, high, count in zip(lowest, highest, counts, strict=False)
    )
