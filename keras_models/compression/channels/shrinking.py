"""A smaller network: the same graph without some channels, weights cut to fit."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_models.compression.channels.trace import KERNELS, Numbers, Trace
from keras_models.compression.surgery import Part, rewritten
from keras_models.graphs.calls import Call

Kept = NDArray[np.bool_]


def shrunk(model: keras.Model, trace: Trace, gone: Numbers) -> keras.Model:
    """A plain copy of fresh layers without some channels.

    Args:
        trace: of this very model.
        gone: channels as `trace` numbers them; none of them fixed.
    """
    replaced = {}
    for call in trace.calls.calls:
        part = _part(call, trace, gone)
        if part is not None:
            replaced[call.operation] = [part]
    return rewritten(model, replaced)


def kept(trace: Trace, gone: Numbers, value: int) -> Kept:
    """Which places of a value's last axis are left."""
    return ~np.isin(trace.numbers[value], gone)


def _part(call: Call, trace: Trace, gone: Numbers) -> Part | None:
    """What stands in a call's place; None: its layer loses nothing."""
    if call.kind not in _CUTS or not isinstance(call.operation, keras.Layer):
        return None
    taken, given = (
        kept(trace, gone, value) for value in (call.inputs[0], call.outputs[0])
    )
    if taken.all() and given.all():
        return None
    config, weights = _CUTS[call.kind](call, trace, taken, given)
    layer = type(call.operation).from_config({**call.operation.get_config(), **config})
    return Part(layer, weights)


_Cut = tuple[dict[str, Any], list[Any]]


def _kernel(call: Call, trace: Trace, taken: Kept, given: Kept) -> _Cut:
    del trace
    kernel, *bias = call.operation.get_weights()
    size = "units" if call.kind == "Dense" else "filters"
    cut = [kernel[..., taken, :][..., given], *(offset[given] for offset in bias)]
    return {size: int(given.sum())}, cut


def _depthwise(call: Call, trace: Trace, taken: Kept, given: Kept) -> _Cut:
    del trace
    kernel, *bias = call.operation.get_weights()
    return {}, [kernel[..., taken, :], *(offset[given] for offset in bias)]


def _each_channel(call: Call, trace: Trace, taken: Kept, given: Kept) -> _Cut:
    del trace, taken
    return {}, [weight[..., given] for weight in call.operation.get_weights()]


def _reshape(call: Call, trace: Trace, taken: Kept, given: Kept) -> _Cut:
    del taken
    spatial = trace.shapes[call.outputs[0]][1:-1]
    return {"target_shape": (*spatial, int(given.sum()))}, []


_CUTS: dict[str, Callable[[Call, Trace, Kept, Kept], _Cut]] = {
    **dict.fromkeys(KERNELS, _kernel),
    "BatchNormalization": _each_channel,
    "DepthwiseConv1D": _depthwise,
    "DepthwiseConv2D": _depthwise,
    "PReLU": _each_channel,
    "Reshape": _reshape,
}
