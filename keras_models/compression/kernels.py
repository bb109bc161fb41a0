"""The weights that masks and clusters are of, and a copy of a model to change them in.

Kernels of convolutions and dense layers, the pointwise ones of separable layers too.
Depthwise kernels stay as they are, as in tensorflow-model-optimization: they are a few
per cent of the weights, and one of nine taps is missed more than one of many channels.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.errors import ModelError
from keras_models.compression.contract import ALL_REPAIRS, Repairs
from keras_models.graphs.calls import calls
from keras_models.graphs.copying import copied
from keras_models.graphs.fitting import Fitting
from keras_models.rebuilding import native_resolution, transfer

Float32s = NDArray[np.float32]

_KERNEL = {
    "Conv1D": "kernel",
    "Conv2D": "kernel",
    "Conv2DTranspose": "kernel",
    "Dense": "kernel",
    "SeparableConv1D": "pointwise_kernel",
    "SeparableConv2D": "pointwise_kernel",
}
_INPUTS_LAST = ("Conv2DTranspose",)  # its kernel is (h, w, filters, inputs)


@dataclass(frozen=True)
class Kernel:
    """One kernel of a model."""

    layer: str  # its name
    variable: Any
    inputs: int  # the axis of its input channels

    @property
    def values(self) -> Float32s:
        return np.asarray(self.variable, np.float32)


def kernels(model: keras.Model) -> list[Kernel]:
    """In graph order, models inside the model opened, shared layers once."""
    return list({id(one.variable): one for one in _every(model)}.values())


def _every(model: keras.Model) -> Iterator[Kernel]:
    for call in calls(model).calls:
        if call.kind in _KERNEL:
            variable = getattr(call.operation, _KERNEL[call.kind])
            axis = -1 if call.kind in _INPUTS_LAST else -2
            yield Kernel(str(call.operation.name), variable, axis)


def without_kernels(model: keras.Model) -> str:
    """Empty, or that there is nothing to mask."""
    if kernels(model):
        return ""
    return f"has no layer of {', '.join(_KERNEL)}"


def fresh(model: keras.Model) -> keras.Model:
    """The same network of fresh layers, every tensor transferred and compared.

    Raises:
        InputError: its graph cannot be copied.
    """
    resolution = native_resolution(model)
    operations = Fitting(model).operations(resolution)
    copy: keras.Model = copied(model, resolution, operations)
    transfer(model, copy)
    return copy


Change = Callable[[Kernel], Float32s | None]


def changed(model: keras.Model, change: Change) -> keras.Model:
    """A fresh copy with other kernels.

    Args:
        change: gives the new values of a kernel; None leaves it as it is.
    Raises:
        ModelError: there is nothing to change, or the graph cannot be copied.
    """
    if why := without_kernels(model):
        raise ModelError.of(model.name, why)
    copy = fresh(model)
    for kernel in kernels(copy):
        values = change(kernel)
        if values is not None:
            kernel.variable.assign(values)
    return copy


class OnKernels(ABC):
    """A technique that gives each kernel other values and leaves all else as it is."""

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
        return changed(model, self.change(model, strength))

    @abstractmethod
    def change(self, model: keras.Model, strength: float) -> Change:
        """What a kernel's values become.

        Raises:
            InputError: a strength beyond reach.
        """
