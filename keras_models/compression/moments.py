"""Count, mean and second moment of what layers take and give, on calibration pictures.

A convolution takes patches: each of its outputs sees kernel height x width x channels
numbers, in the order of its kernel. Of each picture some places are drawn, by a seed,
so that the work stays within bounds; pictures are streamed, and nothing but the sums
is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.errors import InputError
from keras_models.compression.running import run_through
from keras_models.graphs.calls import calls

Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]
Indices = NDArray[np.intp]

PLACES = 64  # of a map, drawn from each picture


@dataclass(frozen=True)
class Moments:
    """Of vectors of d numbers."""

    count: int
    mean: Float64s  # (d,)
    second: Float64s  # (d, d): the mean of x x^T

    @property
    def covariance(self) -> Float64s:
        """(d, d), of the vectors about their mean."""
        return self.second - np.outer(self.mean, self.mean)


@dataclass(frozen=True)
class LayerMoments:
    """Of one layer; over all its calls, where it is shared."""

    taken: Moments | None  # of its input patches; None: not asked for
    given: Moments | None  # of its outputs


class Tally:
    """Sums of vectors and of their products, batch by batch."""

    def __init__(self) -> None:
        self._count = 0
        self._sum: Any = 0.0
        self._products: Any = 0.0

    def add(self, rows: Float32s) -> None:
        """(n, d) more of them; products of a batch in float32, their sum in float64."""
        self._count += len(rows)
        self._sum = self._sum + rows.sum(axis=0, dtype=np.float64)
        self._products = self._products + (rows.T @ rows)

    def moments(self) -> Moments:
        count = max(self._count, 1)
        second = np.asarray(self._products, np.float64) / count
        return Moments(self._count, np.asarray(self._sum) / count, second)


def layer_moments(
    model: keras.Model,
    layers: Sequence[keras.Layer],
    pictures: Float32s,
    *,
    taken: bool = True,
    given: bool = True,
    places: int = PLACES,
    seed: int = 0,
) -> dict[keras.Layer, LayerMoments]:
    """Moments of layers of a model, or of models inside it.

    Args:
        pictures: (n, R, R, channels), as the model takes them; one or more.
        taken: of input patches; Conv2D of one group and Dense only.
        given: of outputs, the last axis being the vector; any layer.
        places: of a map, drawn from each picture; all where there are no more.
    Raises:
        InputError: no pictures, or patches asked of another kind of layer.
    """
    if not len(pictures):
        raise InputError("pictures", "none", "at least one calibration picture")
    inputs = {layer: Tally() for layer in layers if taken}
    outputs = {layer: Tally() for layer in layers if given}
    graph, rng = calls(model), np.random.default_rng(seed)
    wanted = set(map(id, layers))
    for number, maps, results in run_through(graph, pictures):
        call = graph.calls[number]
        if id(call.operation) not in wanted:
            continue
        drawn = draw(np.shape(results[0]), places, rng)
        if taken:
            source = np.asarray(maps[call.inputs[0]])
            inputs[call.operation].add(patches(call.operation, source, drawn))
        if given:
            outputs[call.operation].add(rows_at(np.asarray(results[0]), drawn))
    return {
        layer: LayerMoments(
            inputs[layer].moments() if taken else None,
            outputs[layer].moments() if given else None,
        )
        for layer in layers
    }


def draw(shape: tuple[int, ...], places: int, rng: np.random.Generator) -> Indices:
    """(n, m, axes) indices into the maps of n pictures, m <= places of each.

    Args:
        shape: (n, ..., channels).
    """
    pictures, *sizes = tuple(shape)[:-1]
    size = int(np.prod(sizes))
    if size <= places:
        flat = np.tile(np.arange(size), (pictures, 1))
    else:
        flat = np.argsort(rng.random((pictures, size)), axis=1)[:, :places]
    if not sizes:
        return flat[..., None][..., :0]
    return np.stack(np.unravel_index(flat, sizes), axis=-1)


def rows_at(maps: Float32s, drawn: Indices) -> Float32s:
    """(n m, channels): the vectors of maps (n, ..., channels) at the places drawn."""
    pictures = np.arange(len(maps))[:, None]
    places = tuple(drawn[..., axis] for axis in range(drawn.shape[-1]))
    return np.asarray(maps[(pictures, *places)], np.float32).reshape(-1, maps.shape[-1])


def patches(layer: keras.Layer, maps: Float32s, drawn: Indices) -> Float32s:
    """(n m, taps x channels): what a layer sees to give its outputs at some places.

    Args:
        maps: its inputs.
        drawn: places in its outputs, as `draw` gives them.
    Raises:
        InputError: neither a Conv2D of one group, channels last, nor a Dense.
    """
    kind = type(layer).__name__
    if kind == "Dense":
        return rows_at(maps, drawn)
    if kind != "Conv2D" or layer.groups != 1 or layer.data_format != "channels_last":
        raise InputError(
            "layer",
            f"{layer.name} ({kind})",
            "a Conv2D of one group, channels last, or a Dense",
        )
    padded = _padded(layer, maps)
    pictures = np.arange(len(maps))[:, None, None, None]
    rows, columns = (
        drawn[..., axis, None] * layer.strides[axis]
        + np.arange(layer.kernel_size[axis]) * layer.dilation_rate[axis]
        for axis in (0, 1)
    )
    seen = padded[pictures, rows[..., :, None], columns[..., None, :]]
    count = len(maps) * drawn.shape[1]
    return np.asarray(seen, np.float32).reshape(count, -1)


def _padded(layer: Any, maps: Float32s) -> Float32s:
    if layer.padding == "valid":
        return maps
    margins = [(0, 0)]
    for axis in (0, 1):
        size, stride = maps.shape[1 + axis], layer.strides[axis]
        span = (layer.kernel_size[axis] - 1) * layer.dilation_rate[axis] + 1
        missing = max((-(-size // stride) - 1) * stride + span - size, 0)
        margins.append((missing // 2, missing - missing // 2))
    return np.pad(maps, [*margins, (0, 0)])
