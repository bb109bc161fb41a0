"""Graphs as users write them: rebuilt exactly, or refused by name with what works."""

import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from datasets.errors import InputError
from keras_models.graph import signature, smallest_resolution
from keras_models.macs import count_macs
from keras_models.rebuilding import rebuild

NATIVE = 32
Make = Callable[[Any, int], Any]  # (image, its side) -> scores


def _built(make: Make, resolution: int) -> keras.Model:
    image = keras.Input((resolution, resolution, 3))
    return keras.Model(image, make(image, resolution), name="mine")


def _half(maps: Any, filters: int = 8) -> Any:
    layer = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")
    return layer(maps / 127.5 - 1)


def _dense(features: Any) -> Any:
    return layers.Dense(3, "softmax")(features)


def _scores(maps: Any) -> Any:
    return _dense(layers.GlobalAveragePooling2D()(maps))


def _tokens(maps: Any) -> Any:
    return layers.Reshape((-1, maps.shape[-1]))(maps)


def _mean(tokens: Any) -> Any:
    return _dense(layers.GlobalAveragePooling1D()(tokens))


@keras.saving.register_keras_serializable("reswise_tests")
class Squeeze(layers.Layer):  # type: ignore[misc]
    """Made of layers, with bare operations between them."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        self.narrow = layers.Dense(2, "relu")
        self.wide = layers.Dense(shape[-1], "sigmoid")
        self.narrow.build((None, shape[-1]))
        self.wide.build((None, 2))

    def call(self, maps: Any) -> Any:
        gates = self.wide(self.narrow(ops.mean(maps, axis=(1, 2))))
        return maps * gates[:, None, None, :]


@keras.saving.register_keras_serializable("reswise_tests")
class Places(layers.Layer):  # type: ignore[misc]
    """A table with a row for each place, cut to the map that comes."""

    def build(self, shape: tuple[int, ...]) -> None:
        self.table = self.add_weight(shape=(shape[1] * shape[2], shape[3]))

    def call(self, maps: Any) -> Any:
        _, height, width, channels = maps.shape
        rows = self.table[: height * width]
        return maps + ops.reshape(rows, (1, height, width, channels))


@keras.saving.register_keras_serializable("reswise_tests")
class Derived(layers.Layer):  # type: ignore[misc]
    """Keeps what it computed from its weights."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        self.scale = self.add_weight(shape=(shape[-1],), initializer="uniform")
        self.kept = ops.convert_to_numpy(self.scale) + 1

    def call(self, maps: Any) -> Any:
        return maps * self.kept


@keras.saving.register_keras_serializable("reswise_tests")
class Renewed(Derived):
    """The same, with the method that renews it."""

    def finalize_state(self) -> None:
        self.kept = ops.convert_to_numpy(self.scale) + 1


def _shared(image: Any, resolution: int) -> Any:
    del resolution
    twice = layers.Conv2D(8, 3, padding="same")
    return _scores(layers.Add()([twice(_half(image)), twice(_half(image))]))


def _inner_twice(image: Any, resolution: int) -> Any:
    """A model inside, called on maps of two sizes."""
    del resolution
    free = keras.Input((None, None, 3))
    inner = keras.Model(free, _half(free), name="inner")
    smaller = layers.AveragePooling2D(2)(image)
    pooled = [layers.GlobalAveragePooling2D()(inner(x)) for x in (image, smaller)]
    return _dense(layers.Concatenate()(pooled))


def _second_output(image: Any, resolution: int) -> Any:
    """Of a model inside with several, in a dictionary."""
    given = keras.Input((resolution, resolution, 3), name="picture")
    first = _half(given)
    inner = keras.Model({"picture": given}, {"a": first, "b": _half(first)})
    return _scores(inner({"picture": image})["b"])


def _attention(image: Any, resolution: int) -> Any:
    del resolution
    tokens = _tokens(_half(_half(image), 16))
    return _mean(tokens + layers.MultiHeadAttention(4, 4)(tokens, tokens))


def _sequential_inside(image: Any, resolution: int) -> Any:
    del resolution
    inner = keras.Sequential([layers.Conv2D(4, 3), layers.ReLU()])
    return _scores(keras.Sequential([inner, layers.BatchNormalization()])(image / 255))


