"""The k x k convolutions of a model: where a module can stand in the place of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, layers
from numpy.typing import NDArray

from keras_models.graphs.shapes import Step, standard, steps

Float32s = NDArray[np.float32]
Pair = tuple[int, int]
_COLOURS = 3  # a convolution of so few channels reads the picture itself


@dataclass(frozen=True, kw_only=True)
class Site:
    """One k x k convolution, and all that a module in its place must keep to."""

    layer: Any  # the keras.layers.Conv2D
    step: int  # its number in the graph
    depth: int  # channels that it reads
    padded: Pair | None = None  # rows, columns of zeros on each side; the module adds
    padding_step: int = -1  # the ZeroPadding2D that does so in the model

    @property
    def name(self) -> str:
        return str(self.layer.name)

    @property
    def filters(self) -> int:
        return int(self.layer.filters)

    @property
    def taps(self) -> int:
        """The side of its kernel."""
        return int(self.layer.kernel_size[0])

    @property
    def strides(self) -> Pair:
        rows, columns = self.layer.strides
        return int(rows), int(columns)

    @property
    def kernel(self) -> Float32s:
        """(taps, taps, depth, filters)."""
        return np.asarray(self.layer.get_weights()[0], np.float32)

    @property
    def bias(self) -> list[Float32s]:
        """Its bias as a list of one, or an empty list."""
        return list(self.layer.get_weights()[1:])

    @property
    def linear(self) -> bool:
        """Whether it has no activation of its own."""
        return self.layer.activation is keras.activations.linear

    @property
    def border(self) -> str:
        """The padding of a kernel in its place, after `with_zeros`."""
        return "valid" if self.padded else str(self.layer.padding)

    def named(self, what: str) -> str:
        """The name of one of the module's layers."""
        return f"{self.name}_{what}"

    def with_zeros(self, features: KerasTensor, what: str = "zeros") -> KerasTensor:
        """The map with the zeros that the model puts around it before a kernel."""
        if self.padded is None:
            return features
        return layers.ZeroPadding2D(self.padded, name=self.named(what))(features)

    def under_centre(self, features: KerasTensor, what: str) -> KerasTensor:
        """What lies under the kernel's middle tap: for a 1 x 1 kernel beside it."""
        lost = (self.taps - 1) * int(self.layer.dilation_rate[0])
        if self.border == "same" or self.padded or not lost:
            return features
        crop = (lost // 2, lost - lost // 2)
        return layers.Cropping2D((crop, crop), name=self.named(what))(features)

    def activated(self, features: KerasTensor) -> KerasTensor:
        """The convolution's own activation, if it has one."""
        if self.linear:
            return features
        name = self.named("activation")
        return layers.Activation(self.layer.activation, name=name)(features)


def sites(model: keras.Model) -> tuple[list[Site], list[str]]:
    """(convolutions that a module can replace, the others with the reason)."""
    graph = steps(model)
    possible, left = [], []
    for number, step in enumerate(graph):
        if step.kind != "Conv2D" or not standard(step.operation):
            continue
        if max(step.operation.kernel_size) == 1:
            continue
        if why := _unfit(step, graph):
            left.append(f"{step.name} ({why})")
        else:
            possible.append(_site(number, step, graph))
    return possible, list(dict.fromkeys(left))


def _unfit(step: Step, graph: Sequence[Step]) -> str:
    layer = step.operation
    rows, columns = layer.kernel_size
    if rows != columns:
        return f"its kernel is {rows} x {columns}, not k x k"
    if layer.groups > 1:
        return f"it has {layer.groups} groups"
    if int(step.source[-1] or 0) <= _COLOURS:
        return "it reads the picture"
    if len(set(layer.strides)) > 1:
        return "its strides differ"
    if len(set(layer.dilation_rate)) > 1:
        return "its dilation differs from rows to columns"
    if sum(other.operation is layer for other in graph) > 1:
        return "it is called more than once"
    return ""


def _site(number: int, step: Step, graph: Sequence[Step]) -> Site:
    padding = _padding_of(step, graph)
    rows = columns = 0
    if padding >= 0:
        (rows, _), (columns, _) = graph[padding].operation.padding
    return Site(
        layer=step.operation,
        step=number,
        depth=int(step.source[-1] or 0),
        padded=(rows, columns) if padding >= 0 else None,
        padding_step=padding,
    )


def _padding_of(step: Step, graph: Sequence[Step]) -> int:
    """The step that pads for this convolution alone as `same` would; -1: none does."""
    before = step.fed_by[0]
    if step.operation.padding != "valid" or before < 0:
        return -1
    half, odd = divmod((step.operation.kernel_size[0] - 1) * _dilation(step), 2)
    readers = sum(before in other.fed_by for other in graph)
    calls = sum(other.operation is graph[before].operation for other in graph)
    if graph[before].kind != "ZeroPadding2D" or odd or (readers, calls) != (1, 1):
        return -1
    padded = graph[before].operation.padding
    return before if padded == ((half, half), (half, half)) else -1


def _dilation(step: Step) -> int:
    return int(step.operation.dilation_rate[0])
