"""What each layer could become, what that would cost, and what it would do to scores.

1. The parent runs call by call over two sets of calibration pictures, those that fit
   and those that probe. Of each layer that can be split, a sample of what it takes and
   gives is drawn from the first (`Seen`).
2. Each split, at some ranks, is fitted by least squares to one half of the sample. What
   it leaves unexplained of the other half, as a part of what the layer gives, is the
   energy that it loses. Between those ranks its logarithm is interpolated. (Of 2,048
   channels and a hundred pictures, what was fitted explains far more than of others.)
3. The parent with one split of this layer alone runs on to its scores over the pictures
   that probe; their divergence over the energy lost is what energy is worth here
   (`sensitivity`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_models.compression.lowrank.least_squares import Fits, fit
from keras_models.compression.lowrank.probe import Probe
from keras_models.compression.lowrank.seen import Seen
from keras_models.compression.lowrank.sensitivity import channel_scale, sure
from keras_models.compression.lowrank.splits import Ranks, Split
from keras_models.compression.lowrank.splitting import kernel_shape, split_layers
from keras_models.compression.lowrank.trunks import Trunk
from keras_models.compression.moments import draw, patches, rows_at
from keras_models.compression.repair import without_activation
from keras_models.compression.running import Joining, Running, held_bytes
from keras_models.formulas import conv2d_macs
from keras_models.graphs.calls import Calls, calls
from keras_models.graphs.shapes import Step, steps

Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]

_ROWS = 6144  # patches of each layer
_PICTURES = 256  # that fit, at most
_PROBES = 24  # of eight pictures one probes, at most so many
_MEASURED = (0.12, 0.3, 0.55, 0.85)  # parts of a layer's own MACs
_OFFERED = tuple(round(0.05 + 0.025 * step, 3) for step in range(36))
_PROBED = 0.5  # part of a layer's own MACs of the split that is run


@dataclass(frozen=True, kw_only=True)
class Option:
    """One split of one layer."""

    split: Split
    ranks: Ranks
    macs: int
    energy: float  # lost, of what the layer gives; 0 to 1
    trunk: Trunk
    loss: float = 0.0  # what it does to the scores: nats of divergence


@dataclass(frozen=True, kw_only=True)
class LayerOptions:
    """What one layer can become, besides staying as it is."""

    number: int  # of its call
    layer: Any
    macs: int
    scale: Float64s  # (filters,) weights of its outputs' errors
    options: tuple[Option, ...]


def layer_options(
    model: keras.Model, splits: Sequence[Split], pictures: Float32s
) -> tuple[LayerOptions, ...]:
    """Of each Conv2D of one group and each Dense that is called once."""
    graph = calls(model)
    able = dict(splittable(graph, steps(model), splits))
    fitting, probing = _parted(pictures)
    run, probe = Running(graph), Probe(graph, probing)
    joining = Joining([run], fitting, held_bytes(model, graph))
    rng = np.random.default_rng(0)
    layers, worth = [], []
    for number, call in enumerate(graph.calls):
        joining.before(number)
        if number in able:
            layer = call.operation
            given = list(run.computed(without_activation(layer)))
            seen = Seen(
                layer, *_sample(layer, run, given, rng), channel_scale(graph, number)
            )
            made = _options(number, seen, able[number], splits)
            if made.options:
                layers.append(made)
                worth.append(_worth(made, seen, probe))
            run.step(given=[layer.activation(outputs) for outputs in given])
        else:
            run.step()
        probe.step()
    return tuple(map(_with_losses, layers, sure(worth)))


def _parted(pictures: Float32s) -> tuple[Float32s, Float32s]:
    """Those that fit, those that probe; both are the same where there is but one."""
    probes = np.zeros(len(pictures), bool)
    probes[::8] = True
    if len(pictures) < 2:
        return pictures, pictures
    return pictures[~probes][:_PICTURES], pictures[probes][:_PROBES]


def splittable(
    graph: Calls, shapes: Sequence[Step], splits: Sequence[Split]
) -> Iterator[tuple[int, Step]]:
    """(number of the call, its step) of layers that some split fits."""
    operations = [call.operation for call in graph.calls]
    for number, (layer, step) in enumerate(zip(operations, shapes, strict=True)):
        if operations.count(layer) > 1 or not _plain(layer):
            continue
        if any(split.fits(kernel_shape(layer)) for split in splits):
            yield number, step


def _plain(layer: Any) -> bool:
    if type(layer).__name__ == "Dense":
        return True
    plain = type(layer).__name__ == "Conv2D"
    return plain and layer.groups == 1 and layer.data_format == "channels_last"


def split_macs(split: Split, kernel: Sequence[int], ranks: Ranks, step: Step) -> int:
    """Multiply-accumulates of the layers that a layer becomes, on its own maps."""
    total, (rows, columns) = 0, _places(step.source)
    out_rows, out_columns = _places(step.target)
    for number, shape in enumerate(split.shapes(kernel, ranks)):
        rows = out_rows if number == split.strided[0] else rows
        columns = out_columns if number == split.strided[1] else columns
        total += conv2d_macs(shape[:2], shape[2], shape[3], (rows, columns), 1)
    return total


def _places(shape: Sequence[int | None]) -> tuple[int, int]:
    """(rows, columns) of a map; what lies before a dense layer's last axis, and 1."""
    sizes = [int(size or 1) for size in shape[1:-1]]
    return (sizes[0], sizes[1]) if len(sizes) == 2 else (int(np.prod(sizes)), 1)


