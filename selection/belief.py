"""How likely an answer is right, where a label says it and where none does.

A label decides. Without one, what all the stored rungs say together stands in for it: a
weighted mean of their scores. A rung's weight is the log odds that its answer is the
one that the mean gives, found by turns: rungs that often stand alone count little, as
in Dawid and Skene 1979, Appl. Stat. 28. A mean of probabilities is less sure than it is
right, so it is sharpened until it is as sure, on average, as the surest rung is by
itself. It steers the search and the order in which labels are asked for; nothing that
is certified rests on it.
"""

import numpy as np

from selection.arrays import Float64s, Ints, Scores
from selection.scored import Scored

_TURNS = 4
_LEAST_ODDS = 0.1
_MOST_SHARP, _HALVINGS = 3.0, 10
_TINY = 1e-12


def belief(scored: Scored) -> Scores:
    """(n, classes): what the rungs say together; 1 for the class of a label."""
    total = _together(scored)
    rows = np.flatnonzero(scored.labelled)
    total[rows] = 0
    total[rows, scored.labels[rows]] = 1
    return total


def _together(scored: Scored) -> Scores:
    weights = np.ones(len(scored.rungs))
    for _ in range(_TURNS):
        mean = _mean(scored, weights)
        alike = (scored.answers == mean.argmax(axis=1)[:, None]).sum(axis=0) + 1
        rate = alike / (scored.images + 2)
        weights = np.maximum(np.log(rate / (1 - rate)), _LEAST_ODDS)
    return _sharpened(scored, _mean(scored, weights))


def _sharpened(scored: Scored, mean: Scores) -> Scores:
    """Powers of the mean, made to sum to 1: the exponent is found by halving."""
    wanted = max(float(scores.max(axis=1).mean()) for scores in scored.scores)
    low, high = 1.0, _MOST_SHARP
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        sure = float(_raised(mean, middle).max(axis=1).mean())
        low, high = (middle, high) if sure < wanted else (low, middle)
    return _raised(mean, low)


def _raised(mean: Scores, power: float) -> Scores:
    raised = np.maximum(mean, np.float32(_TINY)) ** np.float32(power)
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _mean(scored: Scored, weights: Float64s) -> Scores:
    total = np.zeros_like(scored.scores[0])
    for weight, scores in zip(weights / weights.sum(), scored.scores, strict=True):
        total += np.float32(weight) * scores
    return total


def believed(beliefs: Scores, answers: Ints) -> Float64s:
    """(n, ..) chance that each answer is right; answers (n, ..)."""
    flat = answers.reshape(len(answers), -1)
    likely = np.take_along_axis(beliefs, flat, axis=1).astype(np.float64)
    return np.asarray(np.clip(likely.reshape(answers.shape), 0, 1))
