"""Files of models: what loads is right, what does not says what to do, nothing runs."""

import json
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from datasets.errors import InputError
from keras_models.loading import ModelChoice, load
from keras_models.opening.model_files import read_model
from keras_models.opening.trusted_code import Trust
from tests.keras_models import user_models as models

REFERENCES = Path(__file__).parents[2] / "references"
FIELD = Path(__file__).parents[3].parent / "shared" / "field" / "models"


@pytest.mark.parametrize(
    ("name", "convention", "scale"),
    [("operations", None, 1.0), ("sequentials", "unit", 1 / 255)],
)
def test_files_of_keras_2_answer_as_keras_2_did(
    name: str, convention: str | None, scale: float
) -> None:
    """References by tf-keras 2.21.0: tests/references/make_keras2.py."""
    expected = np.load(REFERENCES / f"keras2_{name}.npy")
    path = REFERENCES / f"keras2_{name}.h5"
    source = load(ModelChoice(model=str(path), normalisation=convention))
    images = models.pixels(4, 32) * np.float32(scale)
    found = np.asarray(source.model(images, training=False))
    assert expected.std() > 0.01
    assert np.abs(found - expected).max() < 1e-6


@pytest.mark.skipif(not FIELD.is_dir(), reason="no ../shared/field/models")
def test_a_teachable_machine_file_loads_with_two_classes() -> None:
    path = FIELD / "tm_catdog.h5"
    with pytest.raises(InputError, match="Say it: `normalisation="):
        load(ModelChoice(model=str(path)))
    source = load(ModelChoice(model=str(path), normalisation="tf"))
    assert (source.native, source.classes) == (224, 2)


def _with_config(path: Path, change: dict[str, object]) -> Path:
    """A .keras file whose first convolution's entry is changed."""
    plain = path.with_name("plain.keras")
    models.entered(layers.Rescaling(1 / 255))().save(plain)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                entries = config["config"]["layers"]
                next(e for e in entries if e["class_name"] == "Conv2D").update(change)
                content = json.dumps(config).encode()
            new.writestr(name, content)
    return path


@pytest.mark.parametrize(
    "change",
    [
        {"module": "os", "class_name": "system", "registered_name": None},
        {"module": "builtins", "class_name": "eval", "registered_name": "eval"},
        {"module": "keras.src.utils.file_utils", "class_name": "get_file"},
        {"module": "keras.utils", "class_name": "get_file"},
        {"module": None, "class_name": "Own", "registered_name": "mine>Own"},
    ],
)
def test_a_file_that_names_foreign_code_is_refused_before_it_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, object]
) -> None:
    def load_nothing(*_: object, **__: object) -> None:
        raise AssertionError("it was loaded")

    path = _with_config(tmp_path / "foreign.keras", change)
    monkeypatch.setattr(keras.saving, "load_model", load_nothing)
    with pytest.raises(InputError, match="no layer of Keras"):
        read_model(path)
    with pytest.raises(InputError, match="no layer of Keras"):
        read_model(path, Trust(code=True))


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_lambda_runs_only_where_it_is_trusted(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"lambda{suffix}"
    model = models.entered(layers.Lambda(lambda x: x / 255, output_shape=(16, 16, 3)))()
    model.save(path)
    with pytest.raises(InputError, match=r"Lambda layer .*`trust_code`"):
        load(ModelChoice(model=str(path)))
    source = load(ModelChoice(model=str(path), trust=Trust(code=True)))
    images = models.pixels()
    expected = np.asarray(model(images, training=False))
    assert np.abs(np.asarray(source.model(images)) - expected).max() < 1e-6


OWN = """
import keras

class Halved(keras.layers.Layer):
    def call(self, inputs):
        return inputs / 2
"""


def test_a_layer_of_ones_own_comes_from_ones_own_module(tmp_path: Path) -> None:
    module = tmp_path / "own_layers_of_a_test.py"
    module.write_text(OWN)
    spec: dict[str, type] = {}
    exec(OWN, {"__name__": "somewhere"}, spec)
    taken = models.image()
    x = models.tail(layers.Rescaling(1 / 127.5)(taken), 3, None)
    model = keras.Model(taken, layers.Softmax()(spec["Halved"]()(x)))
    path = tmp_path / "own.keras"
    model.save(path)
    with pytest.raises(InputError, match=r"Halved .*`custom_objects=MODULE:Halved`"):
        load(ModelChoice(model=str(path)))
    named = f"{module}:Halved"
    with pytest.raises(InputError, match="Add `trust_code`"):
        load(ModelChoice(model=str(path), trust=Trust(objects=named)))
    with pytest.raises(InputError, match="has no Doubled"):
        load(ModelChoice(model=str(path), trust=Trust(True, f"{module}:Doubled")))
    with pytest.raises(InputError, match="cannot be imported"):
        load(
            ModelChoice(
                model=str(path), trust=Trust(True, f"{tmp_path}/none.py:Halved")
            )
        )
    source = load(ModelChoice(model=str(path), trust=Trust(True, named)))
    images = models.pixels()
    expected = np.asarray(model(images, training=False))
    assert np.abs(np.asarray(source.model(images)) - expected).max() < 1e-6


def test_weights_alone_are_no_model(tmp_path: Path) -> None:
    path = tmp_path / "own.weights.h5"
    models.entered(layers.Rescaling(1 / 255))().save_weights(path)
    with pytest.raises(InputError, match=r"no graph.*`weights=.*model\.save"):
        load(ModelChoice(model=str(path)))


def test_folders_say_what_makes_a_file_of_them(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no model"):
        load(ModelChoice(model=str(tmp_path)))
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(InputError, match=r"model\.export writes.*model\.save"):
        load(ModelChoice(model=str(tmp_path)))
    (tmp_path / "keras_metadata.pb").write_bytes(b"")
    with pytest.raises(InputError, match=r"import tf_keras; .*\.save\('.*\.h5'\)"):
        load(ModelChoice(model=str(tmp_path)))


def test_an_unpacked_keras_file_loads(tmp_path: Path) -> None:
    models.entered(layers.Rescaling(1 / 255))().save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as packed:
        packed.extractall(tmp_path / "m")
    assert load(ModelChoice(model=str(tmp_path / "m"))).classes == 3


@pytest.mark.parametrize("name", ["m.tflite", "m.onnx", "m.pt", "m.keras", "m.h5"])
def test_other_files_are_no_models(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x00" * 64)
    with pytest.raises(InputError, match=r"model\.save\('mine\.keras'\)"):
        load(ModelChoice(model=str(tmp_path / name)))


def test_statistics_that_a_layer_keeps_aside_are_renewed(tmp_path: Path) -> None:
    """Normalization's mean and variance stayed 0 and 1 under --weights FILE."""
    drawn = models.pixels(8)

    def made(adapted: bool) -> keras.Model:
        statistics = layers.Normalization()
        statistics.adapt(drawn if adapted else drawn / 255)
        return models.entered(statistics)()

    right = made(adapted=True)
    right.save(tmp_path / "right.keras")
    made(adapted=False).save(tmp_path / "other.keras")
    images = models.pixels()
    expected = np.asarray(right(images, training=False))
    choice = ModelChoice(
        model=str(tmp_path / "other.keras"),
        weights=str(tmp_path / "right.keras"),
    )
    source = load(choice)
    assert np.abs(np.asarray(source.model(images)) - expected).max() < 1e-6
