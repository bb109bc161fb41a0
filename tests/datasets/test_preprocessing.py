"""Crop and resize against TensorFlow's recorded answers and against hand counts."""

from pathlib import Path

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.preprocessing import Preprocessing, parse_crop, resize

# Recorded with TensorFlow 2.21.0; its key "source" says how.
RECORDED = Path(__file__).parents[1] / "references" / "tf_image_resize.npz"


@pytest.mark.parametrize("resolution", [16, 44])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_point_sampling_is_that_of_tensorflow(
    interpolation: str, resolution: int
) -> None:
    """TensorFlow looks bicubic weights up at 1/1024 of a pixel (resize_bicubic_op.cc),
    which is up to a quarter of a grey level on noise.
    """
    recorded = np.load(RECORDED)
    expected = np.clip(recorded[f"{interpolation}_0_{resolution}"], 0, 255)
    way = Preprocessing(None, interpolation, antialias=False)
    ours = resize(recorded["picture"], resolution, way)
    assert (
        np.abs(ours - expected).max()
        < {"bilinear": 0.01, "bicubic": 0.25}[interpolation]
    )


@pytest.mark.parametrize("resolution", [16, 44])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_antialiased_resize_is_that_of_tensorflow(
    interpolation: str, resolution: int
) -> None:
    recorded = np.load(RECORDED)
    expected = np.clip(recorded[f"{interpolation}_1_{resolution}"], 0, 255)
    ours = resize(recorded["picture"], resolution, Preprocessing(None, interpolation))
    assert np.abs(ours - expected).max() < 0.01


@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_crop_at_its_own_size_copies_the_centre(
    interpolation: str, antialias: bool
) -> None:
    """8 x 4 pixels at crop 0.5: a box of 2 x 2 from (3, 1), by hand."""
    picture = np.random.default_rng(2).integers(0, 256, (4, 8, 3), np.uint8)
    way = Preprocessing(0.5, interpolation, antialias)
    assert np.array_equal(resize(picture, 2, way), picture[1:3, 3:5])


def test_box_has_fractions_of_pixels() -> None:
    assert Preprocessing(0.875).box(500, 375) == (85.9375, 23.4375, 414.0625, 351.5625)
    assert Preprocessing(None).box(7, 5) == (0, 0, 7, 5)


def test_one_pixel_becomes_a_plain_square() -> None:
    for antialias in (True, False):
        way = Preprocessing(0.1, "bicubic", antialias)
        square = resize(np.full((1, 1, 3), 77, np.uint8), 5, way)
        assert np.array_equal(square, np.full((5, 5, 3), 77))


@pytest.mark.parametrize(
    ("text", "crop", "name"),
    [("squash", None, "squash"), ("0.875", 0.875, "0.875"), ("1", 1.0, "1.0")],
)
def test_crops_are_read(text: str, crop: float | None, name: str) -> None:
    assert parse_crop(text) == crop
    assert Preprocessing(crop).crop_name == name


@pytest.mark.parametrize("text", ["", "0", "1.01", "-0.5", "nan", "inf", "half"])
def test_other_crops_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="expected squash"):
        parse_crop(text)


def test_wrong_input_is_refused() -> None:
    with pytest.raises(InputError, match="bilinear, bicubic"):
        Preprocessing(interpolation="nearest")
    with pytest.raises(InputError, match="uint8 RGB"):
        resize(np.zeros((4, 4), np.uint8), 2, Preprocessing())
    with pytest.raises(InputError, match="1 or more"):
        resize(np.zeros((4, 4, 3), np.uint8), 0, Preprocessing())


def test_every_choice_is_recorded() -> None:
    """Two different ways never describe themselves the same."""
    ways = [
        Preprocessing(crop, interpolation, antialias)
        for crop in (None, 0.875, 1.0)
        for interpolation in ("bilinear", "bicubic")
        for antialias in (True, False)
    ]
    assert len({str(way.describe()) for way in ways}) == len(ways)


def test_keras_pixels_are_those_of_image_dataset_from_directory(tmp_path: Path) -> None:
    """Of pictures that are not square, larger and smaller than asked for."""
    import argparse

    import keras
    from PIL import Image

    from commands import asked, flags

    random = np.random.default_rng(5)
    for name, shape in (("a", (61, 97, 3)), ("b", (150, 40, 3)), ("c", (20, 31, 3))):
        (tmp_path / "x").mkdir(exist_ok=True)
        noise = random.integers(0, 256, shape).astype(np.uint8)
        Image.fromarray(noise).save(tmp_path / "x" / f"{name}.png")
    theirs = keras.utils.image_dataset_from_directory(
        tmp_path, image_size=(48, 48), shuffle=False, batch_size=3, verbose=False
    )
    expected = np.asarray(next(iter(theirs))[0])
    parser = argparse.ArgumentParser()
    flags.add_preprocessing_flags(parser)
    (way,) = asked.preprocessings(parser.parse_args(["--keras-pixels"]))
    for name, pixels in zip("abc", expected, strict=True):
        with Image.open(tmp_path / "x" / f"{name}.png") as picture:
            ours = resize(np.asarray(picture), 48, way)
        assert np.abs(ours - pixels).max() < 0.01


@pytest.mark.parametrize("more", [["--crop", "0.9"], ["--interpolation", "bicubic"]])
def test_keras_pixels_and_another_crop_exclude_each_other(more: list[str]) -> None:
    import argparse

    from commands import asked, flags

    parser = argparse.ArgumentParser()
    flags.add_preprocessing_flags(parser)
    with pytest.raises(InputError, match="expected either this or `keras_pixels`"):
        asked.preprocessings(parser.parse_args(["--keras-pixels", *more]))
