"""Distillation: its loss by hand and by its published limit; it survives a kill."""

from pathlib import Path

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from datasets.errors import InputError
from keras_models.normalisation import NORMALISATIONS, normalise
from keras_models.training import train
from keras_models.training.distilling import (
    DistillationLoss,
    Distilling,
    Learner,
    Teacher,
    divergence,
    entering,
    teacher_accuracy,
)
from keras_models.training.graph import Augmentation
from keras_models.training.train import Pictures, Settings
from tests.keras_models.training.killed import KilledBatches

Floats = NDArray[np.floating]


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    softened: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return softened


def _logits(seed: int) -> Floats:
    return np.random.default_rng(seed).normal(0, 3, (5, 7))


def _number(value: object) -> Floats:
    return np.asarray(keras.ops.convert_to_numpy(value))


@pytest.mark.parametrize("temperature", [1.0, 4.0, 20.0])
def test_scores_give_what_logits_would(temperature: float) -> None:
    """By Hinton's definition, from logits, in float64."""
    teacher, ours = _logits(1), _logits(2)
    wanted, found = (_softmax(one / temperature) for one in (teacher, ours))
    by_hand = np.sum(wanted * np.log(wanted / found), axis=-1)
    first, second = (_softmax(one).astype(np.float32) for one in (teacher, ours))
    np.testing.assert_allclose(
        _number(divergence(first, second, temperature)), by_hand, rtol=1e-3, atol=1e-6
    )


def test_at_high_temperature_logits_are_matched() -> None:
    """Hinton et al. 2015, section 2.1: T^2 times the loss tends to half the mean square
    of the difference of the logits, each with mean 0."""
    teacher, ours = (_logits(seed) / 3 for seed in (1, 2))
    apart = (ours - ours.mean(1, keepdims=True)) - (
        teacher - teacher.mean(1, keepdims=True)
    )
    first, second = (_softmax(one).astype(np.float32) for one in (teacher, ours))
    temperature = 30.0
    found = temperature**2 * _number(divergence(first, second, temperature))
    np.testing.assert_allclose(found, np.mean(apart**2, axis=1) / 2, rtol=0.1)


def test_the_loss_is_the_weighed_sum() -> None:
    labels = np.eye(7, dtype=np.float32)[:5]
    ours, theirs = (_softmax(_logits(seed)).astype(np.float32) for seed in (2, 1))
    loss = DistillationLoss(Distilling(teacher="", temperature=3.0, weight=0.7), 0.0)
    found = _number(loss.call(labels, np.concatenate([ours, theirs], axis=1)))
    hard = -np.log(ours[np.arange(5), np.arange(5)])
    soft = _number(divergence(theirs, ours, 3.0))
    np.testing.assert_allclose(found, 0.3 * hard + 0.7 * 9 * soft, rtol=1e-4)
    same = _number(loss.call(labels, np.concatenate([theirs, theirs], axis=1)))
    np.testing.assert_allclose(same, -0.3 * np.log(np.diagonal(theirs)), rtol=1e-4)


@pytest.mark.parametrize("wanted", NORMALISATIONS)
@pytest.mark.parametrize("given", NORMALISATIONS)
def test_pixels_enter_the_teacher_as_it_was_trained(given: str, wanted: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 3, 3)).astype(np.uint8)
    found = _number(entering(keras.ops.array(normalise(pixels, given)), given, wanted))
    np.testing.assert_allclose(found, normalise(pixels, wanted), rtol=1e-4, atol=2e-4)


@pytest.mark.parametrize(
    "wrong", [{"temperature": 0.0}, {"weight": 0.0}, {"weight": 2.0}]
)
def test_what_no_distillation_can_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match="expected"):
        Distilling(teacher="", **wrong)


def _colours(count: int) -> Pictures:
    """Red is class 0, green 1, blue 2, with noise."""
    random = np.random.default_rng(5)
    labels = np.arange(count) % 3
    pixels = random.integers(0, 80, (count, 8, 8, 3))
    pixels[np.arange(count), :, :, labels] += 120
    return Pictures(pixels.astype(np.uint8), labels, 3)


def _network(name: str, seed: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    image = keras.Input((8, 8, 3))
    features = keras.layers.Conv2D(4, 3, strides=2)(image)
    features = keras.layers.BatchNormalization()(features)
    features = keras.layers.GlobalAveragePooling2D()(keras.layers.ReLU()(features))
    features = keras.layers.Dropout(0.2)(features)
    scores = keras.layers.Dense(3, activation="softmax")(features)
    return keras.Model(image, scores, name=name)


def _by_brightest() -> Teacher:
    """Right about colours without training; takes pixels of 0..1."""
    image = keras.Input((8, 8, 3))
    means = keras.layers.GlobalAveragePooling2D()(image)
    noisy = keras.layers.Dropout(0.9)(means)  # must not act: it is never in training
    scores = keras.layers.Dense(3, activation="softmax", use_bias=False)(noisy)
    model = keras.Model(image, scores, name="brightest")
    model.set_weights([30 * np.eye(3, dtype=np.float32)])
    return Teacher(model, "unit")


SETTINGS = Settings(
    epochs=3,
    batch=8,
    learning_rate=0.03,
    seed=4,
    distilling=Distilling(teacher="brightest", weight=1.0),
    augmentation=Augmentation(flip=True),
)


def test_a_network_learns_what_its_teacher_says_whatever_the_labels(
    tmp_path: Path,
) -> None:
    right, teacher = _colours(48), _by_brightest()
    wrong = Pictures(right.pixels, (right.labels + 1) % 3, 3)
    before = teacher.model.get_weights()
    assert teacher_accuracy(teacher, right) == 1.0
    model = _network("learner", 3)
    settings = Settings(
        epochs=8, batch=8, learning_rate=0.03, distilling=SETTINGS.distilling
    )
    train.train(model, wrong, _colours(12), settings, tmp_path, teacher=teacher)
    scores = model.predict(normalise(right.pixels, "tf"), verbose=0)
    assert np.mean(scores.argmax(axis=1) == right.labels) > 0.9  # chance is 0.33
    np.testing.assert_array_equal(teacher.model.get_weights()[0], before[0])
    alone = Teacher(_network("other", 1), "tf")
    with pytest.raises(InputError, match="teacher"):
        train.train(model, wrong, right, Settings(), tmp_path, teacher=alone)


def test_scores_of_both_stand_side_by_side() -> None:
    teacher = _by_brightest()
    model = _network("learner", 3)
    learner = Learner(model, teacher, "tf", Augmentation())
    images = normalise(_colours(6).pixels, "tf")
    both = _number(learner(images, training=True))  # the teacher's dropout is asleep
    expected = _number(teacher.model(normalise(_colours(6).pixels, "unit")))
    np.testing.assert_allclose(both[:, 3:], expected, atol=1e-5)
    assert not teacher.model.trainable_weights


class _KilledBatches(KilledBatches):
    at = 2


def _run(folder: Path) -> list[Floats]:
    model = _network("learner", 3)
    train.train(
        model, _colours(32), _colours(12), SETTINGS, folder, teacher=_by_brightest()
    )
    weights: list[Floats] = model.get_weights()
    return weights


def test_a_killed_distillation_ends_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _run(tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(train, "Batches", _KilledBatches)
        with pytest.raises(Exception, match="_KilledError"):
            _run(tmp_path / "cut")
    assert (tmp_path / "cut" / "resume" / "latest.weights.h5").exists()
    for here, there in zip(_run(tmp_path / "cut"), whole, strict=True):
        np.testing.assert_allclose(here, there, rtol=1e-5, atol=1e-6)
