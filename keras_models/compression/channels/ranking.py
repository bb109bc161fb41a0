"""In which order channels of a group go, and what each loss is worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from keras_models.compression.channels.groups import Group, Maker
from keras_models.compression.channels.trace import Numbers
from keras_models.compression.moments import Moments

Float64s = NDArray[np.float64]


@dataclass(frozen=True)
class Ranking:
    """A group's channels in the order in which they go."""

    order: Numbers  # channels, as a Trace numbers them
    cost: Float64s  # (channels + 1,): of letting go of the first k; ascending from 0


class Importance(Protocol):
    """What tells which channels may go."""

    @property
    def needs_moments(self) -> bool:
        """Whether it looks at what the readers of a group take."""

    def rank(self, group: Group, taken: Mapping[int, Moments]) -> Ranking:
        """Ranks the channels of one group.

        Args:
            taken: moments of each value that a reader reads, by the value's number.
        """


def by_score(group: Group, scores: Float64s) -> Ranking:
    """The lowest score goes first; a channel costs its share of all scores."""
    order = np.argsort(scores, kind="stable")
    share = scores[order] / max(float(scores.sum()), np.finfo(np.float64).tiny)
    return Ranking(group.channels[order], np.concatenate([[0.0], np.cumsum(share)]))


def filters(maker: Maker) -> Float64s:
    """(channels, numbers of one filter) of a layer that makes a group."""
    kernel = np.asarray(maker.layer.get_weights()[0], np.float64)
    return kernel.reshape(-1, kernel.shape[-1]).T[maker.filters]


def mean_share(scores: Sequence[Float64s]) -> Float64s:
    """Scores of one channel by several makers: the mean of its shares."""
    shares = [score / max(float(score.sum()), 1e-30) for score in scores]
    return np.asarray(np.mean(shares, axis=0))
