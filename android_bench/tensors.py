"""Tensors as the bench packs them."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.manifest import Tensor

Stored = NDArray[Any]  # of a Tensor's dtype
Float32s = NDArray[np.float32]
DTYPES = ("float32", "uint8", "int8", "int16")  # their places are codes in packed files


def elements(tensor: Tensor) -> int:
    """Values of one image."""
    return math.prod(tensor.shape)
