"""Parameters and MACs of every change: its paper's formula, its printed totals."""

import itertools
import json
import math
from pathlib import Path

import keras
import pytest
from keras import layers

from keras_models.catalogue import build
from keras_models.compression.changes.catalogue import CHANGES
from keras_models.compression.changes.contract import Changed
from keras_models.compression.changes.inverted import INVERTED, block
from keras_models.compression.changes.rewriting import ModuleChange
from keras_models.macs import count_macs

REFERENCES = Path(__file__).parents[3] / "references"
FORMULAS = json.loads((REFERENCES / "change_formulas.json").read_text())
TOTALS = json.loads((REFERENCES / "change_totals.json").read_text())
PLACES = [
    {"c": 16, "n": 32, "k": 3, "h": 8, "w": 8},
    {"c": 64, "n": 64, "k": 5, "h": 6, "w": 6},
]


def _one(place: dict[str, int]) -> keras.Model:
    """One k x k convolution, after a 1 x 1 one that reads the picture."""
    image = keras.Input((place["h"], place["w"], 3))
    features = layers.Conv2D(place["c"], 1, activation="relu")(image)
    features = layers.Conv2D(place["n"], place["k"], padding="same", name="it")(
        features
    )
    scores = layers.Dense(5, activation="softmax")(
        layers.GlobalAveragePooling2D()(features)
    )
    return keras.Model(image, scores, name="one")


def _kernels(model: keras.Model) -> int:
    """Parameters without biases and batch norm, as the papers count."""
    named = [weight for weight in model.weights if "kernel" in weight.name]
    return sum(math.prod(weight.shape) for weight in named)


@pytest.mark.parametrize("place", PLACES, ids=["3x3", "5x5"])
@pytest.mark.parametrize("formula", FORMULAS, ids=lambda line: line["change"])
def test_the_papers_formula(formula: dict[str, str], place: dict[str, int]) -> None:
    parent = _one(place)
    model = CHANGES[formula["change"]].apply(parent).model
    old = place["k"] ** 2 * place["c"] * place["n"]
    names = {**place, "min": min}
    added = _kernels(model) - _kernels(parent) + old
    assert added == eval(formula["parameters"], {}, names)
    counted = count_macs(model)
    assert counted.uncounted == ()
    more = counted.macs - count_macs(parent).macs + old * place["h"] * place["w"]
    assert more == eval(formula["macs"], {}, names)


def test_every_change_has_its_formula() -> None:
    """That of gap is of a whole head: below."""
    assert {line["change"] for line in FORMULAS} | {"gap"} == set(CHANGES)


def _millions(count: float) -> float:
    return count / 1e6


def _trained(model: keras.Model) -> int:
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def _of(change: str, model: keras.Model) -> Changed:
    return CHANGES[change].apply(model)


def test_fire_modules_make_squeezenet() -> None:
    """Of its plan with plain 3 x 3 convolutions, to the last parameter."""
    image = keras.Input((224, 224, 3))
    features = layers.Conv2D(96, 7, 2, activation="relu", name="conv1")(image)
    for number, filters in enumerate((128, 128, 256, 256, 384, 384, 512, 512), start=2):
        if number in (2, 5, 9):
            features = layers.MaxPooling2D(3, 2)(features)
        features = layers.Conv2D(
            filters, 3, padding="same", activation="relu", name=f"fire{number}"
        )(features)
    features = layers.Conv2D(1000, 1, activation="relu", name="conv10")(features)
    pooled = layers.GlobalAveragePooling2D()(features)
    plain = keras.Model(image, layers.Softmax()(pooled), name="plain")
    model = _of("fire", plain).model
    found = [
        sum(
            layer.count_params()
            for layer in model.layers
            if layer.name.startswith(f"fire{number}_")
        )
        for number in range(2, 10)
    ]
    assert found == TOTALS["squeezenet"]["modules"]
    assert model.count_params() == TOTALS["squeezenet"]["total"]


def test_separable_convolutions_make_mobilenet() -> None:
    plan = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)]
    plan += [(512, 1)] * 5 + [(1024, 2), (1024, 1)]
    image = keras.Input((224, 224, 3))
    features = layers.Conv2D(32, 3, 2, padding="same", use_bias=False)(image)
    for filters, stride in plan:
        features = layers.BatchNormalization()(features)
        features = layers.ReLU()(features)
        features = layers.Conv2D(filters, 3, stride, padding="same", use_bias=False)(
            features
        )
    pooled = layers.GlobalAveragePooling2D()(features)
    scores = layers.Dense(1000, activation="softmax")(pooled)
    plain = keras.Model(image, scores, name="conv_mobilenet")
    published = TOTALS["mobilenet"]
    assert _millions(count_macs(plain).macs) == pytest.approx(
        published["parent_mmacs"], rel=0.002
    )
    assert (
        round(_millions(_trained(plain)), 1) == published["parent_parameters_millions"]
    )
    model = _of("separable", plain).model
    assert round(_millions(count_macs(model).macs)) == published["mmacs"]
    assert round(_millions(_trained(model)), 1) == published["parameters_millions"]


def _vgg16() -> keras.Model:
    image = keras.Input((32, 32, 3))
    features = image
    for filters, convolutions in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(convolutions):
            features = layers.Conv2D(filters, 3, padding="same", use_bias=False)(
                features
            )
            features = layers.ReLU()(layers.BatchNormalization()(features))
        features = layers.MaxPooling2D(2)(features)
    hidden = layers.Dense(512, activation="relu")(layers.Flatten()(features))
    return keras.Model(image, layers.Dense(10, activation="softmax")(hidden), name="v")


