"""Pixels -> the input tensor of a rung, as `convert.manifest` says to the letter."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.manifest import Preprocessing, Tensor
from convert.running import quantised

Stored = NDArray[Any]  # of a Tensor's dtype
Float32s = NDArray[np.float32]


def normalised(pixels: Float32s, preprocessing: Preprocessing) -> Float32s:
    """(n, R, R, 3) RGB in 0..255 -> (pixel - mean) / deviation, channels as said."""
    ordered = pixels if preprocessing.channels == "RGB" else pixels[..., ::-1]
    mean, deviation = (
        np.array(v, np.float32) for v in (preprocessing.mean, preprocessing.deviation)
    )
    return np.ascontiguousarray((ordered - mean) / deviation)


def stored(reals: Float32s, tensor: Tensor) -> Stored:
    """Reals as the tensor holds them; whole numbers of no scale are rounded to."""
    if tensor.dtype == "float32" or tensor.scale:
        return quantised(reals, tensor)
    limits = np.iinfo(tensor.dtype)
    return np.clip(np.rint(reals), limits.min, limits.max).astype(tensor.dtype)