def _sample(
    layer: Any, run: Running, given: Sequence[Any], rng: np.random.Generator
) -> tuple[Float32s, Float32s]:
    """About _ROWS patches, and what the layer makes of them before its activation."""
    taken, made = [], []
    for (source,), outputs in zip(run.taken(), given, strict=True):
        drawn = draw(np.shape(outputs), -(-_ROWS // run.pictures), rng)
        taken.append(patches(layer, np.asarray(source), drawn))
        made.append(rows_at(np.asarray(outputs), drawn))
    return np.concatenate(taken), np.concatenate(made)


def _options(
    number: int, seen: Seen, step: Step, splits: Sequence[Split]
) -> LayerOptions:
    kernel = kernel_shape(seen.layer)
    halves = seen.halves()
    return LayerOptions(
        number=number,
        layer=seen.layer,
        macs=conv2d_macs(kernel[:2], kernel[2], kernel[3], _places(step.target), 1),
        scale=seen.scale,
        options=tuple(
            option for split in splits if split.fits(kernel)
            for option in _of_split(split, seen, halves, step)
        ),
    )  # fmt: skip


def _of_split(
    split: Split, seen: Seen, halves: tuple[Seen, Seen], step: Step
) -> Iterator[Option]:
    kernel = kernel_shape(seen.layer)

    def costs(ranks: Ranks) -> int:
        return split_macs(split, kernel, ranks, step)

    tried = sorted(_ranks(split, kernel, _MEASURED), key=costs)
    if not tried:
        return
    macs = [costs(ranks) for ranks in tried]
    logs = np.log(np.maximum(_energies(split, halves, tried), 1e-9))
    largest = split.trunk(seen, tried[-1])
    for ranks in sorted(_ranks(split, kernel, _OFFERED) | set(tried)):
        if macs[0] <= costs(ranks) <= macs[-1]:
            yield Option(
                split=split,
                ranks=ranks,
                macs=costs(ranks),
                energy=float(np.exp(np.interp(costs(ranks), macs, logs))),
                trunk=largest.cut(ranks[-1]),
            )


def _ranks(split: Split, kernel: Sequence[int], parts: Sequence[float]) -> set[Ranks]:
    every = (split.ranks(kernel, part) for part in parts)
    return {ranks for ranks in every if ranks is not None}


def _energies(
    split: Split, halves: tuple[Seen, Seen], tried: Sequence[Ranks]
) -> list[float]:
    """Of each of some ranks, the largest last: fitted to one half, of the other."""
    first, second = halves
    trunk, weights = split.trunk(first, tried[-1]), first.scale**2
    fits, others = (
        Fits(trunk.features(half.taken), half.given) for half in (first, second)
    )
    whole = float(weights @ others.variance)
    lost = []
    for ranks in tried:
        columns = split.among(first.kernel.shape, ranks, tried[-1])
        kernel = np.zeros_like(fits.crossed)
        kernel[columns] = fits.of(columns).kernel
        lost.append(others.error(kernel, weights) / max(whole, 1e-12))
    return lost


def _worth(made: LayerOptions, seen: Seen, probe: Probe) -> float:
    """Nats for each part of the layer's energy that is lost, as one split shows."""
    option = min(
        made.options, key=lambda option: abs(option.macs - _PROBED * made.macs)
    )
    features = option.trunk.features(seen.taken)
    fitted = fit(features, seen.given)
    kernels = [*option.trunk.kernels(), fitted.kernel.reshape(*option.trunk.last, -1)]
    parts = split_layers(
        made.layer, option.split, option.ranks, kernels, fitted.offset(features)
    )

    def cheaper(inputs: Any) -> Any:
        for part in parts:
            inputs = part.layer(inputs)
        return inputs

    return probe.divergence(cheaper) / max(option.energy, 1e-9)


def _with_losses(made: LayerOptions, worth: float) -> LayerOptions:
    """Energy of this layer is worth so many nats."""
    options = tuple(
        replace(option, loss=worth * option.energy) for option in made.options
    )
    return replace(made, options=options)
