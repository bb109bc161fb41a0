"""Importance by what the readers of a channel lose, once they make up for it.

1. A reader's outputs are W^T x; from the covariance H of x it is known how far its
   outputs move when some x are left out and W is refitted: for a set B by
   tr(W_B^T ((H^-1)_BB)^-1 W_B). Hassibi and Stork 1993 (optimal brain surgeon).
2. Outputs count as the batch normalisation that follows scales them, and as parts of
   their whole variance, so that layers can be compared.
3. A few channels with the smallest loss over all readers go at a time; H^-1 and W are
   brought up to date, so what goes next is judged without them.

The taps of a kernel are taken one by one: each has the covariance of a channel at one
place, so that a kernel of 3 x 3 over C channels needs C x C numbers, not 9C x 9C.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_models.compression.channels.groups import Group, Reader
from keras_models.compression.channels.ranking import Float64s, Ranking
from keras_models.compression.channels.trace import Numbers
from keras_models.compression.moments import Moments

_ROUNDS = 64  # of letting channels of a group go, about
DAMPING = 1e-7  # of the mean variance, where there are many vectors
_MANY = 100  # vectors to a channel
Scales = Callable[[Any], Float64s | None]  # layer -> what its outputs are multiplied by


@dataclass
class _State:
    """One reader while channels go."""

    inverse: Float64s  # (channels, channels) of the group, of H^-1
    weights: Float64s  # (channels, taps x outputs), as refitted so far
    energy: float  # variance of all its outputs

    def losses(self) -> Float64s:
        """(channels,): of each going alone."""
        own = np.maximum(np.diag(self.inverse), np.finfo(np.float64).tiny)
        return np.asarray((self.weights**2).sum(axis=1) / own / self.energy)

    def without(self, places: Any) -> float:
        """Lets channels go; returns what that loses."""
        block = self.inverse[np.ix_(places, places)]
        solved = np.linalg.solve(block, self.weights[places])
        loss = float((solved * self.weights[places]).sum()) / self.energy
        columns = self.inverse[:, places]
        self.weights -= columns @ solved
        self.inverse -= columns @ np.linalg.solve(block, columns.T)
        return loss

    def only(self, places: Any) -> None:
        """Drops the rest, which was let go: there is less to bring up to date."""
        self.inverse = self.inverse[np.ix_(places, places)]
        self.weights = self.weights[places]


@dataclass(frozen=True)
class Reconstruction:
    """What readers can make up for goes first."""

    scales: Scales
    needs_moments = True

    def rank(self, group: Group, taken: Mapping[int, Moments]) -> Ranking:
        states = [self._state(one, taken[one.source]) for one in group.readers]
        left, order, cost = group.channels, [group.channels[:0]], [np.zeros(1)]
        together = max(group.step, len(left) // _ROUNDS)
        while len(left):
            losses = np.sum([state.losses() for state in states], axis=0)
            ranked = np.argsort(losses, kind="stable")
            going, staying = ranked[:together], np.sort(ranked[together:])
            loss = sum(max(0.0, state.without(going)) for state in states)
            for state in states:
                state.only(staying)
            parts = np.arange(1, len(going) + 1) / len(going)
            cost.append(cost[-1][-1] + loss * parts)
            order.append(left[going])
            left = left[staying]
        return Ranking(np.concatenate(order), np.concatenate(cost))

    def _state(self, reader: Reader, moments: Moments) -> _State:
        kernel = np.asarray(reader.layer.get_weights()[0], np.float64)
        scale = self.scales(reader.layer)
        if scale is not None:
            kernel = kernel * scale
        weights = by_channel(kernel, reader.width)
        covariance = moments.covariance
        energy = float((weights * (covariance @ weights)).sum())
        inverse = inverted(moments)
        inverse = inverse[np.ix_(reader.rows, reader.rows)]
        return _State(inverse, weights[reader.rows].copy(), max(energy, 1e-30))


def by_channel(kernel: Float64s, width: int) -> Float64s:
    """(channels read, taps x outputs) of a kernel (taps.., channels, outputs)."""
    taps = kernel.reshape(-1, width, kernel.shape[-1])
    return taps.transpose(1, 0, 2).reshape(width, -1)


def made_up_for(
    kernel: Any, gone: Numbers, moments: Moments
) -> tuple[Float64s, Float64s]:
    """A kernel that does not see some channels, the others making up for them.

    Args:
        kernel: (taps.., channels, outputs), or a dense one over a flattened map.
        gone: which channels, as `moments` counts them.
    Returns:
        The kernel, 0 where it would see them, and what its outputs lack on average.
    """
    width, outputs = len(moments.mean), kernel.shape[-1]
    weights = by_channel(np.asarray(kernel, np.float64), width)
    inverse = inverted(moments)
    block = np.linalg.solve(inverse[np.ix_(gone, gone)], weights[gone])
    left = weights - inverse[:, gone] @ block
    left[gone] = 0
    lost = (moments.mean @ (weights - left)).reshape(-1, outputs).sum(axis=0)
    by_tap = left.reshape(width, -1, outputs).transpose(1, 0, 2)
    return by_tap.reshape(kernel.shape), lost


def inverted(moments: Moments) -> Float64s:
    """The inverse of a covariance, its diagonal raised the more the fewer vectors.

    What few vectors say about many channels is mostly chance.
    """
    covariance, width = moments.covariance, len(moments.mean)
    fewness = max(1.0, _MANY * width / max(1, moments.count))
    mean = float(np.trace(covariance)) / max(1, width)
    more = max(DAMPING * fewness**2.5 * mean, 1e-12)
    return np.asarray(np.linalg.inv(covariance + more * np.eye(width)), np.float64)
