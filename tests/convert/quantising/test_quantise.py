"""Quantised files: what they store, how close they stay, and the corrections."""

import itertools
from typing import Any

import keras
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from convert import tflite_graph
from convert.image_input import entrance, taking_rgb
from convert.manifest import Tensor
from convert.quantising.corrections import corrected, rounded
from convert.quantising.layer_errors import worst_layers
from convert.quantising.quantise import FloatRung, with_litert, with_tensorflow
from convert.quantising.ranges import keeping_all, seen_by
from convert.quantising.recipes import RECIPES
from convert.running import Runner, dequantised, quantised
from convert.to_tflite import FloatFiles, signature_name
from tests.convert.small import SIDE, network, pixels, pretrained

NAME = signature_name(SIDE)
IMAGES = entrance("tf").images(pixels(24))
MODEL = network()


@pytest.fixture(scope="module")
def source() -> FloatRung:
    content = FloatFiles(pretrained(MODEL)).at(SIDE)
    return FloatRung(
        content=content, signature=NAME, images=IMAGES, seen=seen_by(content, IMAGES)
    )


def _scores(content: bytes) -> Any:
    runner = Runner(content, NAME)
    return np.stack([runner.scores(image) for image in IMAGES])


def _stored(content: bytes, wide: bool) -> set[str]:
    """Types of kernels, of depthwise layers (1, h, w, C) unless `wide`."""
    model = tflite_graph.read(content)
    names = {value: name for name, value in vars(schema.TensorType).items()}
    graph = model.subgraphs[0]
    return {
        names[tensor.type]
        for tensor in graph.tensors
        if model.buffers[tensor.buffer].data is not None and len(tensor.shape) == 4
        if wide == (tensor.shape[0] > 1)
    }


@pytest.mark.parametrize("name", RECIPES)
def test_weights_are_stored_as_the_recipe_says_and_scores_stay_close(
    source: FloatRung, name: str
) -> None:
    recipe = RECIPES[name]
    content = with_litert(source, recipe)
    assert _stored(content, wide=True) == {recipe.weights.upper()}
    small = "float32" if name == "float16" else recipe.weights
    assert _stored(content, wide=False) == {small.upper()}
    ends = Runner(content, NAME)
    assert {ends.input.dtype, ends.output.dtype} == {recipe.input_output}
    assert np.abs(_scores(content) - _scores(source.content)).max() < 0.03


@pytest.mark.parametrize("name", ["float16", "dynamic_int8", "full_int8_io_int8"])
def test_tensorflow_quantises_too(source: FloatRung, name: str) -> None:
    recipe = RECIPES[name]
    with taking_rgb(MODEL, "tf") as fixed:
        content = with_tensorflow(source, recipe, fixed)
    ends = Runner(content, NAME)
    assert {ends.input.dtype, ends.output.dtype} == {recipe.input_output}
    assert np.abs(_scores(content) - _scores(source.content)).max() < 0.03


LAYERS = {
    "depthwise": lambda: keras.layers.DepthwiseConv2D(3, strides=2, padding="same"),
    "strided": lambda: keras.layers.Conv2D(6, 5, strides=2, padding="same"),
    "dilated": lambda: keras.layers.Conv2D(6, 3, dilation_rate=2),
    "grouped": lambda: keras.layers.Conv2D(6, 3, groups=3, use_bias=False),
}


WIDE = [name for name in LAYERS if name != "depthwise"]  # that stays in float32


@pytest.mark.parametrize(
    ("name", "kept"),
    [*itertools.product(LAYERS, ["int8"]), *((one, "float16") for one in WIDE)],
)
def test_corrected_biases_take_the_mean_error_of_rounding_back(
    name: str, kept: str
) -> None:
    """Of one linear layer, measured by running it with rounded weights in float32."""
    keras.utils.set_random_seed(5)
    image = keras.Input((SIDE, SIDE, 3))
    values: Any = keras.layers.GlobalAveragePooling2D()(LAYERS[name]()(image))
    model = keras.Model(image, keras.layers.Dense(4, "softmax")(values))
    content = FloatFiles(pretrained(model, "none")).at(SIDE)
    images = pixels(8)
    ready = corrected(content, seen_by(content, images), kept)
    exact, plain, better = (
        _means(one, images)
        for one in (content, _with_rounded(content, kept), _with_rounded(ready, kept))
    )
    assert np.abs(better - exact).max() < 0.02 * np.abs(plain - exact).max()


def _weighted(content: bytes) -> tuple[Any, Any, Any, int]:
    """(model, graph, its first weighted operator, the axis of its channels)."""
    model = tflite_graph.read(content)
    graph = model.subgraphs[0]
    axes = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3}
    for operator in graph.operators:
        kind = tflite_graph.operator_name(model, operator)
        if kind in axes:
            return model, graph, operator, axes[kind]
    raise AssertionError("no weighted operator")


