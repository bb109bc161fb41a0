"""Calibration images: as many as asked for, by the seed, and none that judges."""

import numpy as np
import pytest

from convert.image_input import entrance
from convert.quantising.calibration import (
    Calibration,
    calibration_apart,
    calibration_of,
    check_apart,
)
from datasets.catalogue import open_dataset
from datasets.dataset import Dataset
from datasets.errors import InputError
from datasets.preprocessing import Preprocessing

GLYPHS = open_dataset("glyphs", "test").limited(60)


def test_images_that_calibrate_judge_nothing() -> None:
    calibration, judged = calibration_apart(GLYPHS, 13, seed=4)
    assert len(calibration.dataset) == 13
    assert len(judged) == 47
    assert set(calibration.dataset.ids) | set(judged.ids) == set(GLYPHS.ids)
    assert calibration.facts["images"] == 13
    assert calibration.facts["seed"] == 4
    assert calibration.facts["fingerprint"] == calibration.dataset.fingerprint
    check_apart(calibration, judged)


def test_the_seed_decides_and_the_order_does_not() -> None:
    backwards = GLYPHS.take(np.arange(60)[::-1], "test")
    chosen = [
        set(calibration_apart(data, 20, seed)[0].dataset.ids)
        for data, seed in ((GLYPHS, 0), (backwards, 0), (GLYPHS, 1))
    ]
    assert chosen[0] == chosen[1]
    assert chosen[0] != chosen[2]


def test_half_of_a_small_data_set_calibrates() -> None:
    assert len(calibration_apart(GLYPHS, None, 0)[0].dataset) == 30
    assert len(calibration_of(GLYPHS, None, 0).dataset) == 60
    assert len(calibration_of(GLYPHS, 7, 0).dataset) == 7


@pytest.mark.parametrize("count", [0, -1, 60, 1000])
def test_too_many_or_none_are_refused(count: int) -> None:
    with pytest.raises(InputError, match="calibration_images="):
        calibration_apart(GLYPHS, count, 0)
    if count != 60:
        with pytest.raises(InputError, match="calibration_images="):
            calibration_of(GLYPHS, count, 0)


def test_shared_images_are_refused() -> None:
    with pytest.raises(InputError, match="60 images of"):
        check_apart(Calibration(GLYPHS, 0), GLYPHS)


def test_images_are_as_the_file_takes_them() -> None:
    few = Calibration(GLYPHS, 0).first(3)
    images = few.images(32, Preprocessing(1.0), entrance("tf"))
    assert images.shape == (3, 32, 32, 3)
    assert -1 <= images.min() < images.max() <= 1


def test_pictures_that_cannot_be_read_are_refused() -> None:
    broken = Dataset("x", "all", ["a"], [0], ["c"], lambda _: b"no picture")
    with pytest.raises(InputError, match="none of 1 calibration images"):
        Calibration(broken, 0).images(32, Preprocessing(1.0), entrance("tf"))
