"""Weights that give what is wanted from what is seen, held near those there are."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]

RIDGES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # of the mean square of an input
STEPS = 4


def solved(
    inputs: Float32s,
    wanted: Float32s,
    weights: Float64s,
    offset: bool,
    judging: int = 0,
) -> tuple[Float64s, Float64s]:
    """(weights near those given, an offset): the least squares of inputs to wanted.

    How near, the last rows tell, on which nothing is fitted: what few pictures say of
    many weights is mostly chance. The ridge is taken in several steps, each from where
    the last one ended: what pictures tell is fitted all but exactly, the rest stays.

    Args:
        inputs: (rows, d).
        wanted: (rows, outputs).
        weights: (d, outputs).
        offset: whether there is one; else 0.
        judging: how many of the last rows judge; 0: none, and the smallest ridge.
    """
    missing = wanted - inputs @ weights.astype(np.float32)
    fitted = len(inputs) - judging
    mean = inputs[:fitted].mean(axis=0, dtype=np.float64) * offset
    shift = missing[:fitted].mean(axis=0, dtype=np.float64) * offset
    centred = inputs - mean.astype(np.float32)
    missing = missing - shift.astype(np.float32)
    steps = _ridged(
        centred[:fitted], missing[:fitted], RIDGES if judging else RIDGES[:1]
    )
    step = _best(steps, centred[fitted:], missing[fitted:])
    return weights + step, shift - mean @ step


def _ridged(
    inputs: Float32s, missing: Float32s, ridges: Sequence[float]
) -> Iterator[Float64s]:
    """For each ridge (d, outputs): what to add to the weights."""
    rows, size = inputs.shape
    by_rows = rows < size  # the same solution by way of the rows, in a smaller system
    factors = (inputs, inputs.T) if by_rows else (inputs.T, inputs)
    products = (factors[0] @ factors[1]).astype(np.float64)
    target = (missing if by_rows else inputs.T @ missing).astype(np.float64)
    mean = float(np.trace(products)) / size
    for ridge in ridges:
        more = np.eye(len(products)) * (ridge * mean + 1e-12)
        damped = cho_factor(products + more, overwrite_a=True)
        step = np.zeros_like(target)
        for _ in range(STEPS):
            step += cho_solve(damped, target - products @ step)
        yield inputs.T @ step if by_rows else step


def _best(steps: Iterator[Float64s], inputs: Float32s, missing: Float32s) -> Float64s:
    """What leaves least missing where nothing was fitted; the first if none judge."""
    first = next(steps)
    if not len(inputs):
        return first
    scale = np.maximum(missing.std(axis=0), 1e-12)
    best = np.zeros_like(first)
    least = float(np.square(missing / scale).sum())
    for step in (first, *steps):
        left = (missing - inputs @ step.astype(np.float32)) / scale
        if (now := float(np.square(left).sum())) < least:
            best, least = step, now
    return best


def solved_each(
    inputs: Float32s, wanted: Float32s, weights: Float64s, offset: bool
) -> tuple[Float64s, Float64s]:
    """`solved` for each channel alone, as a depthwise convolution sees them.

    Args:
        inputs: (rows, taps x channels).
        wanted: (rows, channels).
        weights: (height, width, channels, 1).
    """
    channels = weights.shape[2]
    seen = inputs.reshape(len(inputs), -1, channels)
    fitted = np.empty((seen.shape[1], channels))
    shift = np.empty(channels)
    taps = weights.reshape(-1, channels)
    for channel in range(channels):
        own = slice(channel, channel + 1)
        columns = np.ascontiguousarray(seen[:, :, channel])
        solution, moved = solved(columns, wanted[:, own], taps[:, own], offset)
        fitted[:, channel], shift[channel] = solution[:, 0], moved[0]
    return fitted, shift
