"""Weights by name, by file; what is wrong with them in one line."""

import socket
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from datasets.errors import InputError
from keras_models.catalogue import build
from keras_models.loading import ModelChoice, load
from keras_models.pretrained import tensors_sha256


def _saved(path: Path, name: str, *head: layers.Layer) -> Path:
    image = keras.Input((16, 16, 3))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(image))
    for layer in head:
        x = layer(x)
    keras.Model(image, x, name=name).save(path)
    return path


def test_classes_come_from_the_weights_file(tmp_path: Path) -> None:
    model = build("mobilenet_v2", 224, 7, 0.35)
    model.save_weights(tmp_path / "own.weights.h5")
    loaded = load(
        ModelChoice(
            model="mobilenet_v2", weights=str(tmp_path / "own.weights.h5"), alpha=0.35
        )
    )
    assert (loaded.classes, loaded.name) == (7, "mobilenet_v2_0.35")
    assert loaded.weights_sha256 == tensors_sha256(model)
    assert loaded.normalisation == "tf"


def test_random_weights_come_from_their_seed() -> None:
    same, again, other = (
        load(
            ModelChoice(model="small_resnet", weights="random", seed=seed)
        ).weights_sha256
        for seed in (1, 1, 2)
    )
    assert same == again != other


def test_a_file_is_normalised_as_its_family(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    keras.applications.MobileNetV2((32, 32, 3), 0.35, weights=None, classes=4).save(
        path
    )
    found = load(ModelChoice(model=str(path)))
    assert found.normalisation == "tf"
    assert "assumed from the graph of mobilenetv2" in found.remarks[0]


@pytest.mark.parametrize("name", ["resnet50_v15", "MobileNetV3", "mobilenet_cats"])
def test_a_name_alone_is_no_family(tmp_path: Path, name: str) -> None:
    path = _saved(tmp_path / "m.keras", name, layers.Dense(3, "softmax"))
    with pytest.raises(InputError, match=r"no family .*`normalisation="):
        load(ModelChoice(model=str(path)))


def test_a_file_of_no_known_family_asks(tmp_path: Path) -> None:
    path = _saved(tmp_path / "m.keras", "novel", layers.Dense(3, "softmax"))
    with pytest.raises(InputError, match=r"^novel: .*`normalisation="):
        load(ModelChoice(model=str(path)))
    assert load(ModelChoice(model=str(path), normalisation="none")).name == "novel"


def test_rungs_are_called_by_the_models_name_or_the_files_or_as_asked(
    tmp_path: Path,
) -> None:
    for own, expected in (("resnet_mine", "resnet_mine"), ("functional_1", "m")):
        path = _saved(tmp_path / "m.keras", own, layers.Dense(3, "softmax"))
        choice = ModelChoice(model=str(path), normalisation="none")
        assert load(choice).name == expected
        assert load(replace(choice, name="other")).name == "other"
    with pytest.raises(InputError, match="name='a@b': expected letters"):
        load(replace(choice, name="a@b"))


def test_logits_get_a_softmax(tmp_path: Path) -> None:
    path = _saved(tmp_path / "m.keras", "vgg", layers.Dense(3))
    choice = ModelChoice(model=str(path), normalisation="none")
    scores = load(choice).model(np.zeros((1, 16, 16, 3), "float32"))
    assert float(np.asarray(scores).sum()) == pytest.approx(1.0)


def test_multi_label_models_are_refused(tmp_path: Path) -> None:
    path = _saved(tmp_path / "m.keras", "vgg", layers.Dense(3, "sigmoid"))
    with pytest.raises(InputError, match=r"sigmoid .*expected softmax"):
        load(ModelChoice(model=str(path), normalisation="none"))


@pytest.mark.parametrize(
    ("model", "weights", "line"),
    [
        ("resnet9000", None, "not in the catalogue"),
        ("nowhere/model.keras", None, "no such file"),
        ("mobilenet_v2", "nowhere.weights.h5", "no such file"),
        ("mobilenet_v2", "cifar", "has imagenet, glyphs, random"),
        ("small_resnet", "imagenet", "there are none"),
    ],
)
def test_what_is_missing_is_said(model: str, weights: str | None, line: str) -> None:
    with pytest.raises(InputError, match=line):
        load(ModelChoice(model=model, weights=weights))


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    build("small_resnet", 32, 5).save_weights(tmp_path / "small.weights.h5")
    with pytest.raises(InputError, match="does not fit mobilenet_v2"):
        load(
            ModelChoice(
                model="mobilenet_v2", weights=str(tmp_path / "small.weights.h5")
            )
        )


def test_garbage_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "garbage.keras"
    path.write_bytes(b"\x00" * 100)
    with pytest.raises(InputError, match="no zip that can be read"):
        load(ModelChoice(model=str(path)))


def test_imagenet_offline_names_the_file_and_the_flag(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def unreachable(*_: object) -> None:
        raise OSError("Network is unreachable")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(socket, "create_connection", unreachable)
    with pytest.raises(InputError, match=r"1\.0_224\.h5 is not in .*`weights=PATH`"):
        load(ModelChoice(model="mobilenet_v2"))
