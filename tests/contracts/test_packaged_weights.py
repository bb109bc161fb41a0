"""What holds for all weights in the package: made by a command, light, and right."""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commands import asked, flags
from datasets.catalogue import open_dataset
from datasets.preprocessing import Preprocessing
from keras_models import packaged
from keras_models.catalogue import CATALOGUE
from keras_models.loading import ModelChoice, load
from keras_models.packaged import packaged_weights, trained_crop
from keras_models.scoring.scores import ScoreStore
from keras_models.scoring.sweeping import SweepOptions, sweep

WEIGHTS = Path(packaged.__file__).parent / "weights"  # of a wheel, where it is tested
FILES = sorted(WEIGHTS.glob("*/*.json"))
NAMES = [f"{path.parent.name}/{path.stem}" for path in FILES]
_NARROW = {"glyphs/mobilenet_v2_0.35": 456_324}  # parameters at alpha 0.35, 36 classes


def _facts(name: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((WEIGHTS / f"{name}.json").read_text())
    return facts


def _model(name: str) -> str:
    return name.split("/")[1].split("_0.")[0]


@pytest.mark.parametrize("name", NAMES)
def test_the_record_says_how_they_were_made(name: str) -> None:
    facts = _facts(name)
    assert facts["command"].startswith(f"reswise train --model {_model(name)} ")
    assert facts["fingerprint"]
    assert facts["log"][0].startswith("epoch,accuracy")
    assert facts["versions"]["backend"] in ("tensorflow", "jax", "torch")
    at_native = facts["accuracy"]["test"][str(facts["native"])]
    assert abs(at_native - facts["validation_accuracy"]) < 0.05


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_there(name: str) -> None:
    with np.load(WEIGHTS / f"{name}.npz") as arrays:
        total = sum(arrays[one].size for one in arrays.files)
        assert all(np.isfinite(arrays[one]).all() for one in arrays.files)
    assert total == _NARROW.get(name, CATALOGUE[_model(name)].parameters)


def test_together_they_stay_light() -> None:
    total = sum(path.with_suffix(".npz").stat().st_size for path in FILES)
    assert total < 40_000_000


def test_the_catalogue_names_those_that_there_are_and_no_others() -> None:
    there = {(_model(name), name.split("/")[0]) for name in NAMES}
    said = {
        (entry.name, weights)
        for entry in CATALOGUE.values()
        for weights in entry.weights
        if weights != "imagenet"
    }
    assert said == there


@pytest.mark.parametrize("name", NAMES)
def test_pictures_are_cropped_as_in_training_unless_said(name: str) -> None:
    folder = name.split("/")[0]
    parser = argparse.ArgumentParser()
    flags.add_model_flags(parser)
    flags.add_dataset_flags(parser)
    flags.add_preprocessing_flags(parser)
    words = ["--model", _model(name), "--weights", folder, "--dataset", "folder:x"]
    (way,) = asked.preprocessings(parser.parse_args(words))
    assert str(way.crop) == _facts(name)["preprocessing"]["crop"]
    given = parser.parse_args([*words, "--crop", "0.5"])
    assert asked.preprocessings(given)[0].crop == 0.5
    assert trained_crop(_model(name), "imagenet", 1.0) is None
    assert trained_crop(_model(name), None, 1.0) is None


@pytest.mark.parametrize("name", [name for name in NAMES if name[:6] == "cifar1"])
def test_cifar10_test_pictures_come_out_as_recorded(
    name: str, cifar10: Path, tmp_path: Path
) -> None:
    """The 1,000 lossless pictures, at the native resolution."""
    facts = _facts(name)
    source = load(ModelChoice(model=_model(name), weights="cifar10"))
    assert source.native == facts["native"]
    dataset = open_dataset(f"folder:{cifar10}", None, None)
    (rung,) = sweep(
        source,
        dataset,
        [source.native],
        [Preprocessing(1.0)],
        ScoreStore(tmp_path),
        SweepOptions(),
    )
    right = (rung.scores.argmax(axis=1) == rung.labels).mean()
    recorded = facts["accuracy"]["test"][str(source.native)]
    assert abs(right - recorded) <= 0.002  # two pictures: engines differ in last bits


def test_packaged_weights_know_their_crop() -> None:
    assert packaged_weights("small_resnet", "glyphs", 1.0).crop == "0.875"
