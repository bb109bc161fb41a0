"""Accuracy and MACs on a grid of thresholds, as the maps 2.2 and 2.3 of the report.

One table of counts by (grid cell of the first confidence, of the second) and two
cumulative sums answer all tuples; the work is one pass over the images.
"""

from dataclasses import dataclass

import numpy as np

from datasets.errors import InputError
from selection.arrays import Bools, Float64s, Ints


@dataclass(frozen=True, eq=False, kw_only=True)
class Grid:
    """Every tuple of the axes; two rungs have one axis, three have two."""

    axes: tuple[Float64s, ...]  # ascending thresholds of each rung but the last
    right: Ints  # (axis lengths) images answered right
    macs: Ints  # (axis lengths) of all images together
    shares: Float64s  # (rungs, axis lengths) part of the images that ends at a rung
    images: int


def evaluate_grid(
    axes: tuple[Float64s, ...],
    confidences: Float64s,
    right: Bools,
    macs: tuple[int, ...],
    own_macs: int = 0,
) -> Grid:
    """All tuples of the axes.

    Args:
        axes: thresholds of each rung but the last, strictly ascending.
        confidences: (n, rungs - 1). right: (n, rungs).
    Raises:
        InputError: not two or three rungs, or an axis that does not ascend.
    """
    if right.shape[1] not in (2, 3) or len(axes) != right.shape[1] - 1:
        raise InputError(
            "grid",
            len(axes),
            "two or three rungs, and one axis for each but the last",
            fault=f"{right.shape[1]} rungs",
        )
    for axis in axes:
        if not len(axis) or (np.diff(axis) <= 0).any():
            raise InputError("grid", "", "thresholds that ascend, each once")
    images = len(right)
    counts, rights = _tables(axes, confidences, right)
    macs_total = images * (macs[0] + own_macs) + sum(
        counts[p:].sum(axis=0) * macs[p] for p in range(1, len(macs))
    )
    return Grid(
        axes=axes,
        right=rights,
        macs=np.asarray(macs_total),
        shares=counts / images,
        images=images,
    )


def _tables(
    axes: tuple[Float64s, ...], confidences: Float64s, right: Bools
) -> tuple[Ints, Ints]:
    """Images ending at each rung (rungs, axes..), and right answers (axes..)."""
    lengths = tuple(len(axis) for axis in axes)
    # an image climbs under axis[i] if its confidence < axis[i]: from this index on
    places = [
        np.searchsorted(axis, confidences[:, p], side="right")
        for p, axis in enumerate(axes)
    ]
    first = _climb(places[0], right[:, 0], lengths[0])
    second = _climb(places[0], right[:, 1], lengths[0])
    if len(axes) == 1:
        ends = np.stack([len(right) - first[0], first[0]])
        return ends, right[:, 0].sum() - first[1] + second[1]
    cell = places[0] * (lengths[1] + 1) + places[1]
    top, own, higher = (
        _cumulative(cell, lengths, weights)
        for weights in (None, right[:, 1], right[:, 2])
    )
    count = first[0][:, None]
    ends = np.stack([np.broadcast_to(len(right) - count, lengths), count - top, top])
    rights = right[:, 0].sum() - first[1][:, None] + second[1][:, None] - own + higher
    return ends, rights


def _climb(cells: Ints, right: Bools, length: int) -> tuple[Ints, Ints]:
    """(climbers, those right at a rung) under each threshold of one axis."""
    count = np.bincount(cells, minlength=length + 1)[:length].cumsum()
    hits = np.bincount(cells[right], minlength=length + 1)[:length].cumsum()
    return count, hits


def _cumulative(cell: Ints, lengths: tuple[int, ...], weights: Bools | None) -> Ints:
    chosen = cell if weights is None else cell[weights]
    rows, columns = lengths[0] + 1, lengths[1] + 1
    table = np.bincount(chosen, minlength=rows * columns).reshape(rows, columns)
    return np.asarray(table[:-1, :-1].cumsum(axis=0).cumsum(axis=1))
