"""Same tensors, one by one; the same scores at the native resolution; refusals."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from datasets.errors import InputError
from keras_models.catalogue import build
from keras_models.rebuilding import rebuild, recognise


def _images(resolution: int) -> np.ndarray:
    generator = np.random.default_rng(1)
    return generator.uniform(-1, 1, (2, resolution, resolution, 3)).astype("float32")


def _cnn(resolution: int, head: layers.Layer, padding: object = "same") -> keras.Model:
    image = keras.Input((resolution, resolution, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same", name="first")(image)
    if padding != "same":
        x = layers.ZeroPadding2D(padding, name="pad")(x)
    x = layers.Conv2D(4, 3, strides=2, padding="valid", name="second")(x)
    outputs = layers.Dense(5, "softmax")(head(x))
    return keras.Model(image, outputs, name="mine")


@pytest.mark.parametrize("name", ["mobilenet_v2", "nasnet_mobile", "small_resnet"])
def test_native_scores_are_equal_to_the_last_bit(name: str) -> None:
    keras.utils.set_random_seed(7)
    model = build(name, 64, classes=10)
    again = rebuild(model, 64)
    assert again is not model
    images = _images(64)
    expected = np.asarray(model(images, training=False))
    assert np.array_equal(np.asarray(again(images, training=False)), expected)


@pytest.mark.parametrize("resolution", [33, 47, 96])
def test_every_tensor_moves(resolution: int) -> None:
    keras.utils.set_random_seed(7)
    model = build("nasnet_mobile", 64, classes=10)
    small = rebuild(model, resolution)
    assert small.inputs[0].shape[1] == resolution
    for here, there in zip(model.get_weights(), small.get_weights(), strict=True):
        assert np.array_equal(here, there)


def test_a_saved_application_is_recognised_and_takes_odd_sizes(tmp_path: Path) -> None:
    """Copying MobileNetV2's graph to 33 pixels would pad wrongly; building does not."""
    path = tmp_path / "tuned.keras"
    keras.applications.MobileNetV2(
        input_shape=(96, 96, 3), alpha=0.35, weights=None, classes=7
    ).save(path)
    model = keras.saving.load_model(path, compile=False)
    assert recognise(model) is not None
    oracle = build("mobilenet_v2", 33, 7, 0.35)
    oracle.set_weights(model.get_weights())
    images = _images(33)
    assert np.array_equal(
        np.asarray(rebuild(model, 33)(images, training=False)),
        np.asarray(oracle(images, training=False)),
    )


def test_flatten_before_dense_is_refused_with_its_name() -> None:
    model = _cnn(32, layers.Flatten(name="flat"))
    with pytest.raises(InputError, match=r"layer flat flattens .* global pooling"):
        rebuild(model, 16)


def test_an_average_over_the_whole_map_goes_on_covering_it() -> None:
    """By hand: 12 pixels in quarters are a map of 3, averaged at once."""

    def built(resolution: int) -> keras.Model:
        image = keras.Input((resolution, resolution, 3))
        x = layers.Conv2D(4, 3, strides=4, padding="same")(image)
        pooled = layers.AveragePooling2D(resolution // 4)(x)
        return keras.Model(image, layers.Dense(2)(layers.Flatten()(pooled)))

    model, hand = built(32), built(12)
    hand.set_weights(model.get_weights())
    images = _images(12)
    found = np.asarray(rebuild(model, 12)(images))
    assert np.array_equal(found, np.asarray(hand(images)))


def test_an_output_that_would_grow_is_refused() -> None:
    image = keras.Input((32, 32, 3))
    model = keras.Model(image, layers.Conv2D(2, 32)(image))
    with pytest.raises(InputError, match=r"fits 32 pixels only"):
        rebuild(model, 16)


def test_too_small_names_the_smallest_that_works() -> None:
    model = _cnn(32, layers.GlobalAveragePooling2D())
    with pytest.raises(InputError, match="nearest that works is 5"):
        rebuild(model, 4)
    assert rebuild(model, 5).inputs[0].shape[1] == 5


def test_padding_made_for_even_maps_is_refused_on_odd_ones() -> None:
    """Maps of 16 pixels at 32; at 26 they would have 13."""
    model = _cnn(32, layers.GlobalAveragePooling2D(), ((0, 1), (0, 1)))
    with pytest.raises(InputError, match=r"pad .* odd and even .*work are 24 and 27"):
        rebuild(model, 26)
    for resolution in (24, 27):
        assert rebuild(model, resolution).inputs[0].shape[1] == resolution


def test_a_resizing_layer_is_refused() -> None:
    image = keras.Input((32, 32, 3))
    x = layers.Resizing(16, 16, name="shrink")(image)
    model = keras.Model(image, layers.Dense(2)(layers.GlobalMaxPooling2D()(x)))
    with pytest.raises(InputError, match="shrink"):
        rebuild(model, 16)


def test_an_input_of_no_fixed_size_is_refused() -> None:
    image = keras.Input((None, None, 3))
    model = keras.Model(image, layers.Dense(2)(layers.GlobalMaxPooling2D()(image)))
    with pytest.raises(InputError, match="fixed R"):
        rebuild(model, 16)


def test_below_the_catalogues_smallest() -> None:
    with pytest.raises(InputError, match="smallest resolution that works, 19"):
        build("nasnet_mobile", 18)
