"""Magnitude pruning over the whole network: one threshold for all kernels.

Layers whose weights are small lose more than others, perhaps all but their largest.
Source: Blalock et al. 2020, arXiv:2003.03033, where it is the better baseline.
"""

import keras
import numpy as np

from keras_models.compression.contract import Float32s, check_strength
from keras_models.compression.kernels import Change, Kernel, OnKernels, kernels
from keras_models.compression.magnitude import STRENGTHS, smallest_kept


class MagnitudeGlobal(OnKernels):
    """The smallest weights of all kernels together."""

    name = "magnitude_global"
    what = "the smallest weights of all kernels together become 0"
    strength_is = "the part of all kernels' weights that becomes 0"
    strengths = STRENGTHS

    def change(self, model: keras.Model, strength: float) -> Change:
        check_strength(self.name, strength)
        every = [np.abs(kernel.values).ravel() for kernel in kernels(model)]
        least = smallest_kept(np.concatenate(every), strength) if every else 0.0

        def values_of(kernel: Kernel) -> Float32s:
            values = kernel.values
            magnitudes = np.abs(values)
            largest = magnitudes.max()  # one weight at least is left of each kernel
            return values * (magnitudes >= min(least, float(largest)))

        return values_of