def test_ghost_modules_have_the_printed_totals_of_vgg_16() -> None:
    published, parent = TOTALS["ghost"]["vgg16"], _vgg16()
    assert round(_millions(_trained(parent))) == published["parent_parameters_millions"]
    assert round(_millions(count_macs(parent).macs)) == published["parent_mmacs"]
    model = _of("ghost", parent).model
    assert round(_millions(_trained(model)), 1) == published["parameters_millions"]
    assert _millions(count_macs(model).macs) == pytest.approx(
        published["mmacs"], rel=0.01
    )


def test_ghost_modules_have_the_printed_totals_of_resnet_56() -> None:
    """To the last digit, once what the cheap kernels cost is left out, as there."""
    published = TOTALS["ghost"]["resnet56"]
    model = _of("ghost", build("resnet56", 32)).model
    cheap = [layer for layer in model.layers if layer.name.endswith("_cheap")]
    rest = _trained(model) - sum(layer.count_params() for layer in cheap)
    assert round(_millions(rest), 2) == published["parameters_millions"]
    counted = count_macs(model)
    names = {layer.name for layer in cheap}
    macs = sum(macs for name, macs in counted.by_layer if name not in names)
    assert round(_millions(macs)) == published["mmacs"]


@pytest.mark.slow
def test_gates_add_what_se_resnet_50_does() -> None:
    parent = build("resnet50", 224)
    model = _of("excitation", parent).model
    published = TOTALS["excitation"]
    more = model.count_params() - parent.count_params()
    assert round(_millions(more), 1) == published["added_parameters_millions"]
    assert len(_of("excitation", parent).replaced) == 16  # one a block
    ratio = count_macs(model).macs / count_macs(parent).macs
    assert ratio <= published["gmacs"] / published["parent_gmacs"]


def _bottlenecks(expansion: int, filters: list[tuple[int, int]]) -> keras.Model:
    """MobileNetV2's plan from its first 16 channels on, as plain convolutions."""
    image = keras.Input((112, 112, 3))
    features = layers.Conv2D(16, 1, use_bias=False)(image)
    for width, stride in filters:
        features = layers.Conv2D(width, 3, stride, padding="same", use_bias=False)(
            features
        )
    plain = keras.Model(image, features, name="bottlenecks")
    change = ModuleChange(
        name="inverted6",
        what="",
        paper="",
        keeps="",
        refuses=INVERTED.refuses,
        put=lambda site, features: block(site, features, expansion)[0],
    )
    return change.apply(plain).model


def test_inverted_residuals_make_mobilenet_v2() -> None:
    """With the paper's expansion of 6: table 2, beside stem, first block and ends."""
    plan = [(24, 2), (24, 1), (32, 2), (32, 1), (32, 1), (64, 2), *[(64, 1)] * 3]
    plan += [*[(96, 1)] * 3, (160, 2), (160, 1), (160, 1), (320, 1)]
    inner = count_macs(_bottlenecks(6, plan)).macs - 112 * 112 * 3 * 16
    stem = 112 * 112 * 27 * 32
    first = 112 * 112 * (9 * 32 + 32 * 16)
    ends = 7 * 7 * 320 * 1280 + 1280 * 1000
    total = _millions(inner + stem + first + ends)
    assert total == pytest.approx(TOTALS["inverted"]["mmacs"], rel=0.005)


def test_a_shuffled_bottleneck_is_a_resnext_unit() -> None:
    image = keras.Input((14, 14, 3))
    taken = layers.Conv2D(64, 1)(image)
    features = layers.Conv2D(32, 1, use_bias=False)(taken)
    features = layers.Conv2D(32, 3, padding="same", use_bias=False)(features)
    features = layers.Conv2D(64, 1, use_bias=False)(features)
    features = layers.Add()([taken, features])
    model = _of("shuffle", keras.Model(image, features, name="unit")).model
    names = {"c": 64, "m": 32, "g": 4, "h": 14, "w": 14}
    unit = eval(TOTALS["shuffle"]["unit"], {}, names)
    assert count_macs(model).macs == unit + 14 * 14 * 3 * 64


def test_factors_are_a_third_cheaper() -> None:
    parent = _one(PLACES[0] | {"n": 16})
    model = _of("factorised", parent).model
    old, rest = 9 * 16 * 16 * 64, count_macs(parent).macs - 9 * 16 * 16 * 64
    part = (count_macs(model).macs - rest) / old
    assert part == pytest.approx(TOTALS["factorised"]["part"], abs=1e-4)


@pytest.mark.slow
def test_means_leave_vgg_19_its_convolutions_and_one_layer() -> None:
    """Kernels of 3 x 3 and biases by hand; 512 means to 1,000 classes."""
    parent = build("vgg19_flatten", 224)
    assert parent.count_params() == TOTALS["gap"]["parent_parameters"]
    model = _of("gap", parent).model
    widths = [3, 64, 64, 128, 128, *[256] * 4, *[512] * 8]
    convolutions = sum(
        9 * before * after + after for before, after in itertools.pairwise(widths)
    )
    assert model.count_params() == convolutions + 512 * 1000 + 1000
    assert count_macs(model).macs == count_macs(build("vgg19", 224)).macs
