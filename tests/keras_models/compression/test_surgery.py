"""A copy in which nothing is replaced answers as the model does, file or no file."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.typing import NDArray

from datasets.errors import InputError
from keras_models.compression.surgery import Part, rewritten
from keras_models.loading import ModelChoice, from_model, load

SIDE = 12


def _pixels(count: int = 3, side: int = SIDE) -> NDArray[np.float32]:
    drawn = np.random.default_rng(1).uniform(0, 255, (count, side, side, 3))
    return drawn.astype(np.float32)


def _ended(taken: keras.KerasTensor, x: keras.KerasTensor) -> keras.Model:
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(taken, layers.Dense(3, "softmax", name="scores")(x))


def _branches() -> keras.Model:
    """Additions and concatenations, and what Normalization derives from pixels."""
    taken = keras.Input((SIDE, SIDE, 3))
    normal = layers.Normalization()
    normal.adapt(_pixels(9))
    x = layers.Conv2D(6, 3, padding="same", name="first")(normal(taken))
    y = layers.Conv2D(6, 1, activation="relu", name="second")(x)
    x = layers.Concatenate()([layers.Add()([x, y]), layers.BatchNormalization()(y)])
    return _ended(taken, x)


def _shared() -> keras.Model:
    taken = keras.Input((SIDE, SIDE, 3))
    conv = layers.Conv2D(3, 3, padding="same", name="first")
    return _ended(taken, conv(ops.relu(conv(layers.Rescaling(1 / 255)(taken)))))


def _nested() -> keras.Model:
    """A model inside, called twice, with a layer of the same name as one outside."""
    inside = keras.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(3, 3, padding="same", name="first")(inside)
    block = keras.Model(inside, layers.ReLU()(x), name="block")
    taken = keras.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(3, 1, name="second")(layers.Rescaling(1 / 255)(taken))
    return _ended(taken, layers.Add()([block(x), block(block(x))]))


def _sequential() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 3)),
            layers.Rescaling(1 / 255),
            keras.Sequential([layers.Conv2D(4, 3, name="first"), layers.ReLU()]),
            layers.Flatten(),
            layers.Dense(3, "softmax"),
        ]
    )


@pytest.mark.parametrize("build", [_branches, _shared, _nested, _sequential])
def test_nothing_replaced_nothing_changed(
    build: Callable[[], keras.Model], tmp_path: Path
) -> None:
    keras.utils.set_random_seed(5)
    model = build()
    copy = rewritten(model, {})
    wanted = model.predict(_pixels(), verbose=0)
    np.testing.assert_array_equal(copy.predict(_pixels(), verbose=0), wanted)
    assert not {id(weight) for weight in copy.weights} & set(map(id, model.weights))
    copy.save(tmp_path / "copy.keras")
    again = keras.models.load_model(tmp_path / "copy.keras")
    np.testing.assert_allclose(again.predict(_pixels(), verbose=0), wanted, atol=1e-6)
    opened = from_model(again, "none")
    assert opened.classes == 3
    assert opened.native == SIDE


@pytest.mark.parametrize("build", [_branches, _shared, _nested, _sequential])
def test_a_layer_is_replaced_wherever_it_is_called(
    build: Callable[[], keras.Model], tmp_path: Path
) -> None:
    """Twice the kernel after half of it is the same layer."""
    keras.utils.set_random_seed(5)
    model = build()
    layer = next(one for one in model._flatten_layers() if one.name == "first")
    kernel, bias = layer.get_weights()
    filters = kernel.shape[-1]
    wide = layers.Conv2D.from_config({**layer.get_config(), "name": "first_half"})
    narrow = layers.Conv2D(filters, 1, name="first_twice")
    twice = (2 * np.eye(filters))[None, None], np.zeros(filters)
    parts = [Part(wide, [kernel / 2, bias / 2]), Part(narrow, twice)]
    copy = rewritten(model, {layer: parts})
    wanted = model.predict(_pixels(), verbose=0)
    np.testing.assert_allclose(copy.predict(_pixels(), verbose=0), wanted, atol=1e-5)
    names = [one.name for one in copy._flatten_layers()]
    assert "first" not in names
    assert {"first_half", "first_twice"} <= set(names)
    copy.save(tmp_path / "copy.keras")
    again = keras.models.load_model(tmp_path / "copy.keras")
    np.testing.assert_allclose(again.predict(_pixels(), verbose=0), wanted, atol=1e-5)


def test_a_packaged_network_survives() -> None:
    source = load(ModelChoice(model="small_resnet", weights="glyphs"))
    pictures = _pixels(2, source.native)
    np.testing.assert_array_equal(
        rewritten(source.model, {}).predict(pictures, verbose=0),
        source.model.predict(pictures, verbose=0),
    )


class _Own(keras.Model):  # type: ignore[misc]
    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        return inputs


def test_what_cannot_be_copied_is_refused_in_one_line() -> None:
    with pytest.raises(InputError, match="a model of a class of its own") as refused:
        rewritten(_Own(), {})
    assert "\n" not in str(refused.value)
    taken = keras.Input((None, None, 3))
    with pytest.raises(InputError, match="fixed size"):
        rewritten(_ended(taken, layers.Conv2D(2, 3)(taken)), {})


def test_parts_that_do_not_fit_are_refused_in_one_line() -> None:
    model = _branches()
    first = model.get_layer("first")
    with pytest.raises(InputError, match="replaced=other: expected a layer of"):
        rewritten(model, {layers.Conv2D(2, 3, name="other"): []})
    wrong = Part(layers.Conv2D(6, 3, padding="same"), [np.zeros((3, 3, 3, 5))])
    with pytest.raises(InputError, match="cannot be written anew") as refused:
        rewritten(model, {first: [wrong]})
    assert "\n" not in str(refused.value)
    taken = Part(layers.Conv2D(6, 3, padding="same", name="second"), [])
    with pytest.raises(InputError, match="a name of its own"):
        rewritten(model, {first: [taken]})
