"""How pixels enter a model: what lies on every path to its first convolutions.

Pictures are sent through whatever comes before the first layers of learned weights,
nested models and bare operations included, and what arrives there is looked at: that
counts, not the class of a layer somewhere in the graph.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.errors import ModelError
from keras_models.graphs.calls import Call, Calls
from keras_models.graphs.reapplying import has_graph
from keras_models.normalisation import NORMALISATIONS
from keras_models.opening.families import family_of

Float32s = NDArray[np.float32]

# Layers with weights that only shift and scale what enters; others are the network.
_SCALING = frozenset(
    [
        "BatchNormalization",
        "GroupNormalization",
        "LayerNormalization",
        "Normalization",
        "RMSNormalization",
        "UnitNormalization",
    ]
)
_WITHOUT_WEIGHTS = ("MatMul", "Conv", "Einsum", "Dot", "Tensordot", "DepthwiseConv")
_LARGEST = 160.0  # of a normalised value: means are taken off, nothing else (caffe)
_NARROWEST = 0.05  # spread of normalised values; less: they are scaled twice

_RED = 3  # number of the red one of `probes`

RAW, INSIDE, UNCLEAR = "raw", "inside", "unclear"


@dataclass(frozen=True)
class Arrival:
    """What pixels of 0..255 have become where the network begins."""

    low: float
    high: float
    kind: str  # RAW, INSIDE or UNCLEAR
    before: str  # the layer that reads it


def convention_of(
    model: keras.Model, calls: Calls, pixels: Any, wanted: str | None
) -> tuple[str, str]:
    """(one of NORMALISATIONS, what the reader of a table must know).

    Args:
        pixels: `probes`, as the model takes them.
        wanted: --normalisation; None: what is found.
    Raises:
        InputError: it cannot be told, and was not said.
    """
    arrivals = arriving(calls, pixels)
    kinds = {arrival.kind for arrival in arrivals}
    if wanted is not None:
        return wanted, _as_asked(wanted, arrivals)
    if kinds == {INSIDE}:
        return "none", f"pixels: normalised inside the model ({_ranges(arrivals)})"
    family = family_of(model)
    if kinds == {RAW} and family is not None:
        said = NORMALISATIONS[family.convention]
        return family.convention, f"pixels: {said}, assumed from the graph of {family}"
    raise _question(model.name, arrivals)


def arriving(calls: Calls, pixels: Any) -> list[Arrival]:
    """What reaches each first layer of learned weights, on every path to it."""
    values: dict[int, Any] = {0: pixels}
    seen: dict[int, str] = {}  # value number -> who reads it
    for call in calls.calls:
        known = [number for number in call.inputs if number in values]
        if len(known) == len(call.inputs) and not _learned(call):
            trains = getattr(call.operation, "_call_has_training_arg", False)
            more = {"training": False} if trains else {}
            values.update(zip(call.outputs, call(values, **more), strict=True))
        else:
            for number in known:
                seen.setdefault(number, str(call.operation.name))
    for number in calls.outputs:
        if number in values:  # no layer of weights at all
            seen.setdefault(number, "output")
    given = np.asarray(pixels, np.float64)
    return [
        _arrival(given, np.asarray(keras.ops.convert_to_numpy(values[number])), name)
        for number, name in seen.items()
    ]


def _arrival(given: NDArray[np.float64], arrived: Float32s, name: str) -> Arrival:
    values = arrived.astype(np.float64)
    low, high = float(values.min()), float(values.max())
    if values.shape == given.shape and np.array_equal(values, given):
        kind = RAW
    elif low >= -1e-3 and abs(high - given.max()) < 1e-3 and not _swapped(values):
        kind = RAW  # padded, turned or cut, no value changed
    elif max(-low, high) <= _LARGEST and high - low >= _NARROWEST:
        kind = INSIDE
    else:
        kind = UNCLEAR
    return Arrival(low, high, kind, name)


def _swapped(values: NDArray[np.float64]) -> bool:
    """Whether the red picture is no longer red: BGR is another convention."""
    if values.ndim != 4 or values.shape[-1] != 3:
        return False
    return bool(values[_RED, ..., 1:].max() > values[_RED, ..., 0].min() + 1e-3)


def _learned(call: Call) -> bool:
    if has_graph(call.operation) or isinstance(call.operation, keras.Model):
        return True
    if call.kind in _SCALING:
        return False
    return bool(getattr(call.operation, "weights", None)) or (
        call.kind in _WITHOUT_WEIGHTS
    )


def _as_asked(wanted: str, arrivals: Sequence[Arrival]) -> str:
    said = f"pixels: {NORMALISATIONS[wanted]}, as asked"
    inside = [arrival for arrival in arrivals if arrival.kind != RAW]
    if not inside:
        return said
    if wanted == "none":
        return f"{said}; the model itself makes 0..255 {_ranges(inside)}"
    return (
        f"{said}; ATTENTION: the model normalises inside too, 0..255 would be "
        f"{_ranges(inside)}"
    )


def _ranges(arrivals: Sequence[Arrival]) -> str:
    listed = dict.fromkeys(
        f"{arrival.low:.4g}..{arrival.high:.4g} at {arrival.before}"
        for arrival in arrivals[:3]
    )
    return ", ".join(listed)


def _question(name: str, arrivals: Sequence[Arrival]) -> ModelError:
    kinds = {arrival.kind for arrival in arrivals}
    say = f"Say it: `normalisation={'|'.join(NORMALISATIONS)}`"
    if kinds == {RAW}:
        return ModelError.of(
            name,
            "its graph is of no family whose pixel normalisation is known, and nothing "
            "in it normalises",
            "",
            f"{say}.",
        )
    return ModelError.of(
        name,
        "how pixels enter cannot be told: of 0..255 the first layers get "
        f"{_ranges(arrivals)}",
        "",
        f"{say} (what the model was fed in training; none where that was 0..255).",
    )


def probes(resolution: int) -> Float32s:
    """(5, side, side, 3), whole pixels 0..255: noise, black, white, red, that noise.

    Poolings and convolutions average noise away; plain pictures stay what they are.
    """
    pixels = np.empty((5, resolution, resolution, 3), np.float32)
    generator = np.random.default_rng(0)
    pixels[[0, 4]] = generator.integers(0, 256, (resolution, resolution, 3))
    pixels[1], pixels[2], pixels[3] = 0, 255, (255, 0, 0)
    return pixels
