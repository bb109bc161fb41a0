"""Channels that say nothing new go without a trace; what goes is what was counted."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from datasets.errors import InputError
from keras_models.compression.channels.groups import Group, groups
from keras_models.compression.channels.refitting import Pruned, refit
from keras_models.compression.channels.shrinking import shrunk
from keras_models.compression.channels.technique import (
    CHANNELS,
    CHANNELS_L1,
    CHANNELS_MEDIAN,
    ChannelPruning,
)
from keras_models.compression.channels.trace import Numbers, Trace, traced
from keras_models.compression.contract import ALL_REPAIRS, NO_REPAIRS, Repairs
from keras_models.macs import count_macs
from tests.keras_models.compression.channels.pruned_nets import (
    NETS,
    SIDE,
    Float32s,
    inverted,
    pictures,
    residual,
)

TECHNIQUES = (CHANNELS, CHANNELS_L1, CHANNELS_MEDIAN)
ALL = pytest.mark.parametrize("net", list(NETS))
EACH = pytest.mark.parametrize("technique", TECHNIQUES, ids=lambda one: one.name)


def _scores(model: keras.Model) -> Float32s:
    return np.asarray(model(pictures(8, seed=7), training=False), np.float32)


def _silenced(trace: Trace, channels: Numbers) -> None:
    """Lets channels be 0 everywhere: filters, offsets and means become 0."""
    for call in trace.calls.calls:
        layer = call.operation
        if not getattr(layer, "weights", None):
            continue
        gone = np.isin(trace.numbers[call.outputs[0]], channels)
        for variable in layer.weights:
            if variable.shape[-1] == len(gone) and "variance" not in variable.path:
                value = np.array(variable)
                value[..., gone] = 0
                variable.assign(value)


def _quarter(found: list[Group]) -> Numbers:
    """Every fourth channel of every group."""
    return np.concatenate([group.channels[::4] for group in found])


@ALL
def test_silent_channels_go_without_a_trace(net: str) -> None:
    model = NETS[net]()
    trace = traced(model)
    gone = _quarter(groups(trace)[0])
    _silenced(trace, gone)
    before = _scores(model)
    assert np.abs(_scores(shrunk(model, trace, gone)) - before).max() <= 1e-5
    assert before.std(axis=0).max() > 1e-3  # scores that differ by picture


@ALL
def test_the_parent_is_left_as_it_is(net: str) -> None:
    model = NETS[net]()
    before = [np.array(value) for value in model.get_weights()]
    CHANNELS.apply(model, 0.2, pictures(8))
    for was, now in zip(before, model.get_weights(), strict=True):
        assert np.array_equal(was, now)


@EACH
@ALL
def test_macs_fall_by_what_was_asked_for(net: str, technique: ChannelPruning) -> None:
    """By the counter, not much more than asked for; and shapes fit at every layer."""
    model, strength = NETS[net](), 0.3
    child = technique.apply(model, strength, pictures(4), NO_REPAIRS)
    saved = 1 - count_macs(child).macs / count_macs(model).macs
    assert strength <= saved <= strength + 0.15
    assert child.count_params() < model.count_params()
    assert _scores(child).shape == _scores(model).shape


def test_macs_and_parameters_by_hand() -> None:
    """Of the residual net with 12 of 16 channels on the sum and 8 within the blocks."""
    model = residual()
    trace = traced(model)
    found = {group.name: group for group in groups(trace)[0]}
    gone = [found["stem"].channels[:4], found["a1"].channels[:8]]
    child = shrunk(model, trace, np.concatenate([*gone, found["b1"].channels[8:]]))
    pixels = SIDE * SIDE
    stem, block = 9 * 3 * 12, 2 * 9 * 12 * 8
    assert count_macs(child).macs == pixels * (stem + 2 * block) + 12 * 5
    norms = 4 * (12 + 2 * (8 + 12))
    biases = 2 * 12 + 5
    assert child.count_params() == stem + 2 * block + norms + biases + 12 * 5


@pytest.mark.parametrize("net", ["residual", "dense", "inverted", "flattened"])
def test_doubled_channels_are_made_up_for(net: str) -> None:
    """The reader of two equal channels takes the sum of both from the one left."""
    model = NETS[net]()
    trace = traced(model)
    found = groups(trace)[0]
    gone = np.concatenate([group.channels[:2] for group in found])
    twins = {
        int(one): int(other)
        for group in found
        for one, other in zip(group.channels[:2], group.channels[2:4], strict=True)
    }
    _doubled(trace, twins)
    before = _scores(model)
    child = shrunk(model, trace, gone)
    assert np.abs(_scores(child) - before).max() > 1e-3
    refit(Pruned(parent=model, trace=trace, gone=gone, child=child), pictures(64))
    assert np.abs(_scores(child) - before).max() <= 1e-5


def _doubled(trace: Trace, twins: dict[int, int]) -> None:
    """Lets channels be copies of others, wherever they are made or handed on."""
    for call in trace.calls.calls:
        if not getattr(call.operation, "weights", None):
            continue
        numbers = trace.numbers[call.outputs[0]].tolist()
        pairs = [(numbers.index(one), numbers.index(other))
                 for one, other in twins.items() if one in numbers]  # fmt: skip
        for variable in call.operation.weights:
            value = np.array(variable)
            depthwise = "Depthwise" in call.kind and value.ndim == 4
            axis = 2 if depthwise else value.ndim - 1
            for one, other in pairs:
                value.swapaxes(axis, 0)[one] = value.swapaxes(axis, 0)[other]
            variable.assign(value)


def test_silent_channels_go_first() -> None:
    """By norm and by reconstruction, whatever else there is."""
    model = residual()
    trace = traced(model)
    found = groups(trace)[0]
    gone = np.concatenate([group.channels[::4] for group in found])
    _silenced(trace, gone)
    saved = 1 - count_macs(shrunk(model, trace, gone)).macs / count_macs(model).macs
    before = _scores(model)
    for technique in (CHANNELS, CHANNELS_L1):
        child = technique.apply(model, saved - 1e-9, pictures(16), NO_REPAIRS)
        assert np.abs(_scores(child) - before).max() <= 1e-5, technique.name


@pytest.mark.parametrize(
    "repairs",
    [
        Repairs(least_squares=True, bias=False, batch_norm=False),
        Repairs(least_squares=False, bias=True, batch_norm=True),
        ALL_REPAIRS,
    ],
    ids=["least_squares", "moments", "all"],
)
@pytest.mark.parametrize("net", ["residual", "inverted"])
def test_each_repair_brings_scores_nearer(net: str, repairs: Repairs) -> None:
    model = NETS[net]()
    before = _scores(model)

    def away(repairs: Repairs) -> float:
        child = CHANNELS_L1.apply(model, 0.3, pictures(64), repairs)
        return float(np.abs(_scores(child) - before).mean())

    assert away(repairs) < away(NO_REPAIRS)


def test_a_pruned_model_is_a_plain_file(tmp_path: Path) -> None:
    child = CHANNELS.apply(inverted(), 0.3, pictures(8))
    child.save(tmp_path / "child.keras")
    again = keras.models.load_model(tmp_path / "child.keras")
    assert np.array_equal(_scores(again), _scores(child))


def test_what_is_beyond_reach_is_refused_in_one_line() -> None:
    with pytest.raises(InputError, match=r"strength=0.999: expected at most 0\.\d+"):
        CHANNELS_L1.apply(residual(), 0.999, pictures(1), NO_REPAIRS)
    with pytest.raises(InputError, match="expected at least one for channels"):
        CHANNELS.apply(residual(), 0.2, pictures(0))


def test_a_model_with_nothing_to_lose_is_refused() -> None:
    image = keras.Input((SIDE, SIDE, 3))
    scores = layers.Dense(3, "softmax", name="scores")(layers.Flatten()(image))
    model = keras.Model(image, scores)
    assert CHANNELS.applies(residual()) == ""
    assert "scores keeps its channels" in CHANNELS.applies(model)
    with pytest.raises(InputError, match="does not apply"):
        CHANNELS.apply(model, 0.2, pictures(1))
