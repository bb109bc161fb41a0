"""Which channels are one and the same, against what each graph was drawn to be."""

import keras
import pytest
from keras import layers

from keras_models.compression.channels.groups import groups
from keras_models.compression.channels.trace import traced
from tests.keras_models.compression.channels.pruned_nets import (
    SIDE,
    dense,
    flattened,
    inverted,
    residual,
    squeezed,
)

Ends = dict[str, tuple[list[str], list[str]]]  # name -> (makers, readers)


def _ends(model: keras.Model) -> Ends:
    found, _ = groups(traced(model))
    return {
        group.name: (
            sorted(maker.layer.name for maker in group.makers),
            sorted(reader.layer.name for reader in group.readers),
        )
        for group in found
    }


def _left(*between: layers.Layer) -> tuple[str, ...]:
    """What is left whole where some layers stand between two convolutions."""
    image = keras.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(8, 3, name="before")(image)
    for layer in between:
        x = layer(x)
    x = layers.Conv2D(8, 1, name="after")(x)
    scores = layers.Dense(3, name="scores")(layers.GlobalAveragePooling2D()(x))
    return groups(traced(keras.Model(image, scores)))[1]


def test_what_is_added_is_one_channel() -> None:
    assert _ends(residual()) == {
        "stem": (["a2", "b2", "stem"], ["a1", "b1", "scores"]),
        "a1": (["a1"], ["a2"]),
        "b1": (["b1"], ["b2"]),
    }


def test_what_is_concatenated_stays_apart() -> None:
    assert _ends(dense()) == {
        "stem": (["stem"], ["grown0", "grown1", "transition"]),
        "grown0": (["grown0"], ["grown1", "transition"]),
        "grown1": (["grown1"], ["transition"]),
        "transition": (["transition"], ["scores"]),
    }


def test_a_depthwise_convolution_hands_channels_on() -> None:
    assert _ends(inverted()) == {
        "stem": (["project", "stem"], ["expand", "scores"]),
        "expand": (["expand"], ["project"]),
    }


def test_a_flattened_map_is_read_by_channel() -> None:
    assert _ends(flattened()) == {
        "first": (["first"], ["second"]),
        "second": (["second"], ["hidden"]),
        "hidden": (["hidden"], ["scores"]),
    }


def test_what_is_multiplied_is_one_channel() -> None:
    assert _ends(squeezed()) == {
        "stem": (["excite", "stem"], ["scores", "squeeze"]),
        "squeeze": (["squeeze"], ["excite"]),
    }


@pytest.mark.parametrize("between", [False, True])
def test_a_layer_called_twice_has_one_kernel(between: bool) -> None:
    """Its inputs are the same channels, and so are its outputs."""
    image = keras.Input((SIDE, SIDE, 3))
    first = layers.Conv2D(8, 1, name="first")(image)
    second = layers.Conv2D(8, 1, name="second")(image)
    shared = layers.Conv2D(8, 3, name="shared")
    other = [layers.Conv2D(8, 3, name="other")(image)] if between else []
    x = layers.Concatenate()([shared(first), *other, shared(second)])
    model = keras.Model(image, layers.Dense(3, name="scores")(layers.Flatten()(x)))
    found, left = groups(traced(model))
    makers = [sorted(maker.layer.name for maker in one.makers) for one in found]
    assert ["first", "second"] in makers
    assert (["shared", "shared"] in makers) == (not between)
    assert any("several times" in line for line in left) == between


def test_a_model_inside_is_followed() -> None:
    inner = keras.Sequential(
        [keras.Input((SIDE, SIDE, 3)), layers.Conv2D(8, 3, name="inside")]
    )
    image = keras.Input((SIDE, SIDE, 3))
    scores = layers.Dense(3, name="scores")(layers.Flatten()(inner(image)))
    assert _ends(keras.Model(image, scores)) == {"inside": (["inside"], ["scores"])}


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        (layers.LayerNormalization(name="odd"), "cannot be followed"),
        (layers.Softmax(name="odd"), "cannot be followed"),
        (layers.Activation("softmax", name="odd"), "mixes channels"),
        (layers.Permute((3, 2, 1), name="odd"), "cannot be followed"),
        (layers.Reshape((7, 28, 8), name="odd"), ""),
        (layers.Reshape((14, 28, 4), name="odd"), "mixes channels"),
        (layers.Conv2D(8, 3, groups=2, name="odd"), "groups"),
        (layers.BatchNormalization(axis=1, name="odd"), "another axis"),
        (layers.GaussianNoise(0.1, name="odd"), ""),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_what_cannot_be_followed_is_left_whole_and_said(
    layer: layers.Layer, why: str
) -> None:
    said = [line for line in _left(layer) if line.startswith("before keeps")]
    assert bool(said) == bool(why)
    assert all(why in line and "odd" in line for line in said)
