"""The chosen splits made, layer after layer, each on what earlier ones really give.

1. The parent and a copy of it run in step over the same calibration pictures.
2. At a layer that is split, the trunk is that of its option (`options`); the last
   layer is fitted by least squares from the trunk's features to what the parent gives.
   With the repair `least_squares` features come from the copy's maps, errors of earlier
   layers included (asymmetric; Zhang et al. 2015, arXiv:1411.4229, section 3.3), as far
   as that holds on pictures that it was not fitted to (`least_squares.refit`).
3. With `bias` the split layer's mean is the parent's; with `batch_norm` means and
   variances of batch normalisations are measured anew as they are reached (`repair`).
4. The copy goes on with the split, so later layers see it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_models.compression.contract import Repairs
from keras_models.compression.lowrank.least_squares import fit, refit
from keras_models.compression.lowrank.options import LayerOptions, Option
from keras_models.compression.lowrank.ranks import Choice
from keras_models.compression.lowrank.shortcuts import Shortcut, shortcut
from keras_models.compression.lowrank.splitting import split_layers
from keras_models.compression.moments import draw, patches, rows_at
from keras_models.compression.repair import (
    Spread,
    Sums,
    mend_norm,
    taken_off,
    without_activation,
)
from keras_models.compression.running import Joining, Maps, Running, held_bytes
from keras_models.compression.surgery import Part, rewritten
from keras_models.graphs.calls import Calls, calls

Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]
Indices = NDArray[np.intp]

_ROWS = 6144  # patches of each layer
_PICTURES = 256


def split_model(
    model: keras.Model,
    layers: Sequence[LayerOptions],
    choice: Choice,
    pictures: Float32s,
    repairs: Repairs,
) -> keras.Model:
    """A copy of the model in which chosen layers are split."""
    twin, pictures = rewritten(model, {}), pictures[:_PICTURES]
    graph, copy = calls(model), calls(twin)
    parent, cheaper = Running(graph), Running(copy)
    each = [2 * held for held in held_bytes(model, graph)]
    joining = Joining([parent, cheaper], pictures, each)
    fitter = _Fitter(graph, parent, cheaper, repairs)
    by_number = {layer.number: layer for layer in layers}
    replaced: dict[Any, list[Part]] = {}
    for number, call in enumerate(copy.calls):
        joining.before(number)
        operation, given = None, []
        if number in choice:
            layer = by_number[number].layer
            made = list(parent.computed(without_activation(layer)))
            parts = fitter.split(by_number[number], choice[number], made)
            replaced[call.operation] = parts
            operation = _chain([part.layer for part in parts])
            given = [layer.activation(outputs) for outputs in made]
        elif type(call.operation).__name__ == "BatchNormalization":
            fitter.norm(graph.calls[number].operation, call.operation)
        parent.step(given=given)
        cheaper.step(operation)
    return rewritten(twin, replaced)


def _chain(layers: Sequence[Any]) -> Any:
    def called(inputs: Any) -> Any:
        for layer in layers:
            inputs = layer(inputs)
        return inputs

    return called


@dataclass(frozen=True, kw_only=True)
class _Rows:
    """A sample of one layer, (n, ...) each."""

    own: Float32s  # patches of the parent's maps
    given: Float32s  # what the parent's layer makes of them
    seen: Float32s  # patches of the copy's maps
    lacking: Float32s  # what the copy's shortcut lacks, in units of the layer's outputs


def _lacking(past: Shortcut, own: Maps, copy: Maps, drawn: Indices) -> Float32s:
    missing = rows_at(np.asarray(own[past.value]), drawn)
    missing = missing - rows_at(np.asarray(copy[past.value]), drawn)
    return np.asarray(missing / past.scale(), np.float32)


class _Fitter:
    def __init__(
        self, graph: Calls, parent: Running, cheaper: Running, repairs: Repairs
    ) -> None:
        self._parent, self._cheaper, self._repairs = parent, cheaper, repairs
        self._graph = graph
        self._rng = np.random.default_rng(1)

    def split(
        self, layer: LayerOptions, option: Option, made: Sequence[Any]
    ) -> list[Part]:
        """The layers that stand for the next layer, built, with their weights.

        Args:
            made: what the parent's layer gives, before its activation.
        """
        rows = self._sample(layer, made)
        trunk = option.trunk
        features, there = trunk.features(rows.own), trunk.features(rows.seen)
        fitted = fit(features, rows.given)
        if self._repairs.least_squares:
            wanted = rows.given + rows.lacking
            fitted = refit(fitted, there, wanted, layer.scale**2)
        offset = fitted.offset(there if self._repairs.bias else features)
        kernels = [*trunk.kernels(), fitted.kernel.reshape(*trunk.last, -1)]
        return split_layers(layer.layer, option.split, option.ranks, kernels, offset)

    def norm(self, own: Any, copy: Any) -> None:
        """Mends the batch normalisation that comes next."""
        if self._repairs.bias or self._repairs.batch_norm:
            wanted, now = _spread(self._parent), _spread(self._cheaper)
            mend_norm(copy, now, wanted, taken_off(own), self._repairs)

    def _sample(self, options: LayerOptions, made: Sequence[Any]) -> _Rows:
        """At places that are drawn once for both networks."""
        layer, places = options.layer, -(-_ROWS // self._cheaper.pictures)
        past = shortcut(self._graph, options.number)
        rows: list[list[Float32s]] = []
        taken = zip(self._parent.taken(), self._cheaper.taken(), strict=True)
        maps = zip(self._parent.batches, self._cheaper.batches, strict=True)
        for ((own,), (seen,)), outputs, held in zip(taken, made, maps, strict=True):
            drawn = draw(np.shape(outputs), places, self._rng)
            given = rows_at(np.asarray(outputs), drawn)
            rows.append(
                [
                    patches(layer, np.asarray(own), drawn),
                    given,
                    patches(layer, np.asarray(seen), drawn),
                    _lacking(past, *held, drawn) if past else np.zeros_like(given),
                ]
            )
        own, given, seen, lacking = map(np.concatenate, zip(*rows, strict=True))
        return _Rows(own=own, given=given, seen=seen, lacking=lacking)


def _spread(run: Running) -> Spread:
    sums = Sums()
    for (taken,) in run.taken():
        sums.add(taken)
    return sums.spread()
