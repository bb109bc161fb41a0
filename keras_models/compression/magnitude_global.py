"""Magnitude pruning over the whole network: one threshold for all kernels.

Layers whose weights are small lose more than others, perhaps all but their largest.
Source: Blalock et al. 2020, arXiv:2003.03033, where it is the better baseline.
"""

import keras
import numpy as np

from keras_models.compression.contract import (
    ALL_REPAIRS,
    Float32s,
    Repairs,
    check_strength,
)
from keras_models.compression.kernels import Kernel, changed, kernels, without_kernels
from keras_models.compression.magnitude import STRENGTHS, smallest_kept


class MagnitudeGlobal:
    """The smallest weights of all kernels together."""

    name = "magnitude_global"
    what = "the smallest weights of all kernels together become 0"
    strength_is = "the part of all kernels' weights that becomes 0"
    strengths = STRENGTHS
    keeps = "all other weights, biases and batch norm, to the bit"
    needs_pictures = False

    def applies(self, model: keras.Model) -> str:
        return without_kernels(model)

    def apply(
        self,
        model: keras.Model,
        strength: float,
        pictures: Float32s,
        repairs: Repairs = ALL_REPAIRS,
    ) -> keras.Model:
        del pictures, repairs
        check_strength(self.name, strength)
        every = [np.abs(kernel.values).ravel() for kernel in kernels(model)]
        least = smallest_kept(np.concatenate(every), strength) if every else 0.0

        def change(kernel: Kernel) -> Float32s:
            values = kernel.values
            magnitudes = np.abs(values)
            largest = magnitudes.max()  # one weight at least is left of each kernel
            return values * (magnitudes >= min(least, float(largest)))

        return changed(model, change)