EXACT: dict[str, Make] = {
    "a layer called twice": _shared,
    "a model called twice": _inner_twice,
    "one of several outputs": _second_output,
    "attention": _attention,
    "Sequential in Sequential": _sequential_inside,
    "own layer": lambda image, _: _scores(Squeeze()(_half(image))),
    "derived, renewed": lambda image, _: _scores(Renewed()(_half(image))),
    "array": lambda image, _: _scores(
        _half(image[..., ::-1] - np.array([103.9, 116.8, 123.7], "float32"))
    ),
    "hard swish": lambda image, _: _scores(
        (lambda x: x * layers.ReLU(6.0)(x + 3.0) / 6.0)(_half(image))
    ),
    "mean": lambda image, _: _dense(ops.mean(_half(image), axis=(1, 2))),
    "group normalisation": lambda image, _: _scores(
        layers.GroupNormalization(4)(_half(image))
    ),
    "spectral normalisation": lambda image, _: _scores(
        layers.SpectralNormalization(layers.Conv2D(4, 3))(image / 255)
    ),
    "cast": lambda image, _: _scores(
        ops.cast(ops.cast(_half(image), "float16"), "float32")
    ),
    "whole map, Flatten": lambda image, side: _dense(
        layers.Flatten()(layers.AveragePooling2D(side // 2)(_half(image)))
    ),
    "whole map, Reshape": lambda image, side: _dense(
        layers.Reshape((8,))(layers.AveragePooling2D((side // 2,) * 2)(_half(image)))
    ),
    "whole map, operation": lambda image, side: _dense(
        layers.Flatten()(ops.average_pool(_half(image), side // 2))
    ),
    "edge cut off": lambda image, _: _scores(_half(image[:, 1:-1, 1:-1])),
    "kernel as a constant": lambda image, _: _scores(
        ops.conv(image / 255, np.ones((3, 3, 3, 4), "float32") / 27, 2, "same")
    ),
}


@pytest.mark.parametrize("name", EXACT)
def test_a_graph_is_rebuilt_as_by_hand(name: str) -> None:
    keras.utils.set_random_seed(2)
    model = _built(EXACT[name], NATIVE)
    for resolution in (24, NATIVE + 4):
        hand = _built(EXACT[name], resolution)
        hand.set_weights(model.get_weights())
        for layer in hand.layers:
            if hasattr(layer, "finalize_state"):
                layer.finalize_state()
        rebuilt = rebuild(model, resolution)
        shape = (2, resolution, resolution, 3)
        pixels = np.random.default_rng(1).uniform(0, 255, shape).astype("float32")
        found, expected = (np.asarray(each(pixels)) for each in (rebuilt, hand))
        assert np.abs(found - expected).max() <= 1e-6
        macs = count_macs(hand)
        assert macs.uncounted == ()
        assert (
            count_macs(rebuilt).macs == count_macs(model, resolution).macs == macs.macs
        )


REFUSED: dict[str, tuple[Make, str]] = {
    "Flatten": (
        lambda image, _: _dense(layers.Flatten(name="flat")(_half(image))),
        r"layer flat flattens a feature map of 16x16 .* global pooling",
    ),
    "Reshape": (
        lambda image, _: _mean(layers.Reshape((256, 8), name="rows")(_half(image))),
        r"must be unchanged",
    ),
    "resize": (
        lambda image, _: _scores(_half(ops.image.resize(image, (16, 16)))),
        r"\(Resize\) fixes the size",
    ),
    "CenterCrop": (
        lambda image, _: _scores(_half(layers.CenterCrop(16, 16)(image))),
        r"\(CenterCrop\) fixes the size",
    ),
    "fixed cut": (
        lambda image, _: _scores(_half(image[:, 4:20, 4:20])),
        r"\(GetItem\) cuts a fixed part",
    ),
    "sum": (
        lambda image, _: _dense(ops.sum(_half(image), axis=(1, 2)) / 256),
        r"adds up a map of 16x16",
    ),
    "table": (
        lambda image, _: _scores(Places()(_half(image))),
        r"a row for each place",
    ),
    "normalised over places": (
        lambda image, _: _scores(
            layers.LayerNormalization(axis=(1, 2, 3))(_half(image))
        ),
        r"\(LayerNormalization\) has tensors for each place",
    ),
    "slopes of places": (
        lambda image, _: _scores(layers.PReLU()(_half(image))),
        r"\(PReLU\) has tensors for each place",
    ),
    "mixed places": (
        lambda image, _: _mean(
            layers.Dense(5)(layers.Permute((2, 1))(_tokens(_half(image))))
        ),
        r"\(Dense\) has tensors for each place",
    ),
    "constant of one map": (
        lambda image, _: _scores(_half(image) + np.ones((16, 16, 8), "float32")),
        r"cannot be",
    ),
    "uneven padding": (
        lambda image, _: _scores(
            layers.Conv2D(4, 3, 2)(ops.pad(image, ((0, 0), (0, 1), (0, 1), (0, 0))))
        ),
        r"odd and even maps are padded differently",
    ),
    "no pooling": (lambda image, _: layers.Conv2D(3, 8, 8)(image), r"output would"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_fits_one_size_is_refused_and_the_remedy_works(name: str) -> None:
    make, why = REFUSED[name]
    model = _built(make, NATIVE)
    with pytest.raises(InputError, match=why) as refusal:
        rebuild(model, 19)
    assert rebuild(model, NATIVE).output_shape == model.output_shape
    told = str(refusal.value)
    remedy = re.search(r"nearest that works? (?:is|are) (\d+)(?: and (\d+))?", told)
    assert remedy or "fits 32 pixels only" in told
    for resolution in filter(None, remedy.groups() if remedy else ()):
        assert rebuild(model, int(resolution)).inputs[0].shape[1] == int(resolution)


def test_state_that_is_not_renewed_is_found_out_with_what_to_do() -> None:
    keras.utils.set_random_seed(2)
    model = _built(lambda image, _: _scores(Derived()(_half(image))), NATIVE)
    with pytest.raises(InputError, match=r"mine@24: .*finalize_state"):
        rebuild(model, 24)


def test_a_free_base_keeps_the_padding_that_it_has() -> None:
    """Built without a size it pads alike on all maps, even ones and odd ones."""

    def free(resolution: int) -> keras.Model:
        image = keras.Input((resolution, resolution, 3))
        inner = keras.Input((None, None, 3))
        padded = layers.ZeroPadding2D(((0, 1), (0, 1)), name="block_1_pad")(inner)
        base = keras.Model(inner, layers.DepthwiseConv2D(3, 2)(padded))
        return keras.Model(image, _scores(base(image)))

    model, hand = free(32), free(21)
    hand.set_weights(model.get_weights())
    pixels = np.random.default_rng(1).uniform(-1, 1, (2, 21, 21, 3)).astype("float32")
    again = rebuild(rebuild(model, 28), 21)
    for each in (rebuild(model, 21), again):
        difference = np.asarray(each(pixels)) - np.asarray(hand(pixels))
        assert np.abs(difference).max() <= 1e-6


def test_the_smallest_resolution_is_one_that_works() -> None:
    """Padding for even maps: 4 pixels would do for the shapes, 8 is the first even."""

    def make(image: Any, resolution: int) -> Any:
        del resolution
        x = layers.ZeroPadding2D(((0, 1), (0, 1)))(_half(image))
        return _scores(layers.Conv2D(4, 3, 2)(layers.Conv2D(4, 3, 1)(x)))

    model = _built(make, NATIVE)
    smallest = smallest_resolution(model, NATIVE)
    assert rebuild(model, smallest).inputs[0].shape[1] == smallest
    with pytest.raises(InputError):
        rebuild(model, smallest - 1)


def test_signatures_tell_constants_apart() -> None:
    """Two resolutions share a conversion only where nothing differs."""

    def scaled(by: float) -> keras.Model:
        return _built(lambda image, _: _scores(_half(image * by)), NATIVE)

    assert signature(scaled(0.5)) == signature(scaled(0.5)) != signature(scaled(0.25))
