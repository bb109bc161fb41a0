"""Importance by the distance to the other filters. He et al. 2019, arXiv:1811.00250.

The filter nearest to the geometric median of all is the one that the others replace
best: the one whose distances to them have the smallest sum.
"""

from collections.abc import Mapping

import numpy as np

from keras_models.compression.channels.groups import Group
from keras_models.compression.channels.ranking import (
    Float64s,
    Ranking,
    by_score,
    filters,
    mean_share,
)
from keras_models.compression.moments import Moments


class GeometricMedian:
    """The filters most like the others go first; no picture is looked at."""

    needs_moments = False

    def rank(self, group: Group, taken: Mapping[int, Moments]) -> Ranking:
        del taken
        sums = [_distances(filters(maker)).sum(axis=1) for maker in group.makers]
        return by_score(group, mean_share(sums))


def _distances(rows: Float64s) -> Float64s:
    """(n, n): Euclidean, between all pairs."""
    squares = (rows**2).sum(axis=1)
    between = squares[:, None] + squares[None, :] - 2 * rows @ rows.T
    return np.asarray(np.sqrt(between.clip(0)))