def _with_rounded(content: bytes, kept: str) -> bytes:
    model, graph, operator, axis = _weighted(content)
    weights = tflite_graph.constant(model, graph, operator.inputs[1])
    assert weights is not None
    steps = rounded(weights, axis, kept).astype(np.float32)
    tflite_graph.set_constant(model, graph, operator, 1, steps)
    return tflite_graph.write(model)


def _means(content: bytes, images: Any) -> Any:
    """(channels,) mean over images and places of what the layer gives."""
    output = int(_weighted(content)[2].outputs[0])
    interpreter = keeping_all(content)
    index = interpreter.get_input_details()[0]["index"]
    means = []
    for image in images:
        interpreter.set_tensor(index, image[None])
        interpreter.invoke()
        values = interpreter.get_tensor(output)[0].astype(np.float64)
        means.append(values.mean((0, 1)))
    return np.mean(means, axis=0)


def test_a_channel_without_weights_keeps_its_bias_as_int8() -> None:
    """Else its scale is so small that the bias overflows: 2.5 of 5 in MobileNetV2."""
    model = network(seed=4)
    kernel, bias = model.layers[5].get_weights()  # the depthwise layer
    kernel[:, :, 2], bias[2] = 1e-12, 5.0
    model.layers[5].set_weights([kernel, bias])
    content = FloatFiles(pretrained(model)).at(SIDE)
    source = FloatRung(
        content=content, signature=NAME, images=IMAGES, seen=seen_by(content, IMAGES)
    )
    file = with_litert(source, RECIPES["full_int8"])
    assert np.abs(_scores(file) - _scores(content)).max() < 0.03


def test_one_image_of_a_hundred_does_not_set_a_range(source: FloatRung) -> None:
    """119 images of one grey and one of a fourfold contrast: all but it decide."""
    images = np.full((120, SIDE, SIDE, 3), 0.25, np.float32)
    images[7] = 1.0
    seen = seen_by(source.content, images)
    assert (seen.low["image"], seen.high["image"]) == (0.25, 0.25)
    assert seen.width("image") == 0.25


@pytest.mark.parametrize(
    ("name", "kind"), [("full_int8", "FLOAT32"), ("full_int8_io_int8", "INT8")]
)
def test_the_last_dense_layer_gives_what_the_output_is(
    source: FloatRung, name: str, kind: str
) -> None:
    model = tflite_graph.read(with_litert(source, RECIPES[name]))
    graph = model.subgraphs[0]
    (dense,) = (
        one for one in graph.operators
        if tflite_graph.operator_name(model, one) == "FULLY_CONNECTED"
    )  # fmt: skip
    types = {value: name for name, value in vars(schema.TensorType).items()}
    assert types[graph.tensors[dense.outputs[0]].type] == kind
    assert types[graph.tensors[dense.inputs[1]].type] == "INT8"


def test_real_values_are_stored_as_the_manifest_says() -> None:
    """Halves to even, clipped; worked by hand."""
    tensor = Tensor(name="image", dtype="int8", shape=(1, 5), scale=0.5, zero_point=3)
    reals = np.array([[0.25, 0.75, -1.0, 100.0, -100.0]], np.float32)
    stored = quantised(reals, tensor)
    assert stored.tolist() == [[3, 5, 1, 127, -128]]
    assert dequantised(stored, tensor).tolist() == [[0.0, 1.0, -1.0, 62.0, -65.5]]
    plain = Tensor(name="image", dtype="float32", shape=(1, 5))
    assert quantised(reals, plain) is reals


def test_the_damaged_layer_is_named(source: FloatRung) -> None:
    """A file whose 1x1 convolution is off by a tenth: that layer, and no later one."""
    model = tflite_graph.read(source.content)
    graph = model.subgraphs[0]
    convolutions = [
        one for one in graph.operators
        if tflite_graph.operator_name(model, one) == "CONV_2D"
    ]  # fmt: skip
    damaged = convolutions[1]
    weights = tflite_graph.constant(model, graph, damaged.inputs[1])
    assert weights is not None
    noise = np.random.default_rng(0).normal(1, 0.3, weights.shape).astype(np.float32)
    tflite_graph.set_constant(model, graph, damaged, 1, weights * noise)
    worst = worst_layers(source.content, tflite_graph.write(model), IMAGES[:4])
    name = tflite_graph.tensor_name(graph, damaged.outputs[0]).split(";")[0]
    assert (worst[0].layer, worst[0].operator) == (name, "CONV_2D")
    assert worst[0].added > 2 * abs(worst[1].added)


def test_layers_of_tensorflow_are_compared_by_their_order(source: FloatRung) -> None:
    """Its names differ; the layers are the same ones."""
    with taking_rgb(MODEL, "tf") as fixed:
        file = with_tensorflow(source, RECIPES["full_int8"], fixed)
    worst = worst_layers(source.content, file, IMAGES[:4], count=9)
    kinds = [one.operator for one in worst]
    assert {kinds.count("CONV_2D"), kinds.count("DEPTHWISE_CONV_2D")} == {2, 1}
    assert all(0 < one.error < 0.2 for one in worst)
