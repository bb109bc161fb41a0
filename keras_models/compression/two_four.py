"""2:4 pruning: of each four neighbouring input channels two weights become 0.

Some accelerators multiply such kernels at twice the speed; CPUs do not. The groups run
along the input channels, as .tflite files store them; of a last group of fewer than
four, two weights stay. Source: Mishra et al. 2021, arXiv:2104.08378.
"""

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.errors import InputError
from keras_models.compression.contract import Float32s
from keras_models.compression.kernels import Change, Kernel, OnKernels

STRENGTH = 0.5
_GROUP, _KEPT = 4, 2


def mask(weights: Float32s, axis: int) -> NDArray[np.bool_]:
    """Which weights stay; of equal ones the first.

    Args:
        axis: of the input channels.
    """
    last = np.moveaxis(np.abs(weights), axis, -1)
    lacking = -last.shape[-1] % _GROUP
    filled = np.pad(last, [(0, 0)] * (last.ndim - 1) + [(0, lacking)])
    groups = filled.reshape(*filled.shape[:-1], -1, _GROUP)
    order = np.argsort(-groups, axis=-1, kind="stable")
    kept = np.zeros(groups.shape, np.bool_)
    np.put_along_axis(kept, order[..., :_KEPT], True, axis=-1)
    inside = kept.reshape(filled.shape)[..., : last.shape[-1]]
    return np.moveaxis(inside, -1, axis)


class TwoFour(OnKernels):
    """Two of four along the input channels."""

    name = "two_four"
    what = "of each four neighbouring input channels the two smaller weights become 0"
    strength_is = "always 0.5: two of four weights"
    strengths = (STRENGTH,)

    def change(self, model: keras.Model, strength: float) -> Change:
        del model
        if strength != STRENGTH:
            raise InputError(
                "strength", f"{strength:g}", "0.5 or none for two_four: two of four"
            )

        def values_of(kernel: Kernel) -> Float32s:
            return kernel.values * mask(kernel.values, kernel.inputs)

        return values_of
