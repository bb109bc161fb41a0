"""Adaptation over random halves: what is counted, and on which pictures."""

import io

import keras
import numpy as np
import pytest
from PIL import Image

from datasets.dataset import Dataset
from datasets.preprocessing import Preprocessing
from keras_models.adapting import lessons as adapt_lessons
from keras_models.adapting import views as adapt_views
from keras_models.adapting.adapt import AdaptSettings
from keras_models.adapting.trial import Trial, trials
from keras_models.loading import from_model
from keras_models.pretrained import Pretrained

SETTINGS = AdaptSettings(passes=2, views=1, batch=8)


def _network() -> Pretrained:
    keras.utils.set_random_seed(5)
    image = keras.Input((16, 16, 3))
    x = keras.layers.Rescaling(1 / 127.5, -1)(image)
    x = keras.layers.Conv2D(8, 3, use_bias=False)(x)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    x = keras.layers.GlobalAveragePooling2D()(x)
    scores = keras.layers.Dense(3, "softmax", kernel_initializer="he_normal")(x)
    return from_model(keras.Model(image, scores, name="tiny"))


def _pictures(count: int) -> Dataset:
    def read(index: int) -> bytes:
        level = np.random.default_rng(index).integers(0, 255, (1, 1, 3))
        file = io.BytesIO()
        Image.fromarray(np.full((16, 16, 3), level, np.uint8)).save(file, "PNG")
        return file.getvalue()

    names = [str(index) for index in range(count)]
    labels = [index % 3 for index in range(count)]
    return Dataset("plain", "all", names, labels, ["a", "b", "c"], read, "")


def test_every_split_and_resolution_is_tried_on_the_other_half() -> None:
    found = list(
        trials(_network(), _pictures(81), [[12, 8]], Preprocessing(1.0), SETTINGS, 2)
    )
    assert [trial.resolution for trial in found] == [12, 8, 12, 8]
    assert {trial.pictures for trial in found} == {41 - round(0.3 * 41)}
    assert {trial.tested for trial in found} == {40}
    assert all(0 <= trial.before <= 1 for trial in found)
    assert found[0].native == found[1].native


def test_no_adaptation_sees_a_picture_that_judges_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[set[str]] = []
    looked: list[set[str]] = []
    lessons, plain = adapt_lessons.lessons, adapt_views.plain

    def learnt(source, dataset, *rest):  # type: ignore[no-untyped-def]
        seen.append(set(dataset.ids))
        return lessons(source, dataset, *rest)

    def seen_whole(dataset, *rest):  # type: ignore[no-untyped-def]
        looked.append(set(dataset.ids))
        return plain(dataset, *rest)

    monkeypatch.setattr("keras_models.adapting.trial.lessons", learnt)
    monkeypatch.setattr(adapt_views, "plain", seen_whole)
    list(trials(_network(), _pictures(81), [[8]], Preprocessing(1.0), SETTINGS, 2))
    judging = looked[1::2]  # each split holds pictures out first, then judges
    assert len(seen) == len(judging) == 2
    for half, other in zip(seen, judging, strict=True):
        assert not half & other
        assert len(half | other) == 81


def test_declined_tensors_change_nothing_for_the_user() -> None:
    trial = Trial(
        resolution=8,
        accepted=False,
        pictures=10,
        tested=10,
        native=1.0,
        before=0.5,
        tuned=0.25,
    )
    assert trial.after == 0.5
    accepted = Trial(
        resolution=8,
        accepted=True,
        pictures=10,
        tested=10,
        native=1.0,
        before=0.5,
        tuned=0.75,
    )
    assert accepted.after == 0.75
