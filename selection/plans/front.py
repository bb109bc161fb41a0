"""The exact Pareto front over all distinct thresholds of a two- or three-rung ladder.

An image leaves rung p when its confidence there is at least threshold p, so between two
neighbouring confidences nothing changes: the distinct thresholds are *cuts* between
the sorted confidences (cut k: the k lowest levels climb). Two rungs take one pass of
cumulative sums; three rungs `front_three`. Ties in confidence are one level.
"""

from dataclasses import dataclass

import numpy as np

from datasets.errors import InputError
from selection.arrays import Bools, Float64s, Ints
from selection.plans.cuts import records, sums, thresholds
from selection.plans.front_three import three_rungs


@dataclass(frozen=True, eq=False)
class Front:
    """Points that no other thresholds beat, in ascending cost and accuracy."""

    thresholds: Float64s  # (points, rungs - 1)
    right: Ints  # (points,) images answered right
    macs: Ints  # (points,) of all images together, selector included
    images: int

    @property
    def accuracy(self) -> Float64s:
        return np.asarray(self.right / self.images)

    @property
    def mean_macs(self) -> Float64s:
        return np.asarray(self.macs / self.images)


def exact_front(
    confidences: Float64s, right: Bools, macs: tuple[int, ...], own_macs: int = 0
) -> Front:
    """The front of all distinct threshold tuples.

    Args:
        confidences: (n, rungs - 1), in [0, 1].
        right: (n, rungs): whether a climb that ends at a rung is answered right.
        macs: of one image at each rung.
        own_macs: of the selector, charged for every image.
    Raises:
        InputError: not one, two or three rungs.
    """
    rungs, images = right.shape[1], len(right)
    base = images * (macs[0] + own_macs)
    if rungs == 1:
        total = np.array([right.sum()], dtype=np.int64)
        return Front(np.empty((1, 0)), total, np.array([base]), images)
    if rungs == 2:
        return _two_rungs(confidences[:, 0], right, macs, base)
    if rungs == 3:
        points = three_rungs(confidences, right, macs)
        return Front(points.thresholds, points.right, base + points.macs, images)
    raise InputError(
        "rungs",
        rungs,
        "two or three, for which exact fronts are computed",
        "Name at most three rungs.",
    )


def _two_rungs(
    confidence: Float64s, right: Bools, macs: tuple[int, ...], base: int
) -> Front:
    levels, level = np.unique(confidence, return_inverse=True)
    gain = right[:, 1].astype(np.int64) - right[:, 0]
    gains = np.concatenate([[0], np.cumsum(sums(level, gain, len(levels)))])
    climbers = np.concatenate([[0], np.cumsum(np.bincount(level))])
    kept = records(gains)
    return Front(
        thresholds(levels, kept)[:, None],
        right[:, 0].sum() + gains[kept],
        base + climbers[kept] * macs[1],
        len(right),
    )
