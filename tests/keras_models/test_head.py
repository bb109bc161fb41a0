"""The last dense layer is found wherever it lies, or refused in its own words."""

from pathlib import Path

import keras
import numpy as np
import pytest

from datasets.errors import InputError
from keras_models.head import split

layers = keras.layers


def _features(resolution: int) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    keras.utils.set_random_seed(3)
    image = keras.Input((resolution, resolution, 3))
    x = layers.Rescaling(1 / 127.5, -1)(image)
    x = layers.Conv2D(6, 3, activation="relu")(x)
    return image, layers.GlobalAveragePooling2D()(x)


def _plain() -> keras.Model:
    image, x = _features(12)
    x = layers.Dropout(0.4)(x)
    return keras.Model(image, layers.Dense(4, "softmax")(x))


def _logits_and_softmax() -> keras.Model:
    image, x = _features(12)
    x = layers.Dense(4)(x)
    return keras.Model(image, layers.Softmax()(layers.Dropout(0.2)(x)))


def _nested_head() -> keras.Model:
    image, x = _features(12)
    base = keras.Model(image, x, name="base")
    head = keras.Sequential(
        [layers.Dropout(0.2), layers.Dense(4), layers.Softmax(dtype="float32")]
    )
    outer = keras.Input((12, 12, 3))
    x = base(outer, training=False)
    return keras.Model(outer, layers.Activation("linear")(head(x)))


def _wrapped() -> keras.Model:
    inner = _plain()
    image = keras.Input((12, 12, 3))
    return keras.Model(image, inner(image))


def _sequential() -> keras.Model:
    return keras.Sequential([keras.Input((12, 12, 3)), *_plain().layers[1:]])


def _pointwise() -> keras.Model:
    """As MobileNetV3 ends."""
    image, x = _features(12)
    x = layers.Conv2D(4, 1)(layers.Reshape((1, 1, 6))(x))
    return keras.Model(image, layers.Softmax()(layers.Flatten()(x)))


def _one_unit() -> keras.Model:
    image, x = _features(12)
    p = layers.Dense(1, "sigmoid")(x)
    return keras.Model(image, layers.Concatenate()([layers.Rescaling(-1, 1)(p), p]))


@pytest.mark.parametrize(
    "build",
    [_plain, _logits_and_softmax, _nested_head, _wrapped, _sequential, _pointwise,
     _one_unit],
)  # fmt: skip
def test_scores_of_features_and_head_are_the_models_own(build) -> None:  # type: ignore[no-untyped-def]
    """With other values of the head than those that it was found with."""
    model = build()
    found = split(model)
    values = model.get_weights()
    places = found.places(model)
    random = np.random.default_rng(1)
    for place in places:
        values[place] = random.normal(size=values[place].shape).astype(np.float32)
    model.set_weights(values)
    images = random.uniform(0, 255, (5, 12, 12, 3)).astype(np.float32)
    own = np.exp(found.head.log_scores(np.asarray(found.features(images))))
    np.testing.assert_allclose(own, model.predict(images, verbose=0), atol=1e-5)
    assert len(places) == 2


def test_it_is_found_in_a_file_that_was_saved(tmp_path: Path) -> None:
    _nested_head().save(tmp_path / "nested.keras")
    found = split(keras.models.load_model(tmp_path / "nested.keras"))
    assert found.head.kernel.shape == (6, 4)


def _without() -> keras.Model:
    image = keras.Input((12, 12, 3))
    x = layers.GlobalAveragePooling2D()(image)
    return keras.Model(image, layers.Softmax()(x))


def _two_heads() -> keras.Model:
    image, x = _features(12)
    both = layers.Average()([layers.Dense(4, "softmax")(x) for _ in range(2)])
    return keras.Model(image, both)


def _normalised_logits() -> keras.Model:
    image, x = _features(12)
    x = layers.BatchNormalization()(layers.Dense(4)(x))
    return keras.Model(image, layers.Softmax()(x))


def _tempered() -> keras.Model:
    image, x = _features(12)
    x = layers.Rescaling(0.25)(layers.Dense(4, kernel_initializer="he_normal")(x))
    return keras.Model(image, layers.Softmax()(x))


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (_without, "from these layers: none"),
        (_two_heads, "from these layers: dense, dense_1"),
        (_normalised_logits, "BatchNormalization. comes last"),
        (_tempered, "not the softmax of dense alone"),
    ],
)
def test_what_has_no_such_layer_is_refused(build, said: str) -> None:  # type: ignore[no-untyped-def]
    keras.backend.clear_session()
    with pytest.raises(InputError, match=said):
        split(build())
