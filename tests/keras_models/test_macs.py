"""MACs against hand counts, ones through ones, and published figures."""

import json
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_models.catalogue import build
from keras_models.flops import catalogue_costs, staircase, steps
from keras_models.formulas import conv2d_macs
from keras_models.loading import ModelChoice, load
from keras_models.macs import MacsCount, count_macs, layer_macs

REFERENCES = Path(__file__).parents[1] / "references"


@pytest.mark.parametrize(
    "layer",
    [
        layers.Conv2D(5, 3, use_bias=False),
        layers.Conv2D(4, (1, 3), strides=2, use_bias=False),
        layers.Conv2D(8, 3, groups=4, use_bias=False),
        layers.DepthwiseConv2D(3, depth_multiplier=2, use_bias=False),
        layers.Dense(7, use_bias=False),
        layers.Conv2DTranspose(3, 2, strides=2, use_bias=False),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_macs_equal_the_multiplications_performed(layer: keras.Layer) -> None:
    """Ones through ones: each multiply-add adds 1, so the output sums to the MACs."""
    image = np.ones((1, 9, 8, 4), "float32")  # valid padding: no tap falls outside
    layer.build(image.shape)
    layer.set_weights([np.ones_like(weight) for weight in layer.get_weights()])
    assert layer_macs(layer, image.shape) == np.sum(np.asarray(layer(image)))


def test_separable_counts_both_of_its_convolutions() -> None:
    """By hand: 3x3 taps on 4 channels over 7x6, then 4 -> 5 over 7x6."""
    layer = layers.SeparableConv2D(5, 3)
    expected = 9 * 4 * 42 + 4 * 5 * 42
    assert layer_macs(layer, (1, 9, 8, 4)) == expected


def test_groups_that_do_not_divide_are_refused() -> None:
    with pytest.raises(ValueError, match="does not divide"):
        conv2d_macs((3, 3), 10, 4, (5, 5), 3)


def test_what_has_no_formula_is_listed_by_name() -> None:
    image = keras.Input((8, 8, 3))
    odd = layers.GRU(4, name="odd")(layers.Reshape((64, 3))(image))
    model = keras.Model(image, layers.Dense(2)(odd))
    count = count_macs(model)
    assert count.uncounted == ("odd (GRU)",)
    assert count.macs == 4 * 2
    with pytest.raises(ValueError, match="no formula for GRU"):
        layer_macs(model.get_layer("odd"), (1, 64, 3))


def _counted(make: Callable[[keras.KerasTensor], keras.KerasTensor]) -> MacsCount:
    """Of what is made of a sequence (7, 8)."""
    sequence = keras.Input((7, 8))
    return count_macs(keras.Model(sequence, make(sequence)))


@pytest.mark.parametrize(
    ("make", "by_hand"),
    [
        # queries, keys, values and output: 7 tokens x 8 x (2 heads x 5); both products
        # of attention: 7 x 7 tokens x (2 heads x 5)
        (
            lambda x: layers.MultiHeadAttention(2, 5)(x, x),
            4 * 7 * 8 * 10 + 2 * 7 * 7 * 10,
        ),
        (lambda x: layers.Attention()([x, x]), 2 * 7 * 7 * 8),
        (lambda x: layers.EinsumDense("abc,cd->abd", (None, 6))(x), 7 * 8 * 6),
        (lambda x: layers.Conv1D(4, 3)(x), 5 * 3 * 8 * 4),
        (lambda x: layers.SeparableConv1D(4, 3)(x), 5 * (3 * 8 + 8 * 4)),
        (lambda x: layers.TimeDistributed(layers.Dense(4))(x), 7 * 8 * 4),
        (lambda x: ops.einsum("abc,cd->abd", x, np.ones((8, 6), "f4")), 7 * 8 * 6),
        (lambda x: ops.matmul(x, np.ones((8, 6), "float32")), 7 * 8 * 6),
        (lambda x: ops.tensordot(x, np.ones((8, 6), "float32"), 1), 7 * 8 * 6),
        (lambda x: x * 2.0 + ops.mean(x, axis=1, keepdims=True), 0),
    ],
)
def test_attention_and_operations_by_hand(
    make: Callable[[keras.KerasTensor], keras.KerasTensor], by_hand: int
) -> None:
    count = _counted(make)
    assert (count.macs, count.uncounted) == (by_hand, ())


def test_a_layer_used_twice_counts_twice_and_inner_models_count() -> None:
    """By hand: a 1x1 convolution 3 -> 3 over 4x4 is 144; twice outside, once inside."""
    shared = layers.Conv2D(3, 1)
    image = keras.Input((4, 4, 3))
    inner_image = keras.Input((4, 4, 3))
    inner = keras.Model(inner_image, layers.Conv2D(3, 1)(inner_image))
    model = keras.Model(image, inner(shared(shared(image))))
    assert count_macs(model).macs == 3 * 144
    assert count_macs(model, 8).macs == 4 * 3 * 144


@pytest.mark.parametrize("name", ["resnet50", "resnet101"])
def test_thesis_columns_reproduce(name: str) -> None:
    thesis = json.loads((REFERENCES / "thesis_flops.json").read_text())
    costs = catalogue_costs(name, thesis["resolutions"])
    for cost, published in zip(costs, thesis[name], strict=True):
        assert cost.drop_percent == pytest.approx(published, abs=0.01)


@pytest.mark.parametrize(
    "published",
    json.loads((REFERENCES / "published_macs.json").read_text()),
    ids=lambda published: published["model"],
)
def test_published_counts(published: dict[str, float]) -> None:
    model = build(str(published["model"]), int(published["resolution"]))
    relative = published["tolerance_percent"] / 100
    assert count_macs(model).macs / 1e6 == pytest.approx(
        published["mmacs"], rel=relative
    )
    millions = published["parameters_millions"]
    assert model.count_params() / 1e6 == pytest.approx(millions, rel=0.05)


@pytest.mark.parametrize("name", ["mobilenet_v2", "nasnet_mobile"])
@pytest.mark.parametrize("resolution", [75, 97])
def test_a_graph_walked_a_period_away_costs_the_same(
    name: str, resolution: int
) -> None:
    """Graphs repeat every 32 pixels: what `--staircase` relies on."""
    walked = count_macs(build(name, resolution), resolution + 32).macs
    assert walked == count_macs(build(name, resolution + 32)).macs


def test_steps_are_the_brinks_of_the_staircase() -> None:
    """ResNet50: 192 costs 26.5 % less, 196 only 14.7: the brink is at 192."""
    source = load(ModelChoice(model="resnet50", weights="random"))
    found = steps(source, 128, 224)
    assert found[0] == 224
    assert {192, 160, 128} <= set(found) <= set(range(128, 225, 8))
    for resolution in found[1:]:
        here, over = (
            cost.macs
            for cost in catalogue_costs("resnet50", (resolution, resolution + 1))
        )
        assert over >= 1.1 * here
    others = set(range(128, 224, 8)) - set(found)
    for resolution in others:
        here, over = (
            cost.macs
            for cost in catalogue_costs("resnet50", (resolution, resolution + 1))
        )
        assert over < 1.1 * here


def test_staircase_keeps_the_largest_resolution_of_each_cost() -> None:
    costs = catalogue_costs("resnet50", range(150, 225))
    steps = staircase(costs)
    by_side = {cost.resolution: cost for cost in steps}
    assert by_side[192].drop_percent == pytest.approx(26.5, abs=0.05)
    assert by_side[160].drop_percent == pytest.approx(48.95, abs=0.01)
    assert 191 not in by_side  # costs as much as 192
    assert len({cost.macs for cost in steps}) == len(steps)
