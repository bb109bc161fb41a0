"""Magnitude pruning layer by layer: of each kernel the smallest weights become 0.

Source: Han et al. 2015, arXiv:1506.02626; the threshold is that of
tensorflow-model-optimization (Zhu and Gupta 2017, arXiv:1710.01878): of n weights the
round(n * (1 - strength)) largest stay, and what is as large as the last of them.
"""

import keras
import numpy as np
from numpy.typing import NDArray

from keras_models.compression.contract import Float32s, check_strength
from keras_models.compression.kernels import Change, Kernel, OnKernels

STRENGTHS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def smallest_kept(magnitudes: Float32s, strength: float) -> float:
    """The least magnitude that stays.

    Args:
        magnitudes: (n,), of any order.
    """
    count = np.float32(magnitudes.size) * (np.float32(1) - np.float32(strength))
    kept = max(int(np.rint(count)), 1)
    return float(np.partition(magnitudes, magnitudes.size - kept)[-kept])


def mask(weights: Float32s, strength: float) -> NDArray[np.bool_]:
    """Which weights stay."""
    magnitudes = np.abs(weights)
    return np.asarray(magnitudes >= smallest_kept(magnitudes.ravel(), strength))


class Magnitude(OnKernels):
    """The smallest weights of each kernel."""

    name = "magnitude"
    what = "the smallest weights of each kernel become 0"
    strength_is = "the part of each kernel's weights that becomes 0"
    strengths = STRENGTHS

    def change(self, model: keras.Model, strength: float) -> Change:
        del model
        check_strength(self.name, strength)

        def values_of(kernel: Kernel) -> Float32s:
            return kernel.values * mask(kernel.values, strength)

        return values_of
