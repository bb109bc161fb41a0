"""How many channels of each group go, for a part of the whole network's MACs.

Step by step the group goes on that loses least per multiply-accumulate saved. MACs of a
kernel are in proportion to the channels that it reads and to those that it makes, so
each step knows what it saves of the network as it then is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_models.compression.channels.groups import Group
from keras_models.compression.channels.ranking import Float64s, Ranking
from keras_models.compression.channels.trace import KERNELS, Numbers, Trace
from keras_models.macs import count_macs, layer_macs

_DEPTHWISE = ("DepthwiseConv1D", "DepthwiseConv2D")
LEAST = 1 / 8  # of a group's channels always stay


@dataclass(frozen=True, kw_only=True)
class Prices:
    """MACs of a network as a function of how many channels of each group are left."""

    whole: int  # as `keras_models.macs` counts them
    rest: int  # of layers that read and make no channel of a group
    macs: Float64s  # (kernels,) at full width
    taken: Float64s  # (kernels, 1 + groups): parts of the input each group makes up
    given: Float64s  # likewise of the output; first the part that always stays

    def saved(self, left: Float64s) -> Float64s:
        """(...,) parts of the whole that are saved, for (..., groups) parts left."""
        return 1 - (self.rest + self._macs(left)) / self.whole

    def _macs(self, left: Float64s) -> Float64s:
        parts = np.concatenate([np.ones((*left.shape[:-1], 1)), left], axis=-1)
        both = (parts @ self.taken.T) * (parts @ self.given.T)
        return np.asarray((self.macs * both).sum(axis=-1))


def prices(model: keras.Model, trace: Trace, groups: Sequence[Group]) -> Prices:
    """What each group's channels cost in a model."""
    macs, taken, given = [], [], []
    for call in trace.calls.calls:
        if call.kind not in (*KERNELS, *_DEPTHWISE):
            continue
        if not isinstance(call.operation, keras.Layer):
            continue
        source, target = call.inputs[0], call.outputs[0]
        macs.append(layer_macs(call.operation, trace.shapes[source]))
        reads = _parts(trace.numbers[source], groups)
        taken.append(_whole(groups) if call.kind in _DEPTHWISE else reads)
        given.append(_parts(trace.numbers[target], groups))
    whole = count_macs(model).macs
    return Prices(
        whole=whole,
        rest=whole - sum(macs),
        macs=np.array(macs, np.float64),
        taken=np.array(taken),
        given=np.array(given),
    )


def allocated(
    prices: Prices,
    groups: Sequence[Group],
    rankings: Sequence[Ranking],
    strength: float,
) -> tuple[Numbers, float]:
    """(the channels that go, the part of the MACs that goes with them).

    The part is at least `strength`, or the most that can be had.
    """
    sizes = np.array([len(group.channels) for group in groups])
    gone = np.zeros(len(groups), np.int64)
    saved = 0.0
    while saved < strength:
        best = _next(prices, groups, rankings, gone, sizes)
        if best is None:
            break
        gone[best] += groups[best].step
        saved = float(prices.saved(1 - gone / sizes))
    channels = [one.order[:count] for one, count in zip(rankings, gone, strict=True)]
    return np.concatenate([*channels, np.zeros(0, np.int64)]), saved


def _next(
    prices: Prices, groups: Sequence[Group], rankings: Sequence[Ranking],
    gone: Numbers, sizes: Numbers,
) -> int | None:  # fmt: skip
    """The group to go on with; None: none has channels to spare."""
    steps = np.array([group.step for group in groups])
    able = gone + steps <= np.floor(sizes * (1 - LEAST))
    if not able.any():
        return None
    tried = gone + np.diag(steps)
    saving = prices.saved(1 - tried / sizes) - prices.saved(1 - gone / sizes)
    losing = np.array(
        [
            ranking.cost[count + step] - ranking.cost[count] if possible else np.inf
            for ranking, count, step, possible in zip(
                rankings, gone, steps, able, strict=True
            )
        ]
    )
    each = np.where(saving > 0, losing / np.maximum(saving, 1e-12), np.inf)
    best = int(np.argmin(each))
    return best if np.isfinite(each[best]) else None


def _parts(numbers: Numbers, groups: Sequence[Group]) -> Float64s:
    within = [np.isin(numbers, group.channels).mean() for group in groups]
    return np.array([1 - sum(within), *within])


def _whole(groups: Sequence[Group]) -> NDArray[Any]:
    return np.array([1.0, *np.zeros(len(groups))])
