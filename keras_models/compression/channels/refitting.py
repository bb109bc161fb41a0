"""Least-squares repair: readers fitted anew, layer by layer, on what they now take.

1. Parent and smaller network run side by side over the calibration pictures.
2. Each kernel that comes to take other inputs than the parent's is fitted so that from
   these it gives what the parent's gives, on the channels that are left: by least
   squares, held near the weights that it has (ridge). He et al. 2017, arXiv:1707.06168,
   section 3.2: errors of earlier layers are made up for, not handed on.
3. A kernel whose outputs are added to others makes up for the error of these too, as
   far as they are known by then (the same paper, section 3.3: residual blocks).
4. A batch normalisation right after such a kernel keeps its numbers, since what comes
   to it is what came before; any other that comes to take other inputs has its mean
   and variance moved as these are.
5. What a layer then gives is what later layers are fitted on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_models.compression.channels.branches import by_branches
from keras_models.compression.channels.groups import inputs_of
from keras_models.compression.channels.least_squares import solved, solved_each
from keras_models.compression.channels.looking import (
    channel_rows,
    norm_after,
    norm_scale,
)
from keras_models.compression.channels.reconstruction import made_up_for
from keras_models.compression.channels.shrinking import Kept, kept
from keras_models.compression.channels.trace import Numbers, Trace
from keras_models.compression.moments import Float32s, Tally, draw, patches, rows_at
from keras_models.compression.repair import without_activation
from keras_models.compression.running import Maps, Running, held_bytes
from keras_models.graphs.calls import Call, Calls, calls

HELD_BYTES = 3_000_000_000  # of both networks' maps, at most, whatever the pictures
JUDGING = 4  # every so many pictures one judges how near weights are held
ROWS = 8  # to a number that is fitted, where maps have as many places
_PLACES = 64  # of a map at least
_FITTED = ("Conv2D", "Dense", "DepthwiseConv2D")


@dataclass(frozen=True, kw_only=True)
class Pruned:
    """A network, what became of it, and what went."""

    parent: keras.Model
    trace: Trace  # of the parent
    gone: Numbers
    child: keras.Model


def refit(
    pruned: Pruned,
    pictures: Float32s,
    *,
    offsets: bool = True,
    norms: bool = True,
) -> None:
    """Fits the kernels of `pruned.child` anew, in place.

    Args:
        offsets: fit biases too, or where a batch normalisation follows its mean.
        norms: let other batch normalisations follow what they take.
    """
    _Refitting(pruned, pictures, offsets, norms).run()


class _Refitting:
    def __init__(
        self, pruned: Pruned, pictures: Float32s, offsets: bool, norms: bool
    ) -> None:
        self._pruned, self._offsets, self._norms = pruned, offsets, norms
        trace, other = pruned.trace, calls(pruned.child)
        order = by_branches(trace.calls)
        self._own = _reordered(trace.calls, order)
        self._other = _reordered(other, order)
        self._here, self._there = Running(self._own), Running(self._other)
        needed = max(held_bytes(pruned.parent, trace.calls))
        count = max(1, HELD_BYTES // (2 * needed))
        self._here.join(pictures[:count])
        self._there.join(pictures[:count])
        self._count = min(count, len(pictures))
        self._changed: set[int] = set()  # values that differ from the parent's
        self._fitted_values: set[int] = set()  # given by kernels that were fitted
        self._rng = np.random.default_rng(0)

    def run(self) -> None:
        operations = [call.operation for call in self._own.calls]
        pairs = zip(self._own.calls, self._other.calls, strict=True)
        for call, other in pairs:
            trace, gone = self._pruned.trace, self._pruned.gone
            left = kept(trace, gone, call.outputs[0])
            once = operations.count(call.operation) == 1
            if once and self._fitted(call) and self._changed & set(call.inputs):
                self._make_up(call, other.operation, left)
                given = self._given(call)
                self._refit(call, other.operation, left, given)
                self._fitted_values |= set(call.outputs)
            else:
                if once and self._norms and call.kind == "BatchNormalization":
                    self._follow(call, other.operation, left)
                self._here.step()
            if not left.all() or self._changed & set(call.inputs):
                self._changed |= set(call.outputs)
            self._there.step()

    def _follow(self, call: Call, norm: Any, left: Kept) -> None:
        """Lets a batch normalisation standardise what it now takes as the parent's."""
        source = call.inputs[0]
        if source in self._fitted_values or source not in self._changed:
            return
        wanted, now = (
            _spread(maps[source] for maps in running.batches)
            for running in (self._here, self._there)
        )
        ratio = (now[1] + norm.epsilon) / (wanted[1][left] + norm.epsilon)
        mean, variance = np.asarray(norm.moving_mean), np.asarray(norm.moving_variance)
        renewed = ratio * (variance + norm.epsilon) - norm.epsilon
        norm.moving_variance.assign(renewed.clip(0))
        norm.moving_mean.assign(now[0] - (wanted[0][left] - mean) * np.sqrt(ratio))

    def _given(self, call: Call) -> list[Any]:
        """Steps the parent; what its layer gives before its activation, by batch."""
        linear = without_activation(call.operation)
        if linear is not call.operation:
            given = list(self._here.computed(linear))
            self._here.step()
            return given
        self._here.step()
        return [maps[call.outputs[0]] for maps in self._here.batches]

    def _make_up(self, call: Call, layer: Any, left: Kept) -> None:
        """Begins with what is best where other inputs are still the parent's."""
        numbers, _ = inputs_of(self._pruned.trace, call)
        places = np.flatnonzero(np.isin(numbers, self._pruned.gone))
        if call.kind == "DepthwiseConv2D" or not len(places):
            return
        tally = Tally()
        for maps in self._here.batches:
            source = np.asarray(maps[call.inputs[0]])
            tally.add(channel_rows(source, len(numbers), self._rng))
        kernel, *_ = call.operation.get_weights()
        made, lost = made_up_for(kernel, places, tally.moments())
        taken = kept(self._pruned.trace, self._pruned.gone, call.inputs[0])
        layer.kernel.assign(made[..., taken, :][..., left].astype(np.float32))
        if layer.use_bias and self._offsets:
            layer.bias.assign(layer.bias + lost[left].astype(np.float32))

    def _fitted(self, call: Call) -> bool:
        layer = call.operation
        if not isinstance(layer, keras.Layer) or call.kind not in _FITTED:
            return False
        if call.kind == "DepthwiseConv2D":
            return bool(layer.depth_multiplier == 1)
        return call.kind == "Dense" or bool(layer.groups == 1)

    def _refit(self, call: Call, layer: Any, left: Kept, given: list[Any]) -> None:
        norm = norm_after(self._other, call.outputs[0])
        inputs, wanted = self._rows(call, layer, left, given)
        offset = self._offsets and (layer.use_bias or norm is not None)
        kernel = np.asarray(layer.kernel, np.float64)
        if layer.use_bias:
            wanted = wanted - np.asarray(layer.bias)
        if call.kind == "DepthwiseConv2D":
            fitted, shift = solved_each(inputs, wanted, kernel, offset)
        else:
            flat = kernel.reshape(-1, kernel.shape[-1])
            judging = self._count // JUDGING * (len(inputs) // self._count)
            fitted, shift = solved(inputs, wanted, flat, offset, judging)
        layer.kernel.assign(fitted.reshape(kernel.shape).astype(np.float32))
        if offset and layer.use_bias:
            layer.bias.assign(layer.bias + shift.astype(np.float32))
        elif offset:
            norm.moving_mean.assign(norm.moving_mean - shift.astype(np.float32))

    def _rows(
        self, call: Call, layer: Any, left: Kept, given: list[Any]
    ) -> tuple[Float32s, Float32s]:
        """(what the smaller network's layer sees, what it should give), in rows."""
        depthwise = call.kind == "DepthwiseConv2D"
        size = int(np.prod(layer.kernel.shape[: 2 if depthwise else -1]))
        places = max(_PLACES, -(-ROWS * size // self._count))
        seen_by = _as_convolution(layer)
        inputs, wanted = [], []
        batches = zip(self._here.batches, self._there.batches, given, strict=True)
        for own, other, outputs in batches:
            drawn = draw(np.shape(outputs), places, self._rng)
            inputs.append(patches(seen_by, np.asarray(other[call.inputs[0]]), drawn))
            rows = rows_at(np.asarray(outputs), drawn)[:, left]
            wanted.append(rows + self._lacking(call, own, other, left, drawn))
        return np.concatenate(inputs), np.concatenate(wanted)

    def _lacking(
        self, call: Call, own: Maps, other: Maps, left: Kept, drawn: Any
    ) -> Any:
        """What the others of a sum lack, in this layer's outputs; 0: no sum."""
        norm, added = self._sum_after(call)
        error: Any = np.float32(0)
        for value in added:
            spread = value in own and np.shape(own[value])[1:-1] != self._sides(call)
            if value in own and value in other and not spread:
                error = error + rows_at(np.asarray(own[value]), drawn)[:, left]
                error = error - rows_at(np.asarray(other[value]), drawn)
        return error if norm is None else error * _inverse(norm, left)

    def _sides(self, call: Call) -> tuple[int | None, ...]:
        return self._pruned.trace.shapes[call.outputs[0]][1:-1]

    def _sum_after(self, call: Call) -> tuple[Any, tuple[int, ...]]:
        """(batch normalisation between, the others of a sum that outputs go to)."""
        value, norm = call.outputs[0], None
        for _ in range(2):
            after = [one for one in self._own.calls if value in one.inputs]
            if len(after) != 1:
                break
            if after[0].kind == "Add" and isinstance(after[0].operation, keras.Layer):
                return norm, tuple(one for one in after[0].inputs if one != value)
            if after[0].kind != "BatchNormalization" or norm is not None:
                break
            value, norm = after[0].outputs[0], after[0].operation
        return None, ()


def _spread(batches: Iterable[Any]) -> tuple[Float32s, Float32s]:
    """(mean, variance) of each channel over all pictures and places."""
    rows = np.concatenate([np.asarray(maps) for maps in batches])
    axes = tuple(range(rows.ndim - 1))
    return rows.mean(axis=axes), rows.var(axis=axes)


def _as_convolution(layer: Any) -> Any:
    """A convolution that sees the same patches as a depthwise one."""
    if type(layer).__name__ != "DepthwiseConv2D":
        return layer
    return keras.layers.Conv2D(
        1,
        layer.kernel_size,
        strides=layer.strides,
        padding=layer.padding,
        dilation_rate=layer.dilation_rate,
    )


def _inverse(norm: Any, left: Kept) -> Float32s:
    """1 over a batch normalisation's factors; 0 where it all but drops a channel."""
    scale = norm_scale(norm)[left]
    small = np.abs(scale) < 1e-2 * np.median(np.abs(scale))
    return np.where(small, 0, 1 / np.where(small, 1, scale)).astype(np.float32)


def _reordered(graph: Calls, order: Sequence[int]) -> Calls:
    return Calls(tuple(graph.calls[number] for number in order), graph.outputs)
