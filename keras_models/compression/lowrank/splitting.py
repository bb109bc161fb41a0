"""The Keras layers of a split."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_models.compression.lowrank.splits import Ranks, Split
from keras_models.compression.surgery import Part

Float64s = NDArray[np.float64]


def kernel_shape(layer: Any) -> tuple[int, ...]:
    """(height, width, channels, filters); a dense layer's is 1 x 1."""
    shape = tuple(layer.kernel.shape)
    return shape if len(shape) == 4 else (1, 1, *shape)


def split_layers(
    layer: Any,
    split: Split,
    ranks: Ranks,
    kernels: Sequence[Float64s],
    offset: Float64s,
) -> list[Part]:
    """Keras layers of these kernels, the last with offset and activation.

    Of a dense layer, dense layers.
    """
    dense = type(layer).__name__ == "Dense"
    sizes = split.shapes(kernel_shape(layer), ranks)
    parts = []
    for number, (kernel, shape) in enumerate(zip(kernels, sizes, strict=True)):
        last = number == len(kernels) - 1
        settings: dict[str, Any] = {
            "name": f"{layer.name}_{split.name}{number + 1}",
            "use_bias": last,
            "activation": layer.activation if last else None,
            "dtype": layer.dtype_policy,
        }
        if dense:
            made = keras.layers.Dense(shape[3], **settings)
            kernel = kernel[0, 0]
        else:
            made = keras.layers.Conv2D(
                shape[3],
                shape[:2],
                strides=_strides(layer, split, number),
                padding=layer.padding,
                dilation_rate=_dilation(layer, shape),
                **settings,
            )
        made.build((None, *[None] * (0 if dense else 2), shape[2]))
        weights = [kernel, offset] if last else [kernel]
        made.set_weights(weights)
        parts.append(Part(made, made.get_weights()))
    return parts


def _strides(layer: Any, split: Split, number: int) -> tuple[int, int]:
    rows, columns = split.strided
    return (
        layer.strides[0] if number == rows else 1,
        layer.strides[1] if number == columns else 1,
    )


def _dilation(layer: Any, shape: Sequence[int]) -> tuple[int, int]:
    return (
        layer.dilation_rate[0] if shape[0] > 1 else 1,
        layer.dilation_rate[1] if shape[1] > 1 else 1,
    )
