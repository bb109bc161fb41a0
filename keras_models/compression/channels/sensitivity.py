"""What the scores lose by the channels of each group, measured one group at a time.

What its readers lose says which channels of a group go first, not what that does to
the answers. So each group in turn is left without a quarter of its channels, readers
refitted by the covariance of their inputs; the divergence of the scores (Kullback and
Leibler) over the group's own cost is what its cost is worth. The pictures are not those
of the covariances: on these, what is made up for by chance would look harmless.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from keras_models.compression.channels.groups import Group, Reader
from keras_models.compression.channels.looking import norm_after
from keras_models.compression.channels.ranking import Ranking
from keras_models.compression.channels.reconstruction import made_up_for
from keras_models.compression.moments import Float32s, Moments
from keras_models.compression.surgery import rewritten
from keras_models.graphs.calls import Calls, calls

PICTURES = 32  # at most
_BATCH = 32
_PART = 1 / 4  # of a group's channels
_FELT = 1e-3  # of its readers' outputs a group loses at least when it is measured
_APART = 100  # times the usual worth, at most: beyond it is chance


def weighted(
    model: keras.Model,
    groups: Sequence[Group],
    rankings: Sequence[Ranking],
    taken: Mapping[int, Moments],
    pictures: Float32s,
) -> list[Ranking]:
    """Rankings whose costs are divergences of the scores.

    Args:
        taken: moments of what readers read, on other pictures.
    """
    twin, seen = rewritten(model, {}), pictures[:PICTURES]
    graph = calls(twin)
    parent, before = _scores(twin, seen), twin.get_weights()
    factors = []
    for group, ranking in zip(groups, rankings, strict=True):
        count = _count(group, ranking)
        left_out = np.isin(group.channels, ranking.order[:count])
        for reader in group.readers:
            _leave_out(graph, reader, left_out, taken[reader.source])
        lost = divergence(parent, _scores(twin, seen))
        twin.set_weights(before)
        factors.append(lost / max(float(ranking.cost[count]), 1e-12))
    usual = float(np.median([factor for factor in factors if factor > 0] or [1.0]))
    sure = np.clip(factors, usual / _APART, usual * _APART)
    return [
        replace(ranking, cost=ranking.cost * factor)
        for ranking, factor in zip(rankings, sure, strict=True)
    ]


def _count(group: Group, ranking: Ranking) -> int:
    """How many channels a group is left without when it is measured."""
    size = len(group.channels)
    felt = int(np.searchsorted(ranking.cost, _FELT))
    return min(max(round(_PART * size), felt, 1), size)


def divergence(parent: Float32s, here: Float32s) -> float:
    """The mean of sum(p log(p / q)) over pictures; (n, classes) each."""
    ratio = np.log(parent.clip(1e-9)) - np.log(here.clip(1e-9))
    return float((parent * ratio).sum(axis=1).mean())


def _scores(model: keras.Model, pictures: Float32s) -> Float32s:
    batches = [
        np.asarray(model(pictures[start : start + _BATCH], training=False), np.float32)
        for start in range(0, len(pictures), _BATCH)
    ]
    return np.concatenate(batches)


def _leave_out(graph: Calls, reader: Reader, gone: Any, moments: Moments) -> None:
    """Refits a reader of a twin so that it does not see some channels."""
    layer = next(
        call.operation for call in graph.calls if call.outputs == reader.call.outputs
    )
    kernel, *bias = layer.get_weights()
    left, lost = made_up_for(kernel, reader.rows[gone], moments)
    norm = norm_after(graph, reader.call.outputs[0])
    if bias:
        bias = [bias[0] + lost]
    elif norm is not None:
        norm.moving_mean.assign(norm.moving_mean - lost.astype(np.float32))
    layer.set_weights([left, *bias])
