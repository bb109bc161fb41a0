"""Trains `learned` on stored scores and thumbnails of calibration images."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from datasets.errors import InputError
from selection.arrays import Float64s
from selection.replay import replay
from selection.scored import Scored
from selection.selectors.learned import Dense, Learned

_HIDDEN = 16
_PENALTY = 3.0
_ITERATIONS = 300


@dataclass(frozen=True, eq=False)
class Priced:
    """Prices from none up, and what each gives on the images that it was fitted on."""

    prices: Float64s  # (points,)
    accuracy: Float64s
    macs: Float64s  # mean of one image


def fit_learned(scored: Scored, seed: int = 0) -> Learned:
    """The net, at price 0.

    Args:
        scored: the ladder's rungs, with the looks of the images.
    Raises:
        InputError: no looks, or one rung only.
    """
    if scored.looks is None or len(scored.rungs) < 2:
        raise InputError.of(
            "learned", "needs thumbnails, and two rungs or more to choose of"
        )
    mean, scale = scored.looks.mean(axis=0), scored.looks.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    net = MLPClassifier(
        (_HIDDEN,),
        solver="lbfgs",
        alpha=_PENALTY,
        max_iter=_ITERATIONS,
        random_state=seed,
    )
    with warnings.catch_warnings():
        # stopping early is part of the recipe
        warnings.simplefilter("ignore", ConvergenceWarning)
        net.fit((scored.looks - mean) / scale, scored.right.astype(int))
    first = net.coefs_[0] / scale[:, None]
    layers = (
        _dense(first, net.intercepts_[0] - mean @ first),
        _dense(net.coefs_[1], net.intercepts_[1]),
    )
    costs = tuple(macs / scored.macs[-1] for macs in scored.macs)
    return Learned(scored.rungs, costs, layers)


def prices(selector: Learned, scored: Scored, points: int = 200) -> Priced:
    """Quantiles of the prices at which some image changes between two rungs."""
    if scored.looks is None:
        raise InputError.of("learned", "needs thumbnails")
    chances, costs = selector.chances(scored.looks), np.array(selector.costs)
    changes = [
        (chances[:, upper] - chances[:, lower]) / (costs[upper] - costs[lower])
        for upper in range(1, len(costs))
        for lower in range(upper)
        if costs[lower] < costs[upper]
    ]
    positive = np.concatenate([np.empty(0), *changes])
    positive = positive[positive > 0]
    parts = np.linspace(0, 1, points)
    quantiles = np.quantile(positive, parts) if positive.size else np.empty(0)
    tried = np.unique(np.concatenate([[0.0], quantiles, [1e6]]))
    replays = [replay(selector.with_price(float(price)), scored) for price in tried]
    return Priced(
        tried,
        np.array([one.accuracy for one in replays]),
        np.array([one.mean_macs for one in replays]),
    )


def _dense(weights: Float64s, biases: Float64s) -> Dense:
    rows = tuple(tuple(float(value) for value in row) for row in weights)
    return Dense(rows, tuple(float(value) for value in biases))
