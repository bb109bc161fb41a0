"""The module's resize beside Python's pixels, on pictures of odd sizes.

What Python's own resize is held against stands in tests/datasets: Pillow and
tf.image.resize.
"""

import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from datasets.decode import _UPRIGHT
from datasets.preprocessing import Preprocessing, resize
from tests.android_app.module import java

pytestmark = pytest.mark.checkout
PICTURES = 50
# largest and mean difference, in levels of 255
LARGEST, MEAN = 1.0, 0.05


class Case(NamedTuple):
    """One picture and what is made of it."""

    pixels: NDArray[np.uint8]
    resolution: int
    way: Preprocessing
    exif: int


def _picture(random: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    """Waves of many lengths, edges and noise: what makes resizes differ."""
    rows, columns = np.mgrid[:height, :width]
    channels = []
    for _ in range(3):
        waves = sum(
            np.sin(rows * a + columns * b + c)
            for a, b, c in random.uniform(0, 3, (4, 3))
        )
        edges = 60 * ((rows * random.uniform(-1, 1) + columns) % 17 < 8)
        noise = random.normal(0, 20, (height, width))
        channels.append(128 + 25 * waves + edges + noise)
    picture = np.clip(np.stack(channels, axis=-1), 0, 255)
    return np.asarray(picture, np.uint8)


def _cases() -> list[Case]:
    """Odd sides, up and down, crops and squash, both filters, all orientations."""
    random = np.random.default_rng(20)
    crops = (0.875, None, 1.0, 0.3)
    cases = []
    for place in range(PICTURES):
        height, width = (2 * int(side) + 1 for side in random.integers(9, 350, 2))
        if place == 0:
            height, width = 1, 1
        if place == 1:
            height, width = 3, 701
        way = Preprocessing(
            crops[place % 4],
            "bicubic" if place // 4 % 2 else "bilinear",
            antialias=place % 10 != 9,
        )
        resolution = (224, 160, 96, 48, 33)[place % 5]
        cases.append(
            Case(_picture(random, height, width), resolution, way, place % 8 + 1)
        )
    return cases


def _packed(case: Case) -> bytes:
    height, width, _ = case.pixels.shape
    alpha = np.full((height, width, 1), 7, np.uint8)  # is dropped
    rgba = np.concatenate([case.pixels, alpha], axis=-1)
    way = case.way
    head = struct.pack(
        "<iiidiii", width, height, case.resolution, way.crop or 0.0,
        way.interpolation == "bicubic", way.antialias, case.exif,
    )  # fmt: skip
    return head + rgba.tobytes()


def _expected(case: Case) -> NDArray[np.float32]:
    """As Python does it: the picture is turned first, then resized."""
    method = _UPRIGHT.get(case.exif)
    image = Image.fromarray(case.pixels)
    upright = image if method is None else image.transpose(method)
    return resize(np.array(upright), case.resolution, case.way)


@pytest.fixture(scope="module")
def differences(tmp_path_factory: pytest.TempPathFactory) -> list[NDArray[np.float32]]:
    """Of each picture, |Java - Python| of every value."""
    folder = tmp_path_factory.mktemp("resize")
    cases = _cases()
    (folder / "cases").write_bytes(b"".join(map(_packed, cases)))
    java("resize", folder / "cases", folder / "out")
    found = np.fromfile(folder / "out", "<f4")
    sizes = [3 * case.resolution**2 for case in cases]
    assert len(found) == sum(sizes)
    parts = np.split(found, np.cumsum(sizes)[:-1])
    return [
        np.abs(part - _expected(case).reshape(-1))
        for part, case in zip(parts, cases, strict=True)
    ]


def test_fifty_pictures_come_out_as_python_makes_them(
    differences: list[NDArray[np.float32]],
) -> None:
    for place, (case, apart) in enumerate(zip(_cases(), differences, strict=True)):
        assert apart.max() < LARGEST, (place, case.pixels.shape, case.way, case.exif)
        assert apart.mean() < MEAN, (place, case.pixels.shape, case.way, case.exif)


def test_upright_pictures_are_equal_but_for_a_float_s_last_place(
    differences: list[NDArray[np.float32]],
) -> None:
    """Antialiased ones: the same sums in the same order; turned ones add otherwise."""
    upright = [
        apart
        for case, apart in zip(_cases(), differences, strict=True)
        if case.exif == 1 and case.way.antialias
    ]
    assert len(upright) >= 5
    assert max(apart.max() for apart in upright) <= np.spacing(np.float32(255))
    assert np.mean([(apart == 0).mean() for apart in upright]) > 0.9


def test_they_are_closer_than_is_asked(
    differences: list[NDArray[np.float32]],
) -> None:
    """Where a picture is turned, Pillow's box of floats lies 1e-5 pixels elsewhere."""
    assert max(float(apart.max()) for apart in differences) < 0.01


@pytest.mark.parametrize("exif", range(1, 9))
def test_plain_areas_keep_their_whole_numbers(exif: int, tmp_path: Path) -> None:
    """Quantised inputs round at halves, where whole pixels lie: not 199.99998."""
    ways = [
        Preprocessing(crop, kind, antialias)
        for crop in (0.875, None)
        for kind in ("bilinear", "bicubic")
        for antialias in (True, False)
    ]
    plain = np.full((331, 217, 3), (200, 128, 3), np.uint8)
    cases = [Case(plain, 64, way, exif) for way in ways]
    (tmp_path / "cases").write_bytes(b"".join(map(_packed, cases)))
    java("resize", tmp_path / "cases", tmp_path / "out")
    found = np.fromfile(tmp_path / "out", "<f4").reshape(-1, 3)
    assert (found == np.array([200, 128, 3], np.float32)).all()


def test_the_cases_cover_what_they_should() -> None:
    cases = _cases()
    assert len(cases) == PICTURES
    assert {case.exif for case in cases} == set(range(1, 9))
    assert {case.way.crop for case in cases} == {0.875, None, 1.0, 0.3}
    seen = {(case.way.interpolation, case.way.antialias) for case in cases}
    assert len(seen) == 4
    up = sum(min(case.pixels.shape[:2]) < case.resolution for case in cases)
    assert 5 < up < 45
