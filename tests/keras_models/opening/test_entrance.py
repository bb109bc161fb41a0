"""Models that take something else than one RGB picture in float32."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from PIL import Image

from datasets.errors import InputError
from keras_models.loading import from_model
from keras_models.opening.canonical import Said
from keras_models.pretrained import Pretrained
from keras_models.scoring.engines import LitertEngine, float_flatbuffer
from tests.keras_models import user_models as models
from tests.keras_models.user_models import SIDE, tail


def _answers(source: Pretrained, images: models.Float32s) -> models.Float32s:
    return np.asarray(source.model(images, training=False))


def _of(taken: keras.KerasTensor, x: keras.KerasTensor | None = None) -> keras.Model:
    return keras.Model(
        taken, tail(layers.Rescaling(1 / 255)(taken if x is None else x))
    )


@pytest.mark.parametrize("channel", [True, False])
def test_pictures_become_grey_as_pillow_makes_them(channel: bool) -> None:
    taken = models.image(SIDE, SIDE, *((1,) if channel else ()))
    x = taken if channel else layers.Reshape((SIDE, SIDE, 1))(taken)
    model = _of(taken, x)
    images = models.pixels()
    grey = [Image.fromarray(one.astype("uint8")).convert("L") for one in images]
    given = np.stack([np.asarray(one, np.float32) for one in grey])
    expected = model.predict(given[..., None] if channel else given, verbose=0)
    source = from_model(model)
    # Pillow rounds to whole levels of grey: half a level of 255
    assert np.abs(_answers(source, images) - expected).max() < 2e-3
    assert np.abs(_answers(source, images) - source.own_scores(images)).max() < 1e-6
    engine = LitertEngine(float_flatbuffer(source.model), SIDE, 1)
    assert np.abs(engine.scores(images) - _answers(source, images)).max() < 1e-6
    assert any("grey" in remark for remark in source.remarks)


def test_grey_takes_no_convention_of_colours() -> None:
    model = _of(models.image(SIDE, SIDE, 1))
    with pytest.raises(InputError, match="takes grey pictures"):
        from_model(model, "caffe")


@pytest.mark.parametrize("dtype", ["uint8", "int32"])
def test_whole_numbers_in(dtype: str) -> None:
    taken = models.image(dtype=dtype)
    model = keras.Model(taken, tail(ops.cast(taken, "float32") / 127.5 - 1.0))
    images = models.pixels()
    expected = model.predict(images.astype(dtype), verbose=0)
    source = from_model(model)
    assert source.model.inputs[0].dtype == "float32"
    assert np.abs(_answers(source, images) - expected).max() < 1e-6
    assert np.abs(source.own_scores(images) - expected).max() < 1e-6


def test_a_dictionary_in_and_batches_of_one_size() -> None:
    taken = keras.Input(batch_shape=(3, SIDE, SIDE, 3), name="image")
    inner = _of(taken)
    model = keras.Model({"image": taken}, {"scores": inner.outputs[0]})
    images = models.pixels(7)
    expected = np.concatenate(
        [
            np.asarray(model({"image": images[i : i + 3]}, training=False)["scores"])
            for i in (0, 3, 4)
        ]
    )[[0, 1, 2, 3, 4, 5, 8]]
    source = from_model(model)
    assert source.model.inputs[0].shape[0] is None
    assert np.abs(_answers(source, images) - expected).max() < 1e-6
    assert np.abs(source.own_scores(images) - expected).max() < 1e-6


def test_a_free_size_is_asked_for_and_then_exact() -> None:
    model = _of(models.image(None, None, 3))
    with pytest.raises(InputError, match="`native_resolution=R`"):
        from_model(model)
    source = from_model(model, said=Said(native=20))
    images = models.pixels(3, 20)
    expected = model.predict(images, verbose=0)
    assert (source.native, source.model.input_shape) == (20, (None, 20, 20, 3))
    assert np.abs(_answers(source, images) - expected).max() < 1e-6
    with pytest.raises(InputError, match="takes 16 pixels"):
        from_model(_of(models.image()), said=Said(native=20))


def test_a_sequential_built_by_its_first_pictures() -> None:
    model = models.nested(
        layers.Rescaling(1 / 255), layers.Conv2D(4, 3), layers.GlobalMaxPooling2D(),
        layers.Dense(3, "softmax"),
    )  # fmt: skip
    with pytest.raises(InputError, match=r"keras\.Input"):
        from_model(model)
    images = models.pixels()
    expected = np.asarray(model(images))
    assert np.abs(_answers(from_model(model), images) - expected).max() < 1e-6


@pytest.mark.parametrize(
    ("shape", "line"),
    [
        ((3, SIDE, SIDE), "channels first"),
        ((SIDE, SIDE, 4), "four channels"),
        ((SIDE, 2 * SIDE, 3), "square"),
        ((784,), r"\(None, 784\)"),
    ],
)
def test_no_square_picture_is_refused(shape: tuple[int, ...], line: str) -> None:
    taken = keras.Input(shape)
    model = keras.Model(taken, layers.Dense(3, "softmax")(layers.Flatten()(taken)))
    with pytest.raises(InputError, match=line):
        from_model(model)


def test_several_inputs_are_named() -> None:
    taken, more = models.image(), keras.Input((5,), name="age")
    both = layers.Concatenate()([tail(taken), more])
    model = keras.Model([taken, more], layers.Dense(2, "softmax")(both))
    with pytest.raises(InputError, match=r"2 inputs .*age \(None, 5\)"):
        from_model(model)


def test_a_model_without_a_graph_is_refused() -> None:
    class Own(keras.Model):  # type: ignore[misc]
        def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
            return inputs

    with pytest.raises(InputError, match="Build it with"):
        from_model(Own())
