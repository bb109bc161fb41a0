"""Weights that give what is wanted from what is seen, held near those there are."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]

RIDGE = 1e-3  # of the mean square of an input, where there are many rows
STEPS = 4
_MANY = 4  # rows to an input; the fewer there are, the nearer weights are held


def solved(
    inputs: Float32s, wanted: Float32s, weights: Float64s, offset: bool
) -> tuple[Float64s, Float64s]:
    """(weights near those given, an offset): the least squares of inputs to wanted.

    The ridge is taken in several steps, each from where the last one ended: what the
    pictures tell is fitted all but exactly, what they do not stays as it was.

    Args:
        inputs: (rows, d).
        wanted: (rows, outputs).
        weights: (d, outputs).
        offset: whether there is one; else 0.
    """
    missing = wanted - inputs @ weights.astype(np.float32)
    mean = inputs.mean(axis=0, dtype=np.float64) * offset
    shift = missing.mean(axis=0, dtype=np.float64) * offset
    centred = inputs - mean.astype(np.float32)
    step = _ridge(centred, missing - shift.astype(np.float32))
    return weights + step, shift - mean @ step


def _ridge(inputs: Float32s, missing: Float32s) -> Float64s:
    """(d, outputs): what to add to the weights."""
    rows, size = inputs.shape
    by_rows = rows < size  # the same solution by way of the rows, in a smaller system
    sides = (inputs, inputs.T) if by_rows else (inputs.T, inputs)
    products = (sides[0] @ sides[1]).astype(np.float64)
    fewness = max(1.0, _MANY * size / max(1, rows))
    ridge = RIDGE * fewness**2 * float(np.trace(products)) / size + 1e-12
    damped = cho_factor(products + ridge * np.eye(len(products)), overwrite_a=True)
    target = (missing if by_rows else inputs.T @ missing).astype(np.float64)
    step = np.zeros_like(target)
    for _ in range(STEPS):
        step += cho_solve(damped, target - products @ step)
    return inputs.T @ step if by_rows else step


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
