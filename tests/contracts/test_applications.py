"""Every family of keras.applications, as its users build on it, at other resolutions.

A rebuild must give the scores and the MACs of the model that is built by hand at that
resolution with keras.applications, from the same tensors: as a classifier of its own,
as the base of another model with a size or without, and inside a model for export.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest
from keras import applications, layers

import keras_models
from keras_models.macs import count_macs

CLASSES = 3
ODD_AND_EVEN = (33, 40)


@dataclass(frozen=True)
class Family:
    """One builder, at a width and a size that are cheap to compute."""

    name: str
    native: int = 48
    lower: tuple[int, ...] = ODD_AND_EVEN
    width: float | None = None

    def build(self, **options: Any) -> keras.Model:
        builder = getattr(applications, self.name)
        more = {} if self.width is None else {"alpha": self.width}
        return builder(weights=None, **more, **options)


FAMILIES = (
    Family("MobileNet", width=0.25),
    Family("MobileNetV2", width=0.35),
    Family("MobileNetV3Small"),
    Family("MobileNetV3Large"),
    Family("EfficientNetB0"),
    Family("EfficientNetV2B0"),
    Family("ResNet50"),
    Family("ResNet50V2"),
    Family("DenseNet121"),
    Family("ConvNeXtTiny"),
    Family("NASNetMobile"),
    Family("VGG16"),
    Family("Xception", 96, (75, 80)),
    Family("InceptionV3", 96, (75, 80)),
    Family("InceptionResNetV2", 96, (75, 80)),
)


def flat(family: Family, resolution: int) -> keras.Model:
    return family.build(input_shape=(resolution, resolution, 3), classes=CLASSES)


def _transferred(
    family: Family, resolution: int, shape: tuple[Any, ...]
) -> keras.Model:
    """As the guide to transfer learning has it."""
    image = keras.Input((resolution, resolution, 3))
    augmented = keras.Sequential([layers.RandomFlip(), layers.RandomRotation(0.1)])
    base = family.build(input_shape=shape, include_top=False)
    x = base(augmented(image) / 127.5 - 1, training=False)
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(image, layers.Dense(CLASSES, "softmax")(x))


def nested(family: Family, resolution: int) -> keras.Model:
    return _transferred(family, resolution, (resolution, resolution, 3))


def free(family: Family, resolution: int) -> keras.Model:
    return _transferred(family, resolution, (None, None, 3))


def wrapped(family: Family, resolution: int) -> keras.Model:
    image = keras.Input((resolution, resolution, 3))
    scores = nested(family, resolution)(layers.Rescaling(0.5)(image))
    return keras.Model(image, layers.Identity(name="scores")(scores))


FORMS = (flat, nested, free, wrapped)
# What CI runs; all else takes an hour: make test-slow.
CHEAP = {
    ("MobileNet", "flat"),
    ("MobileNet", "free"),
    ("MobileNetV2", "flat"),
    ("MobileNetV2", "nested"),
    ("MobileNetV2", "free"),
    ("MobileNetV2", "wrapped"),
    ("MobileNetV3Small", "nested"),
    ("EfficientNetB0", "nested"),
    ("ConvNeXtTiny", "nested"),
    ("VGG16", "nested"),
}
# Keras itself cannot call these at any size: the padding of a NASNet of free size is
# that of odd maps throughout, and half of its branches then do not fit the others.
IMPOSSIBLE = {("NASNetMobile", "free")}
CASES = [
    pytest.param(
        family,
        form,
        id=f"{family.name}-{form.__name__}",
        marks=[] if (family.name, form.__name__) in CHEAP else [pytest.mark.very_slow],
    )
    for family in FAMILIES
    for form in FORMS
    if (family.name, form.__name__) not in IMPOSSIBLE
]


def _shaken(model: keras.Model) -> keras.Model:
    """No tensor stays as it was initialised: a stale or swapped one then shows."""
    generator = np.random.default_rng(7)
    for variable in model.weights:
        name, shape = variable.path.rsplit("/", 1)[-1], variable.shape
        if name in ("gamma", "moving_variance", "variance", "variable"):
            variable.assign(generator.uniform(0.6, 1.4, shape))
        elif name in ("beta", "bias", "moving_mean", "mean"):
            variable.assign(generator.normal(0, 0.1, shape))
    _renewed(model)
    return model


def _counts(model: keras.Model) -> list[int]:
    return [count for _, count in count_macs(model).by_layer]


def _renewed(model: keras.Model) -> None:
    for layer in model._flatten_layers():
        if isinstance(layer, layers.Normalization):
            layer.finalize_state()


@pytest.mark.parametrize(("family", "form"), CASES)
def test_a_rebuild_is_the_model_built_by_hand(
    family: Family, form: Callable[[Family, int], keras.Model]
) -> None:
    keras.utils.set_random_seed(1)
    model = _shaken(form(family, family.native))
    for resolution in (family.native, *family.lower):
        hand = form(family, resolution)
        hand.set_weights(model.get_weights())
        _renewed(hand)
        rebuilt = keras_models.rebuild(model, resolution)
        shape = (2, resolution, resolution, 3)
        pixels = (
            np.random.default_rng(resolution).uniform(0, 255, shape).astype("float32")
        )
        found, expected = (
            np.asarray(each(pixels, training=False)) for each in (rebuilt, hand)
        )
        assert np.abs(found - expected).max() <= 1e-6, resolution
        macs = count_macs(hand)
        assert macs.uncounted == ()
        assert _counts(rebuilt) == [count for _, count in macs.by_layer]
        assert count_macs(model, resolution).macs == macs.macs


@pytest.mark.parametrize(
    "family",
    [
        pytest.param(
            family,
            id=family.name,
            marks=[] if family.name == "MobileNetV2" else [pytest.mark.very_slow],
        )
        for family in FAMILIES
    ],
)
def test_a_nested_base_costs_what_the_flat_one_costs(family: Family) -> None:
    """At every size of a period: the walk over one graph gives each one's own count."""
    model = nested(family, family.native)
    smallest = min(family.lower)
    for resolution in range(smallest, family.native + 1, 3):
        alone = family.build(input_shape=(resolution, resolution, 3), include_top=False)
        channels = alone.outputs[0].shape[-1]
        macs = count_macs(alone).macs + channels * CLASSES
        assert count_macs(model, resolution).macs == macs, resolution


@pytest.mark.very_slow
@pytest.mark.parametrize("resolution", [33, 48, 64, 96, 224, 331])
def test_keras_cannot_call_nasnet_of_free_size(resolution: int) -> None:
    """Else it would be a form like the others."""
    family = next(one for one in FAMILIES if one.name == "NASNetMobile")
    with pytest.raises(ValueError, match="incompatible shapes"):
        free(family, resolution)
