"""Islands of float: ranked by noise, as few as agree, the same when repeated."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from convert import tflite_graph
from convert.image_input import entrance
from convert.quantising.calibration import Calibration
from convert.quantising.islands import Islands, fewest, read_islands, with_islands
from convert.quantising.noise import log_scores, tensor_noise
from convert.quantising.quantise import (
    FloatRung,
    float_outputs,
    with_litert,
)
from convert.quantising.raising import Network, network, raising_order
from convert.quantising.ranges import invoked, keeping_all, seen_by
from convert.quantising.recipes import RECIPES, check_quantiser
from convert.running import Runner
from convert.shared_weights import merged
from convert.to_tflite import FloatFiles, signature_name
from datasets.catalogue import open_dataset
from datasets.errors import InputError
from datasets.preprocessing import Preprocessing
from datasets.user_files import UserFile
from keras_models.loading import ModelChoice, load
from tests.convert.small import SIDE, pixels, pretrained
from tests.convert.small import network as small_network

MIXED = RECIPES["mixed_int8"]
RUNG = 32
EVERY = 2.0  # wanted of agreement, so that all is raised


def _source(content: bytes, resolution: int, count: int = 16) -> FloatRung:
    images = entrance("tf").images(pixels(count, resolution))
    return FloatRung(
        content=content,
        signature=signature_name(resolution),
        images=images,
        seen=seen_by(content, images),
    )


@pytest.fixture(scope="module")
def small() -> FloatRung:
    """Random weights, with a depthwise layer."""
    return _source(FloatFiles(pretrained(small_network())).at(SIDE), SIDE)


@pytest.fixture(scope="module")
def glyphs() -> FloatRung:
    """small_resnet@32, trained at 96, and letters that are hard to read."""
    source = load(ModelChoice(model="small_resnet", weights="glyphs"))
    content, images = FloatFiles(source).at(RUNG), _letters("calibration", 40)
    return FloatRung(
        content=content,
        signature=signature_name(RUNG),
        images=images,
        seen=seen_by(content, images),
    )


def _letters(split: str, count: int) -> Any:
    few = Calibration(open_dataset("glyphs", split).limited(count), 0)
    return few.images(RUNG, Preprocessing(1.0), entrance("tf"))


def test_noise_of_the_logits_is_that_of_rounding_them(small: FloatRung) -> None:
    """Rounded by hand to the steps of their range, and a softmax in numpy."""
    assert small.images is not None
    seen = seen_by(small.content, small.images)
    graph = tflite_graph.read(small.content).subgraphs[0]
    logits = int(graph.operators[-1].inputs[0])
    name = tflite_graph.tensor_name(graph, logits)
    step = (max(seen.high[name], 0) - min(seen.low[name], 0)) / 255
    interpreter, errors = keeping_all(small.content), []
    for _ in invoked(interpreter, small.images):
        exact = interpreter.get_tensor(logits)[0].astype(np.float64)
        zero = round(-128 - min(seen.low[name], 0) / step)
        stored = np.clip(np.rint(exact / step) + zero, -128, 127)
        near = (stored - zero) * step
        errors.append(_log_softmax(near) - _log_softmax(exact))
    noise = tensor_noise(small.content, small.signature, seen, [logits], small.images)
    assert noise[logits] == pytest.approx(np.var(errors, axis=1).mean(), rel=0.02)


def _log_softmax(logits: Any) -> Any:
    return logits - np.log(np.exp(logits).sum())


def test_tensors_are_raised_by_noise_for_each_number_moved() -> None:
    """A chain of operations 0 to 3 and tensors 10 to 13, worked by hand.

    All tensors have 8 numbers, and 3 is in float already. To raise 12 takes operation
    2: 11 is read in float and converted, 16 numbers. To raise 11 takes 1 and 2, and so
    raises 12 too: 32 numbers.
    """
    net = Network(
        names=("a", "b", "c", "scores"),
        inputs=((), (10,), (11,), (12,)),
        outputs=((10,), (11,), (12,), (13,)),
        values={10: 8, 11: 8, 12: 8, 13: 8},
        picture=8,
        raised=frozenset({3}),
    )
    # 0.5 of 16 is less than 5.5 of 32
    assert raising_order(net, {10: 1.0, 11: 5.0, 12: 0.5}) == [(1, 2), (0,)]
    # 4 of 16 is more than 6 of 32; then 1 + 2 of 16 more than 2 of 16
    assert raising_order(net, {10: 1.0, 11: 2.0, 12: 4.0}) == [(2,), (0, 1)]
    # 0 makes more than the picture holds, so it comes last whatever its noise
    large = replace(net, values={**net.values, 10: 9})
    order = raising_order(large, {10: 90.0, 11: 0.1, 12: 0.1})
    assert order[0] == (2,)
    assert raising_order(net, {}) == []


@pytest.mark.parametrize("least", range(7))
def test_the_fewest_that_suffice_are_found(least: int) -> None:
    assert fewest(6, lambda count: count >= least) == least
    assert fewest(6, lambda _: False) == 6
    assert fewest(0, lambda _: False) == 0


def test_raised_layers_keep_int8_weights_but_for_depthwise_ones(
    small: FloatRung,
) -> None:
    net = network(small.content, float_outputs(small.content))
    assert small.images is not None
    one = FloatRung(
        content=small.content,
        signature=small.signature,
        images=small.images,
        seen=seen_by(small.content, small.images),
    )
    types = {value: name for name, value in vars(schema.TensorType).items()}
    model = tflite_graph.read(with_litert(one, MIXED, frozenset(net.names)))
    graph = model.subgraphs[0]
    found = {}
    for operator in graph.operators:
        kind = tflite_graph.operator_name(model, operator)
        assert types[graph.tensors[operator.outputs[0]].type] == "FLOAT32"
        if kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            found[kind] = types[graph.tensors[operator.inputs[1]].type]
    assert found == {
        "CONV_2D": "INT8", "DEPTHWISE_CONV_2D": "FLOAT32", "FULLY_CONNECTED": "INT8",
    }  # fmt: skip


def test_agreement_is_reached_with_few_and_found_again(glyphs: FloatRung) -> None:
    """What int8 alone changes most here is half undone, and the same at each call."""
    none, plain = with_islands(glyphs, MIXED, 0.0)
    all_of_it, most = with_islands(glyphs, MIXED, EVERY)
    wanted = (plain.expected + most.expected) / 2
    assert plain.operations == ()
    assert none == with_litert(glyphs, RECIPES["full_int8"])
    assert plain.expected == plain.without == most.without
    assert plain.expected < most.expected
    content, found = with_islands(glyphs, MIXED, wanted)
    assert with_islands(glyphs, MIXED, wanted) == (content, found)
    assert wanted <= found.expected
    assert 0 < len(found.operations) <= len(most.operations)
    assert set(found.operations) <= set(most.operations)
    errors = [_error(glyphs, one) for one in (none, content, all_of_it)]
    assert errors[0] > errors[2]
    assert errors[1] < 1.05 * errors[0]


def _error(source: FloatRung, content: bytes) -> float:
    """Of logarithms of scores, on other images than those that ranked."""
    images = _letters("test", 30)
    exact, near = (
        log_scores(one, source.signature, images) for one in (source.content, content)
    )
    return float(np.abs(near - exact).mean())


def test_rungs_of_other_islands_share_their_weights(glyphs: FloatRung) -> None:
    """One raised whole beside one of none: 1.05 times the larger at most."""
    source = load(ModelChoice(model="small_resnet", weights="glyphs"))
    other = _source(FloatFiles(source).at(96), 96)
    raised, _ = with_islands(glyphs, MIXED, EVERY)
    plain, _ = with_islands(other, MIXED, 0.0)
    shared = merged([plain, raised])
    assert len(shared) < 1.1 * max(len(plain), len(raised))
    for content, one in ((plain, other), (raised, glyphs)):
        assert one.images is not None
        own, both = (
            Runner(file, one.signature).scores(one.images[0])
            for file in (content, shared)
        )
        assert np.array_equal(own, both)


def test_tensorflow_is_refused() -> None:
    with pytest.raises(InputError, match="`quantiser=litert` for mixed_int8"):
        check_quantiser([MIXED], "tensorflow")
    check_quantiser([RECIPES["full_int8"]], "tensorflow")


def test_islands_are_kept_as_they_are(tmp_path: Path) -> None:
    islands = Islands(
        operations=("a;b", "c"), of=5, wanted=0.95, expected=0.96, without=0.9,
        held_out=25,
    )  # fmt: skip
    file = tmp_path / "x.islands.json"
    file.write_text(islands.to_json())
    assert read_islands(UserFile(file)) == islands
    file.write_text('{"operations": 5}')
    with pytest.raises(InputError, match="is not whole"):
        read_islands(UserFile(file))
