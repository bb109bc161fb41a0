"""How sure an answer is: scores (n, classes) -> float64 in [0, 1], 1 is surest.

top1, margin: float32 scores read, then float64; the phone repeats them bit for bit.
entropy, calibrated: through log and pow, equal to the last place only where the
platform's are.
"""

from collections.abc import Callable

import numpy as np

from datasets.errors import InputError
from selection.arrays import Float64s, Ints, Scores

_TINY = 1e-30  # stands for a probability of 0 in logarithms
_TEMPERATURES = np.exp(np.linspace(np.log(0.25), np.log(8), 61))


def top1(scores: Scores) -> Float64s:
    """The highest probability. Source: Streeter 2018, arXiv:1802.07697."""
    return np.asarray(np.clip(scores.max(axis=1).astype(np.float64), 0, 1))


def margin(scores: Scores) -> Float64s:
    """The highest less the second highest probability."""
    two = np.partition(scores, -2, axis=1)[:, -2:].astype(np.float64)
    return np.asarray(np.clip(two[:, 1] - two[:, 0], 0, 1))


def entropy(scores: Scores) -> Float64s:
    """1 less the entropy in parts of its maximum, the logarithm of the classes."""
    wide = np.clip(scores.astype(np.float64), _TINY, 1)
    spread = -(wide * np.log(wide)).sum(axis=1) / np.log(scores.shape[1])
    return np.asarray(np.clip(1 - spread, 0, 1))


def calibrated(scores: Scores, temperature: float) -> Float64s:
    """The highest probability after dividing all logits by a temperature.

    Source: Guo et al. 2017, arXiv:1706.04599; logits are log-scores up to a constant.
    """
    return np.asarray(np.clip(_tempered(scores, temperature).max(axis=1), 0, 1))


def fit_temperature(scores: Scores, labels: Ints) -> float:
    """The temperature of least mean log loss, of 61 from 0.25 to 8 (a fixed list)."""
    losses = []
    for temperature in _TEMPERATURES:
        own = _tempered(scores, float(temperature))[np.arange(len(labels)), labels]
        losses.append(-np.log(np.maximum(own, _TINY)).mean())
    return float(_TEMPERATURES[int(np.argmin(losses))])


def _tempered(scores: Scores, temperature: float) -> Float64s:
    raised = np.clip(scores.astype(np.float64), _TINY, 1) ** (1 / temperature)
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


PLAIN: dict[str, Callable[[Scores], Float64s]] = {
    "top1": top1,
    "margin": margin,
    "entropy": entropy,
}
CALIBRATED = "calibrated"
NAMES = (*PLAIN, CALIBRATED)


def confidence(name: str, scores: Scores, temperature: float = 1.0) -> Float64s:
    """The confidence of that name.

    Raises:
        InputError: no such name.
    """
    if name == CALIBRATED:
        return calibrated(scores, temperature)
    if name not in PLAIN:
        raise InputError("confidence", f"{name!r}", f"one of {', '.join(NAMES)}")
    return PLAIN[name](scores)


def running_mean(scores: tuple[Scores, ...]) -> tuple[Scores, ...]:
    """Per rung the mean so far: float32 sum in the rungs' order, then one division."""
    means, total = [], np.zeros_like(scores[0])
    for count, one in enumerate(scores, start=1):
        total = total + one
        means.append((total / np.float32(count)).astype(np.float32))
    return tuple(means)
