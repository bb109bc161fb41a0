"""Importance by the L1 norm of a filter. Li et al. 2017, arXiv:1608.08710.

A channel that several layers make, added to one another, has the mean of its shares of
each layer's norms.
"""

from collections.abc import Mapping

import numpy as np

from keras_models.compression.channels.groups import Group
from keras_models.compression.channels.ranking import (
    Ranking,
    by_score,
    filters,
    mean_share,
)
from keras_models.compression.moments import Moments


class L1:
    """The smallest filters go first; no picture is looked at."""

    needs_moments = False

    def rank(self, group: Group, taken: Mapping[int, Moments]) -> Ranking:
        del taken
        norms = [np.abs(filters(maker)).sum(axis=1) for maker in group.makers]
        return by_score(group, mean_share(norms))
