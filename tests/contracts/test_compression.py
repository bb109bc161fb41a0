"""Every technique of the catalogue, on one small network: what its contract says."""

import inspect

import keras
import numpy as np
import pytest

from convert.compressing.zeros import zeros_in
from convert.to_tflite import FloatFiles
from datasets.errors import InputError
from keras_models.compression.catalogue import STRUCTURE, TECHNIQUES, WEIGHTS
from keras_models.compression.contract import NO_REPAIRS, Float32s, Technique
from keras_models.compression.kernels import kernels
from keras_models.loading import from_model
from keras_models.macs import count_macs
from keras_models.normalisation import normalise
from tests.convert.small import SIDE, pixels

EVERY = [pytest.param(one, id=one.name) for one in TECHNIQUES.values()]
OURS = [
    pytest.param(one, id=one.name)
    for one in TECHNIQUES.values()
    if not one.name.startswith("tfmot_")  # theirs are held against these elsewhere
]


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """A residual network of three convolutions, a depthwise one and a dense head."""
    keras.utils.set_random_seed(3)
    layers = keras.layers
    image = keras.Input((SIDE, SIDE, 3))
    stem = layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False)(image)
    stem = layers.ReLU()(layers.BatchNormalization()(stem))
    inner = layers.Conv2D(24, 3, padding="same", use_bias=False)(stem)
    inner = layers.ReLU()(layers.BatchNormalization()(inner))
    inner = layers.Conv2D(16, 3, padding="same", use_bias=False)(inner)
    inner = layers.BatchNormalization()(inner)
    values = layers.ReLU()(layers.Add()([stem, inner]))
    values = layers.ReLU()(layers.DepthwiseConv2D(3, padding="same")(values))
    values = layers.GlobalAveragePooling2D()(values)
    made = keras.Model(image, layers.Dense(5, "softmax")(values), name="small")
    for layer in made.layers:  # statistics that are not those of initialisation
        if isinstance(layer, layers.BatchNormalization):
            scale, offset, mean, variance = layer.get_weights()
            drawn = np.random.default_rng(len(scale)).uniform(0.5, 1.5, scale.shape)
            layer.set_weights([drawn, offset + 0.1, mean + 0.05, variance * drawn])
    return made


@pytest.fixture(scope="module")
def pictures() -> Float32s:
    return normalise(pixels(12), "tf")


def _strength(technique: Technique) -> float:
    return technique.strengths[len(technique.strengths) // 2]


def _applied(technique: Technique, model: keras.Model, seen: Float32s) -> keras.Model:
    given = seen if technique.needs_pictures else seen[:0]
    return technique.apply(model, _strength(technique), given)


@pytest.mark.parametrize("technique", EVERY)
def test_it_says_what_it_is(technique: Technique) -> None:
    told = (technique.name, technique.what, technique.strength_is, technique.keeps)
    assert all(told)
    assert all("\n" not in text for text in told)
    assert list(technique.strengths) == sorted(set(technique.strengths))
    assert all(0 < strength < 1 for strength in technique.strengths)
    assert (technique in STRUCTURE) != (technique in WEIGHTS)
    assert list(inspect.signature(technique.apply).parameters) == [
        "model", "strength", "pictures", "repairs",
    ]  # fmt: skip


@pytest.mark.parametrize("technique", OURS)
def test_a_cheaper_network_of_fresh_layers(
    technique: Technique, model: keras.Model, pictures: Float32s
) -> None:
    """Counted by the counters and in the file; the parent stays as it was."""
    before = [np.array(value) for value in model.get_weights()]
    made = _applied(technique, model, pictures)
    for value, kept in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, kept)
    assert not {id(one) for one in made.variables} & {
        id(one) for one in model.variables
    }
    own, parent = count_macs(made), count_macs(model)
    assert not own.uncounted
    content = FloatFiles(from_model(made, "tf")).at(SIDE)  # held against Keras there
    found = zeros_in(content)
    assert found.macs == own.macs
    if technique in STRUCTURE:
        strength = _strength(technique)
        assert 1 - own.macs / parent.macs >= strength - 1e-9
        assert made.count_params() < model.count_params()
        return
    assert own.macs == parent.macs
    assert made.count_params() == model.count_params()
    zeros = sum(int((one.values == 0).sum()) for one in kernels(made))
    assert found.zeros == zeros
    assert found.idle_macs == pytest.approx(_idle(made), rel=1e-3)


def _idle(model: keras.Model) -> float:
    """MACs on zeros: every weight of a kernel is used equally often."""
    by_layer = dict(count_macs(model).by_layer)
    return sum(
        by_layer[one.layer] * float((one.values == 0).mean()) for one in kernels(model)
    )


@pytest.mark.parametrize("technique", [one for one in OURS if one.values[0] in WEIGHTS])
def test_what_is_promised_is_kept(
    technique: Technique, model: keras.Model, pictures: Float32s
) -> None:
    """Only kernels change; a mask leaves a weight or makes it 0."""
    made = _applied(technique, model, pictures)
    changed = {one.variable.path for one in kernels(made)}
    for own, parent in zip(made.variables, model.variables, strict=True):
        if own.path not in changed:
            np.testing.assert_array_equal(np.asarray(own), np.asarray(parent))
    for own, parent in zip(kernels(made), kernels(model), strict=True):
        moved = own.values != parent.values
        if technique.name != "clustering":
            assert (own.values[moved] == 0).all()
        assert moved.any()


@pytest.mark.parametrize("technique", OURS)
def test_it_refuses_in_one_line(technique: Technique, pictures: Float32s) -> None:
    image = keras.Input((SIDE, SIDE, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(image)
    bare = keras.Model(image, keras.layers.Softmax()(pooled), name="bare")
    why = technique.applies(bare)
    assert why
    assert "\n" not in why
    with pytest.raises(InputError) as raised:
        technique.apply(bare, _strength(technique), pictures)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("technique", OURS)
@pytest.mark.parametrize("strength", [1.5, 1.0, -0.1])
def test_a_strength_beyond_reach_is_refused(
    technique: Technique, strength: float, model: keras.Model, pictures: Float32s
) -> None:
    with pytest.raises(InputError):
        technique.apply(model, strength, pictures, NO_REPAIRS)
