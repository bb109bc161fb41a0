"""Keras -> .tflite: same scores from plain RGB pixels, whatever the network takes."""

from typing import Any

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from keras.applications.imagenet_utils import preprocess_input

from convert import tflite_graph
from convert.image_input import entrance
from convert.running import Runner
from convert.to_tflite import FloatFiles, at_resolution, signature_name
from datasets.errors import InputError
from keras_models.macs import count_macs
from tests.convert.small import SIDE, network, pixels, pretrained


def _depthwise_first() -> keras.Model:
    """No convolution whose kernel could take its channels in another order."""
    keras.utils.set_random_seed(3)
    image = keras.Input((SIDE, SIDE, 3))
    values: Any = keras.layers.DepthwiseConv2D(3, padding="same")(image)
    values = keras.layers.Conv2D(6, 3, activation="relu")(values)
    values = keras.layers.GlobalAveragePooling2D()(values)
    return keras.Model(image, keras.layers.Dense(4, "softmax")(values))


@pytest.mark.parametrize("mode", ["tf", "caffe", "torch"])
@pytest.mark.parametrize("build", [network, _depthwise_first])
def test_rgb_pixels_give_the_scores_of_keras_preprocessing(
    build: Any, mode: str
) -> None:
    """The reference is keras.applications' own preprocess_input."""
    model = build()
    before = [np.array(value) for value in model.get_weights()]
    content = FloatFiles(pretrained(model, mode)).at(SIDE)
    given = pixels(3)
    expected = model(preprocess_input(given.copy(), mode=mode), training=False)
    runner = Runner(content, signature_name(SIDE))
    own = np.stack([runner.scores(image) for image in entrance(mode).images(given)])
    assert np.abs(own - np.asarray(expected)).max() <= 1e-5
    for one, other in zip(before, model.get_weights(), strict=True):
        assert np.array_equal(one, other)


def test_ends_are_named_and_the_batch_is_one() -> None:
    content = FloatFiles(pretrained(network(), "none")).at(SIDE)
    interpreter = Interpreter(model_content=content)
    names = {"inputs": ["image"], "outputs": ["scores"]}
    assert interpreter.get_signature_list() == {"resolution_32": names}
    details = interpreter.get_input_details()[0]
    assert details["name"] == "image"
    assert tuple(details["shape_signature"]) == (1, SIDE, SIDE, 3)


def test_written_shapes_give_the_bits_of_a_conversion_of_its_own() -> None:
    source = pretrained(network())
    native = FloatFiles(source).at(SIDE)
    for resolution in (48, 20):
        own = FloatFiles(source).at(resolution)
        written = at_resolution(native, resolution)
        assert written is not None
        image = entrance("tf").images(pixels(1, resolution))[0]
        runners = [Runner(one, signature_name(resolution)) for one in (own, written)]
        assert np.array_equal(runners[0].scores(image), runners[1].scores(image))


def test_a_graph_that_fits_one_size_is_not_rewritten() -> None:
    """Dense weights after Flatten fit 8 pixels alone."""
    image = keras.Input((8, 8, 3))
    scores = keras.layers.Dense(3, "softmax")(keras.layers.Flatten()(image))
    content = FloatFiles(pretrained(keras.Model(image, scores))).at(8)
    assert at_resolution(content, 16) is None


def test_macs_of_the_graph_equal_the_hand_count() -> None:
    content = FloatFiles(pretrained(network())).at(SIDE)
    model = tflite_graph.read(content)
    counts = {
        kind: macs
        for kind, _, macs in tflite_graph.operator_macs(model, model.subgraphs[0])
    }
    first, pointwise = 16 * 16 * 8 * 3 * 3 * 3, 16 * 16 * 8 * 16
    total = sum(macs or 0 for macs in counts.values())
    listed = list(tflite_graph.operator_macs(model, model.subgraphs[0]))
    assert [macs for kind, _, macs in listed if kind == "CONV_2D"] == [first, pointwise]
    assert counts["DEPTHWISE_CONV_2D"] == 16 * 16 * 8 * 9
    assert counts["FULLY_CONNECTED"] == 16 * 5
    assert total > 0


def test_a_model_that_does_not_convert_faithfully_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = FloatFiles(pretrained(network(seed=9))).at(SIDE)
    monkeypatch.setattr("convert.to_tflite.float_flatbuffer", lambda _: other)
    with pytest.raises(InputError, match="does not convert faithfully"):
        FloatFiles(pretrained(network())).at(SIDE)


def _attended(x: Any) -> Any:
    return keras.layers.MultiHeadAttention(2, 5)(x, x)


def _itself(x: Any) -> Any:
    """By keras.ops: tokens against tokens, in both orders of the axes."""
    return keras.ops.matmul(keras.ops.matmul(x, keras.ops.transpose(x, (0, 2, 1))), x)


BODIES = {
    "attention": lambda x: _attended(keras.layers.Reshape((36, 4))(x)),
    "matmul": lambda x: _itself(keras.layers.Reshape((36, 4))(x)),
    "power": lambda x: keras.ops.power(keras.ops.abs(x) + 1, 1.5),
    "taken": lambda x: keras.ops.take(x, [2, 0, 1], axis=-1),
    "reversed": lambda x: keras.ops.flip(x, axis=1),
    "grown": lambda x: keras.layers.UpSampling2D(2, interpolation="bilinear")(x),
    "repeated": lambda x: keras.layers.UpSampling2D(2)(x),
    "larger": lambda x: keras.ops.where(x > 0, x, keras.ops.floor(x)),
}


@pytest.mark.parametrize("body", BODIES)
def test_macs_of_the_file_are_those_of_the_layers(body: str) -> None:
    """Products of two tensors are charged, what moves values or is elementwise is not.

    Else `convert` says that the file is another network than the one that it is.
    """
    image = keras.Input((6, 6, 3))
    values = BODIES[body](keras.layers.Conv2D(4, 3, padding="same")(image))
    values = keras.layers.Dense(5)(keras.layers.Flatten()(values))
    model = keras.Model(image, keras.layers.Softmax()(values))
    read = tflite_graph.read(FloatFiles(pretrained(model)).at(6))
    listed = list(tflite_graph.operator_macs(read, read.subgraphs[0]))
    assert None not in [macs for *_, macs in listed], listed
    assert sum(macs or 0 for *_, macs in listed) == count_macs(model).macs
