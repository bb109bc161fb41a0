"""What each layer could become, what that would cost, and what it would do to scores.

1. The parent runs over calibration pictures call by call; of each layer that can be
   split, a sample of what it takes and gives is drawn (`Seen`).
2. Each way, at some ranks, is fitted to what the layer gives by least squares. What is
   left over, weighed by the sensitivity of the scores (`sensitivity`), is the loss.
3. Between those ranks the logarithm of the loss is interpolated.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_models.compression.lowrank.least_squares import Fits
from keras_models.compression.lowrank.seen import Seen
from keras_models.compression.lowrank.sensitivity import sensitivities
from keras_models.compression.lowrank.splits import Ranks, Way
from keras_models.compression.lowrank.trunks import Trunk
from keras_models.compression.moments import draw, patches, rows_at
from keras_models.compression.repair import without_activation
from keras_models.compression.running import Joining, Running, held_bytes
from keras_models.formulas import conv2d_macs
from keras_models.graphs.calls import Calls, calls
from keras_models.graphs.shapes import Step, steps

Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]

ROWS = 4096  # patches of each layer
_PICTURES = 96  # of the first; for the fit of the splits all are taken
_MEASURED = (0.12, 0.3, 0.55, 0.85)  # parts of a layer's own MACs
_OFFERED = tuple(round(0.05 + 0.025 * step, 3) for step in range(36))


@dataclass(frozen=True, kw_only=True)
class Option:
    """A way to split one layer."""

    way: Way
    ranks: Ranks
    macs: int
    loss: float  # what it does to the scores: nats of divergence, estimated
    trunk: Trunk


@dataclass(frozen=True, kw_only=True)
class LayerOptions:
    """What one layer can become, besides staying as it is."""

    number: int  # of its call
    layer: Any
    macs: int
    energy: float  # loss, were it to give the same for every picture
    sensitivity: Float64s  # (filters,)
    options: tuple[Option, ...]


def layer_options(
    model: keras.Model, ways: Sequence[Way], pictures: Float32s
) -> tuple[LayerOptions, ...]:
    """Of each Conv2D of one group and each Dense that is called once."""
    graph = calls(model)
    found = dict(splittable(graph, steps(model), ways))
    layers = [graph.calls[number].operation for number in found]
    sensitive = sensitivities(model, layers, pictures)
    run, pictures = Running(graph), pictures[:_PICTURES]
    joining = Joining([run], pictures, held_bytes(model, graph))
    rng = np.random.default_rng(0)
    made = []
    for number, call in enumerate(graph.calls):
        joining.before(number)
        if number in found:
            layer = call.operation
            given = list(run.computed(without_activation(layer)))
            sample = _sample(layer, run, given, rng)
            seen = Seen(layer, *sample, np.sqrt(sensitive[layer]))
            made.append(_options(number, seen, found[number], ways))
            run.step(given=[layer.activation(outputs) for outputs in given])
        else:
            run.step()
    return tuple(made)


def splittable(
    graph: Calls, shapes: Sequence[Step], ways: Sequence[Way]
) -> Iterator[tuple[int, Step]]:
    """(number of the call, its step) of layers that some way fits."""
    operations = [call.operation for call in graph.calls]
    for number, (layer, step) in enumerate(zip(operations, shapes, strict=True)):
        if operations.count(layer) > 1 or not _plain(layer):
            continue
        if any(way.fits(kernel_shape(layer)) for way in ways):
            yield number, step


def _plain(layer: Any) -> bool:
    if type(layer).__name__ == "Dense":
        return True
    plain = type(layer).__name__ == "Conv2D"
    return plain and layer.groups == 1 and layer.data_format == "channels_last"


def kernel_shape(layer: Any) -> tuple[int, ...]:
    """(height, width, channels, filters); a dense layer's is 1 x 1."""
    shape = tuple(layer.kernel.shape)
    return shape if len(shape) == 4 else (1, 1, *shape)


