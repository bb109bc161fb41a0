"""What the scores lose by the channels of each group, measured one group at a time.

What its readers lose says which channels of a group go first, but not what that does to
the answers. So each group in turn is left without the channels that a first allocation
takes from it, its readers refitted by their inputs' covariance; the divergence of the
scores (Kullback and Leibler) over the group's own cost is what its cost is worth.
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

PICTURES = 32  # of the calibration pictures
_BATCH = 32


def weighted(
    model: keras.Model,
    groups: Sequence[Group],
    rankings: Sequence[Ranking],
    counts: Sequence[int],
    taken: Mapping[int, Moments],
    pictures: Float32s,
) -> list[Ranking]:
    """Rankings whose costs are divergences of the scores.

    Args:
        counts: how many channels each group is left without when it is measured.
        taken: moments of what readers read.
    """
    twin, seen = rewritten(model, {}), pictures[:PICTURES]
    graph = calls(twin)
    parent, before = _scores(twin, seen), twin.get_weights()
    found = []
    for group, ranking, count in zip(groups, rankings, counts, strict=True):
        gone = np.isin(group.channels, ranking.order[:count])
        for reader in group.readers:
            _leave_out(graph, reader, gone, taken[reader.source])
        lost = divergence(parent, _scores(twin, seen))
        twin.set_weights(before)
        factor = lost / max(float(ranking.cost[count]), 1e-12)
        found.append(replace(ranking, cost=ranking.cost * max(factor, 1e-9)))
    return found


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
