"""What the readers of all groups take, on calibration pictures: moments by channel."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from keras_models.compression.channels.groups import Group
from keras_models.compression.channels.ranking import Float64s
from keras_models.compression.channels.trace import Trace
from keras_models.compression.moments import (
    PLACES,
    Float32s,
    Moments,
    Tally,
    draw,
    rows_at,
)
from keras_models.compression.running import run_through
from keras_models.graphs.calls import Calls


def taken_moments(
    trace: Trace, groups: Iterable[Group], pictures: Float32s
) -> dict[int, Moments]:
    """Moments of each value that a reader of a group reads, by the value's number.

    A flattened map counts as the map that it was: its places are vectors of channels.
    """
    readers = {
        reader.call.outputs[0]: reader for group in groups for reader in group.readers
    }
    tallies = {reader.source: Tally() for reader in readers.values()}
    done: set[int] = set()
    rng = np.random.default_rng(0)
    for number, maps, outputs in run_through(trace.calls, pictures):
        del outputs
        if number == 0:
            done.clear()
        reader = readers.get(trace.calls.calls[number].outputs[0])
        if reader is not None and reader.source not in done:
            done.add(reader.source)
            source = np.asarray(maps[reader.source])
            tallies[reader.source].add(channel_rows(source, reader.width, rng))
    return {value: tally.moments() for value, tally in tallies.items()}


def norm_after(graph: Calls, value: int) -> Any:
    """The batch normalisation that alone reads a value, or None."""
    after = [call for call in graph.calls if value in call.inputs]
    if len(after) == 1 and after[0].kind == "BatchNormalization":
        return after[0].operation
    return None


def norm_scales(trace: Trace) -> Mapping[Any, Float64s]:
    """Layer -> the factors of the batch normalisation right after it."""
    scales = {}
    for call in trace.calls.calls:
        norm = norm_after(trace.calls, call.outputs[0])
        if norm is not None:
            scales[call.operation] = norm_scale(norm)
    return scales


def norm_scale(norm: Any) -> Float64s:
    """(channels,): gamma over the deviation of a batch normalisation."""
    variance = np.asarray(norm.moving_variance, np.float64)
    factors: Float64s = 1 / np.sqrt(variance + norm.epsilon)
    return factors * np.asarray(norm.gamma, np.float64) if norm.scale else factors


def channel_rows(maps: Float32s, width: int, rng: np.random.Generator) -> Float32s:
    """(rows, width): vectors of channels at some places, also of a map made flat."""
    if maps.ndim == 2:
        return maps.reshape(-1, width)
    return rows_at(maps, draw(maps.shape, PLACES, rng))
