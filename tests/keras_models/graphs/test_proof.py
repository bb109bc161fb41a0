"""A rebuild that is wrong is found out by its scores: in drop, convert and sweep."""

import csv
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers, ops
from PIL import Image

import keras_models
import reswise
from datasets.errors import InputError
from keras_models import rebuilding
from keras_models.graphs import proof
from keras_models.loading import from_model

NATIVE, LOWER = 24, 16
Mutation = Callable[[keras.Model], None]


def _model(*middle: layers.Layer) -> keras.Model:
    """Every tensor has a value of its own; Normalization has seen pixels."""
    keras.utils.set_random_seed(3)
    generator = np.random.default_rng(3)
    normalised = layers.Normalization()
    normalised.adapt(generator.uniform(0, 255, (9, NATIVE, NATIVE, 3)))
    image = keras.Input((NATIVE, NATIVE, 3))
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(normalised(image))
    x = layers.BatchNormalization()(layers.Conv2D(8, 3, padding="same")(x))
    for layer in middle:
        x = layer(x)
    x = layers.Dense(3, "softmax")(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(image, x, name="mine")
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([generator.uniform(0.6, 1.4, 8) for _ in range(4)])
    return model


def _swap(rebuilt: keras.Model) -> None:
    norm = next(one for one in rebuilt.layers if type(one).__name__.startswith("Batch"))
    gamma, beta, *rest = norm.get_weights()
    norm.set_weights([beta, gamma, *rest])


def _stale(rebuilt: keras.Model) -> None:
    norm = next(one for one in rebuilt.layers if type(one).__name__ == "Normalization")
    norm.mean, norm.variance = np.zeros_like(norm.mean), np.ones_like(norm.variance)


@pytest.fixture(params=[_swap, _stale])
def mutated(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every rebuild is wrong in one place, though its tensors were compared."""
    plain = rebuilding.transfer

    def transfer(source: keras.Model, target: keras.Model) -> None:
        plain(source, target)
        request.param(target)

    monkeypatch.setattr(rebuilding, "transfer", transfer)


@pytest.fixture
def saved(tmp_path: Path) -> list[str]:
    """A model file and pictures of its size, as flags."""
    _model().save(tmp_path / "mine.keras")
    generator = np.random.default_rng(5)
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "class_index"])
        for number in range(6):
            pixels = generator.integers(0, 256, (NATIVE, NATIVE, 3), dtype="uint8")
            Image.fromarray(pixels).save(tmp_path / f"{number}.png")
            rows.writerow([f"{number}.png", number % 3])
    model = ["--model", str(tmp_path / "mine.keras"), "--normalisation", "none"]
    images = ["--dataset", f"csv:{tmp_path / 'labels.csv'}", "--crop", "squash"]
    return [*model, *images, "--resolutions", str(LOWER), "--run", str(tmp_path / "r")]


@pytest.mark.usefixtures("mutated")
@pytest.mark.parametrize("verb", [["drop"], ["convert", "--recipe", "float32"]])
def test_a_wrong_rebuild_is_caught_by_verbs(
    verb: list[str], saved: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert reswise.run([*verb, *saved]) == 2
    assert "mine@16: its scores differ by up to 0." in capsys.readouterr().err
    assert not list(Path(saved[-1]).glob("**/*.npy"))
    assert not list(Path(saved[-1]).glob("**/*.tflite"))


@pytest.mark.usefixtures("mutated")
def test_a_wrong_rebuild_is_caught_by_the_functions(
    saved: list[str], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"mine@16: .* differ by up to"):
        keras_models.rebuild(_model(), LOWER)
    with pytest.raises(InputError, match=r"mine@16: .* differ by up to"):
        keras_models.sweep(
            saved[1], saved[5], [LOWER], tmp_path / "s", normalisation="none"
        )


@pytest.mark.parametrize("verb", [["drop"], ["convert", "--recipe", "float32"]])
def test_a_right_one_passes(verb: list[str], saved: list[str]) -> None:
    assert reswise.run([*verb, *saved]) == 0


def test_a_catalogue_graph_is_held_against_the_files_own_layers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """MobileNetV2 is built anew; two kernels of one shape change places in it."""
    keras.utils.set_random_seed(3)
    model = keras.applications.MobileNetV2(
        input_shape=(32, 32, 3), alpha=0.35, weights=None, classes=4
    )
    assert rebuilding.recognise(model) is not None
    plain = rebuilding.transfer

    def transfer(source: keras.Model, target: keras.Model) -> None:
        plain(source, target)
        first, second = (
            target.get_layer(f"block_{number}_expand") for number in (4, 5)
        )
        kernels = first.get_weights(), second.get_weights()
        first.set_weights(kernels[1])
        second.set_weights(kernels[0])

    assert rebuilding.rebuild(model, 27).inputs[0].shape[1] == 27
    monkeypatch.setattr(rebuilding, "transfer", transfer)
    with pytest.raises(InputError, match=r"@27: .*own layer"):
        rebuilding.rebuild(model, 27)


def test_scores_near_one_do_not_hide_a_difference() -> None:
    """Kernels a thousand times as large: whatever a layer does, 0 or 1 comes out."""
    model, other = _model(), _model()
    for each in (model, other):
        kernel, bias = each.layers[-1].get_weights()
        each.layers[-1].set_weights([1000 * kernel, bias])
    norm = other.layers[4]
    norm.set_weights([1.01 * value for value in norm.get_weights()])
    images = proof.pictures(NATIVE)
    found, expected = (np.asarray(each(images)) for each in (other, model))
    assert np.abs(found - expected).max() < proof.TOLERANCE
    with pytest.raises(InputError, match="layer batch_normalization"):
        proof.check_copy("mine@24", other, model, images)


class _Chance(layers.Layer):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(name="chance")
        self._seed = keras.random.SeedGenerator(1)

    def call(self, maps: keras.KerasTensor) -> keras.KerasTensor:
        return maps * (1 + keras.random.uniform(ops.shape(maps), seed=self._seed))


class _Batch(layers.Layer):  # type: ignore[misc]
    def call(self, maps: keras.KerasTensor) -> keras.KerasTensor:
        return maps - ops.cumsum(maps, axis=0)


@pytest.mark.parametrize("layer", [_Chance(), _Batch(name="batch")])
def test_an_answer_that_is_no_function_of_its_picture_is_refused(
    layer: layers.Layer,
) -> None:
    model, images = _model(layer), proof.pictures(NATIVE)
    with pytest.raises(InputError, match=rf"layer {layer.name} answers otherwise"):
        proof.check_native("mine@24", model, model.predict, images)


@pytest.mark.parametrize("layer", [layers.Dropout(0.5), layers.BatchNormalization()])
def test_training_said_in_a_graph_does_not_bind(layer: layers.Layer) -> None:
    """Keras's predict says training=False over it: the same scores again and again."""
    keras.utils.set_random_seed(3)
    image = keras.Input((NATIVE, NATIVE, 3))
    x = layer(layers.Conv2D(8, 3)(image), training=True)
    x = layers.Dense(3, "softmax")(layers.GlobalAveragePooling2D()(x))
    source = from_model(keras.Model(image, x), "none")
    images = proof.pictures(NATIVE)
    expected = source.own.predict(images, verbose=0)
    found = np.asarray(source.at(NATIVE)(images, training=False))
    assert np.abs(found - expected).max() < 1e-6
    assert source.at(LOWER).inputs[0].shape[1] == LOWER
