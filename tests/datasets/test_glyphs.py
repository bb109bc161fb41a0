"""The embedded data set: every picture from its name alone, fonts kept apart."""

import io
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from PIL import Image

from datasets import glyphs as glyphs_module
from datasets import glyphs_drawing
from datasets.decode import decode
from datasets.errors import InputError
from datasets.files import file_sha256
from datasets.glyphs import SIZES, glyphs

SPLITS = ("train", "calibration", "test")  # each with fonts of its own


def test_pictures_depend_on_neither_order_nor_threads() -> None:
    indices = [0, 17, 35, 36, 4_319]
    first = {index: glyphs("test").read(index) for index in indices}
    glyphs_drawing._master.cache_clear()
    backwards = {index: glyphs("test").read(index) for index in reversed(indices)}
    with ThreadPoolExecutor(4) as pool:
        threaded = dict(
            zip(indices, pool.map(glyphs("test").read, indices), strict=True)
        )
    assert first == backwards == threaded


def test_pictures_of_one_index_differ_between_splits() -> None:
    assert len({glyphs(split).read(5) for split in SPLITS}) == len(SPLITS)


def test_pictures_stay_what_the_weights_were_trained_on() -> None:
    """Recorded when version 1 was made; the packaged weights belong to it."""
    what = glyphs_drawing.glyph("test", 0)
    assert glyphs_drawing.VERSION == 1
    assert (what.label, what.font) == (27, "STIXGeneralItalic.ttf")
    assert what.height == pytest.approx(41.3000)
    pixels = decode(glyphs("test").read(0)).astype(float)
    assert pixels.mean(axis=(0, 1)) == pytest.approx([212.6, 47.6, 29.7], abs=2)


def test_picture_is_a_jpeg_of_96_pixels() -> None:
    picture = Image.open(io.BytesIO(glyphs("calibration").read(3)))
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (96, 96))
    assert decode(glyphs("calibration").read(3)).shape == (96, 96, 3)


def test_no_font_file_is_in_two_splits() -> None:
    """By content, so that a copy under another name would be found too."""
    folder = glyphs_drawing.font_folder()
    hashes = [
        file_sha256(folder / font)
        for fonts in glyphs_drawing.FONTS.values()
        for font in fonts
    ]
    assert len(set(hashes)) == len(hashes) == 21


@pytest.mark.parametrize("split", SPLITS)
def test_every_font_has_every_symbol(split: str) -> None:
    """By fontTools, which reads the character map without drawing."""
    for name in glyphs_drawing.FONTS[split]:
        with TTFont(glyphs_drawing.font_folder() / name) as font:
            known = set(font.getBestCmap())
        assert {ord(symbol) for symbol in glyphs_drawing.SYMBOLS} <= known, name


@pytest.mark.parametrize("split", SPLITS)
def test_classes_are_balanced(split: str) -> None:
    dataset = glyphs(split)
    assert len(dataset) == SIZES[split]
    assert dataset.classes == 36
    assert set(Counter(dataset.labels.tolist()).values()) == {SIZES[split] // 36}
    assert set(dataset.labels[36:72]) == set(range(36))
    assert set(dataset.labels[::2]) == set(range(36))


def test_label_is_the_symbol_drawn() -> None:
    dataset = glyphs("test")
    for index in range(40):
        assert glyphs_drawing.glyph("test", index).label == dataset.labels[index]


@pytest.mark.parametrize("split", ["calibration", "test"])
def test_heights_span_12_to_80_pixels(split: str) -> None:
    heights = [glyphs_drawing.glyph(split, index).height for index in range(400)]
    assert min(heights) >= 12
    assert max(heights) <= 80
    below = [np.mean(np.array(heights) < edge) for edge in (20, 40, 60)]
    assert all(below[i] + 0.1 < below[i + 1] for i in range(2))
    assert below[0] > 0.03
    assert below[2] < 0.95


def test_training_heights_are_spread_over_their_logarithm() -> None:
    """Half of them lie below the geometric mean of 10 and 80, which is 28.3."""
    heights = [glyphs_drawing.glyph("train", index).height for index in range(400)]
    assert 10 <= min(heights) < 11
    assert np.mean(np.array(heights) < 28.28) == pytest.approx(0.5, abs=0.08)


def test_train_hard_is_train_without_the_easy_ones() -> None:
    train, hard = glyphs("train"), glyphs("train_hard")
    assert len(hard) == glyphs_drawing.EASY_FROM
    assert hard.ids == train.ids[: len(hard)]
    assert np.array_equal(hard.labels, train.labels[: len(hard)])
    assert hard.read(7) == train.read(7)
    assert hard.fingerprint != train.fingerprint


def test_the_last_training_pictures_are_easy() -> None:
    """Large, on a ground of one light colour: a corner's pixels are nearly equal."""
    for index in (glyphs_drawing.EASY_FROM, SIZES["train"] - 1):
        what = glyphs_drawing.glyph("train", index)
        corner = decode(glyphs("train").read(index))[:5, :5]
        assert glyphs_drawing.is_easy("train", index)
        assert what.height > 45  # 60 but for wide letters made to fit
        assert corner.min() > 130
    assert not glyphs_drawing.is_easy("train", glyphs_drawing.EASY_FROM - 1)
    assert not glyphs_drawing.is_easy("test", SIZES["test"] - 1)


def test_ink_has_the_height_that_is_told() -> None:
    """Ink measured on the drawn mask of a letter that is not turned."""
    mask, height = glyphs_drawing._mask("DejaVuSans.ttf", 10, 30.0, 0.0)
    rows = np.flatnonzero(np.asarray(mask).max(axis=1) > 0)
    assert height == 30.0
    assert rows[-1] - rows[0] + 1 == 30


def test_a_glyph_too_wide_for_the_frame_is_made_smaller() -> None:
    wide = glyphs_drawing.SYMBOLS.index("W")
    mask, height = glyphs_drawing._mask("DejaVuSans-Bold.ttf", wide, 80.0, 20.0)
    assert max(mask.size) == 84  # the centre crop of 0.875
    assert height < 80


def test_zero_has_a_slash_and_the_letter_o_has_none() -> None:
    for fonts in glyphs_drawing.FONTS.values():
        for font in fonts:
            zero = np.asarray(glyphs_drawing._master(font, 0))
            letter = np.asarray(
                glyphs_drawing._master(font, glyphs_drawing.SYMBOLS.index("O"))
            )
            assert zero[80, zero.shape[1] // 2] > 200, font
            assert letter[80, letter.shape[1] // 2] < 50, font


def test_fingerprint_tells_splits_and_libraries_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = [glyphs(split).fingerprint for split in SPLITS]
    assert len(set(before)) == 3
    assert glyphs("test").fingerprint == before[2]
    monkeypatch.setattr(glyphs_module, "version", lambda package: f"{package} 0.0")
    assert glyphs("test").fingerprint != before[2]


def test_unknown_split_names_the_known_ones() -> None:
    with pytest.raises(InputError, match="train, train_hard, calibration, test"):
        glyphs("validation")
