"""The embedded data set: one letter or digit a picture, drawn when it is read.

Glyphs differ in height from 12 to 80 of 96 pixels, so some survive a low resolution and
others do not. Fonts are those that matplotlib ships; no font is in two splits. It is a
demonstration and a test bed: photographs are harder. A centre crop of 0.875 keeps
every glyph whole.
"""

import hashlib
from functools import partial
from importlib.metadata import version

from datasets import glyphs_drawing
from datasets.dataset import Dataset, Order
from datasets.errors import DataError
from datasets.files import file_sha256

NAME = "glyphs"
# The last 7,200 pictures of train are easy ones, to begin with; train_hard is train
# without them. Sizes are multiples of 36.
SIZES = {
    "train": 43_200,
    "train_hard": glyphs_drawing.EASY_FROM,
    "calibration": 4_320,
    "test": 4_320,
}


def glyphs(split: str) -> Dataset:
    """The split "train", "train_hard", "calibration" or "test".

    No font of one of the last two is in any other split.

    Raises:
        InputError: no such split.
    """
    if split not in SIZES:
        raise DataError(
            "split", split, f"one of {', '.join(SIZES)}", fault="not a split of glyphs"
        )
    indices = range(SIZES[split])
    drawn = split.removesuffix("_hard")  # the same pictures under the same names
    return Dataset(
        name=NAME,
        split=split,
        ids=[f"{drawn}/{index:05d}" for index in indices],
        labels=[glyphs_drawing.label(drawn, index) for index in indices],
        class_names=tuple(glyphs_drawing.SYMBOLS),
        read=partial(glyphs_drawing.draw, drawn),
        fingerprint=partial(_fingerprint, drawn, SIZES[split]),
        order=Order("names"),
    )


def _fingerprint(split: str, size: int) -> str:
    """Hash of all that decides the pixels: the generator, the fonts, the libraries."""
    folder = glyphs_drawing.font_folder()
    fonts = glyphs_drawing.FONTS[split]
    parts = [
        f"{NAME} {glyphs_drawing.VERSION} {split} {size}",
        *(f"{font} {file_sha256(folder / font)}" for font in fonts),
        f"pillow {version('pillow')}",  # draws, resamples and writes the JPEG
        f"numpy {version('numpy')}",  # its random streams may change between versions
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