def split_macs(way: Way, kernel: Sequence[int], ranks: Ranks, step: Step) -> int:
    """Multiply-accumulates of the layers that a layer becomes, on its own maps."""
    total, (rows, columns) = 0, _sides(step.source)
    out_rows, out_columns = _sides(step.target)
    for number, shape in enumerate(way.shapes(kernel, ranks)):
        rows = out_rows if number == way.strided[0] else rows
        columns = out_columns if number == way.strided[1] else columns
        total += conv2d_macs(shape[:2], shape[2], shape[3], (rows, columns), 1)
    return total


def _sides(shape: Sequence[int | None]) -> tuple[int, int]:
    """(rows, columns) of a map; what lies before a dense layer's last axis, and 1."""
    sizes = [int(size or 1) for size in shape[1:-1]]
    return (sizes[0], sizes[1]) if len(sizes) == 2 else (int(np.prod(sizes)), 1)


def _sample(
    layer: Any, run: Running, given: Sequence[Any], rng: np.random.Generator
) -> tuple[Float32s, Float32s]:
    """About ROWS patches, and what the layer makes of them before its activation."""
    taken, made = [], []
    for (source,), outputs in zip(run.taken(), given, strict=True):
        drawn = draw(np.shape(outputs), -(-ROWS // run.pictures), rng)
        taken.append(patches(layer, np.asarray(source), drawn))
        made.append(rows_at(np.asarray(outputs), drawn))
    return np.concatenate(taken), np.concatenate(made)


def _options(number: int, seen: Seen, step: Step, ways: Sequence[Way]) -> LayerOptions:
    sensitivity = seen.scale**2
    kernel = kernel_shape(seen.layer)
    sides = _sides(step.target)
    return LayerOptions(
        number=number,
        layer=seen.layer,
        macs=conv2d_macs(kernel[:2], kernel[2], kernel[3], sides, 1),
        energy=0.5 * float(sensitivity @ seen.given.var(axis=0)),
        sensitivity=sensitivity,
        options=tuple(
            option for way in ways if way.fits(kernel)
            for option in _of_way(way, seen, step)
        ),
    )  # fmt: skip


def _of_way(way: Way, seen: Seen, step: Step) -> Iterator[Option]:
    kernel = kernel_shape(seen.layer)

    def costs(ranks: Ranks) -> int:
        return split_macs(way, kernel, ranks, step)

    tried = sorted(_ranks(way, kernel, _MEASURED), key=costs)
    if not tried:
        return
    macs = [costs(ranks) for ranks in tried]
    largest = way.trunk(seen, tried[-1])
    losses = _losses(way, seen, tried, largest)
    logs = np.log(np.maximum(losses, 1e-12))
    for ranks in sorted(_ranks(way, kernel, _OFFERED) | set(tried)):
        if macs[0] <= costs(ranks) <= macs[-1]:
            loss = float(np.exp(np.interp(costs(ranks), macs, logs)))
            yield Option(
                way=way,
                ranks=ranks,
                macs=costs(ranks),
                loss=loss,
                trunk=largest.cut(ranks[-1]),
            )


def _ranks(way: Way, kernel: Sequence[int], parts: Sequence[float]) -> set[Ranks]:
    found = (way.ranks(kernel, part) for part in parts)
    return {ranks for ranks in found if ranks is not None}


def _losses(
    way: Way, seen: Seen, tried: Sequence[Ranks], largest: Trunk
) -> list[float]:
    """Nats, of each of some ranks, the largest last."""
    known = [way.left(seen, ranks) for ranks in tried]
    if None not in known:
        return [0.5 * float(left or 0) for left in known]
    fits = Fits(largest.features(seen.taken), seen.given)
    found = []
    for ranks in tried:
        left = fits.of(way.among(seen.kernel.shape, ranks, tried[-1])).left
        found.append(0.5 * float(seen.scale**2 @ left))
    return found
