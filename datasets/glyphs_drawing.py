"""One glyph picture from its name alone: which symbol, font, height, place, clutter.

Everything random about a picture comes from a generator seeded by (version, split,
index), so a picture does not depend on the ones drawn before it.
"""

import io
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

VERSION = 1  # raise it with every change that moves a pixel: it seeds the pictures
SYMBOLS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
RESOLUTION = 96  # side of a picture, in pixels
# Height of a glyph before it is turned, in pixels. Training heights are spread evenly
# over their logarithm, so that small glyphs are learned too; the others evenly.
TRAIN_HEIGHTS = (10.0, 80.0)
HEIGHTS = (12.0, 80.0)
# Training pictures from this index on are easy: large, dark on a light plain ground.
# They help a network over the start: on the others MobileNetV2 0.35 was still at chance
# after 34,000 pictures, where small_resnet had 24 % of its held-out ones right.
EASY_FROM = 36_000
EASY_HEIGHTS = (60.0, 80.0)

# Every split has a sans serif, a monospaced, two serif families and Computer Modern,
# upright and slanted, light and bold; no font file is in two of them.
FONTS = {
    "train": (
        "DejaVuSans.ttf",
        "DejaVuSans-BoldOblique.ttf",
        "DejaVuSansMono-Bold.ttf",
        "DejaVuSansMono-Oblique.ttf",
        "DejaVuSerif-Bold.ttf",
        "DejaVuSerif-BoldItalic.ttf",
        "STIXGeneral.ttf",
        "STIXGeneralBolIta.ttf",
        "cmr10.ttf",
        "cmss10.ttf",
        "cmtt10.ttf",
    ),
    "calibration": (
        "DejaVuSans-Bold.ttf",
        "DejaVuSansMono.ttf",
        "DejaVuSerif-Italic.ttf",
        "STIXGeneralBol.ttf",
        "cmti10.ttf",
    ),
    "test": (
        "DejaVuSans-Oblique.ttf",
        "DejaVuSansMono-BoldOblique.ttf",
        "DejaVuSerif.ttf",
        "STIXGeneralItalic.ttf",
        "cmb10.ttf",
    ),
}

_SPLIT_NUMBERS = {"train": 0, "calibration": 1, "test": 2}
_MASTER_HEIGHT = 160  # pixels of the master glyph, at least twice any drawn height
_TURN_DEGREES = 20.0  # more would turn N into Z and 6 into 9
_MARGIN = 6  # pixels to the frame: a centre crop of 0.875 still holds every glyph
_LEAST_CONTRAST = 60.0  # of luma 0..255, between a glyph and the ground under it
_JPEG_QUALITIES = (70, 96)
_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601

_Colour = tuple[int, int, int]
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Glyph:
    """What a picture shows. The height in pixels decides which resolution it needs."""

    label: int  # position in SYMBOLS
    font: str  # file name in matplotlib's font folder
    height: float  # pixels, before it is turned
    turn: float  # degrees, anticlockwise
    left: int  # pixels, of the box around the turned glyph
    top: int


def glyph(split: str, index: int) -> Glyph:
    """The glyph of picture `index`; cheap next to drawing it."""
    return _plan(split, index)[0]


def draw(split: str, index: int) -> bytes:
    """Picture `index` of `split`: a JPEG of 96x96 pixels, RGB."""
    what, mask, random = _plan(split, index)
    box = (what.left, what.top, what.left + mask.width, what.top + mask.height)
    if is_easy(split, index):
        ground = Image.new("RGB", (RESOLUTION,) * 2, _rgb(random.uniform(170, 255, 3)))
        colour = _rgb(random.uniform(0, 80, 3))
    else:
        ground = _ground(random)
        colour = _colour_unlike(np.asarray(ground.crop(box)), random)
    ground.paste(colour, box[:2], mask)
    pixels = np.asarray(ground, dtype=np.float64)
    pixels = pixels + random.normal(0.0, random.uniform(0.0, 8.0), pixels.shape)
    picture = Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=int(random.integers(*_JPEG_QUALITIES)))
    return file.getvalue()


def is_easy(split: str, index: int) -> bool:
    """Whether the picture is one of the training pictures to begin with."""
    return split == "train" and index >= EASY_FROM


def font_folder() -> Path:
    """Where matplotlib keeps the font files that it ships."""
    import matplotlib  # late: half a second, and only glyphs need it

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"


def _plan(split: str, index: int) -> tuple[Glyph, Image.Image, np.random.Generator]:
    """The glyph, its turned mask, and the generator for all that is still random."""
    random = np.random.default_rng([VERSION, _SPLIT_NUMBERS[split], index, 0])
    symbol = label(split, index)
    font = FONTS[split][int(random.integers(len(FONTS[split])))]
    height = _height(split, index, random)
    turn = float(random.uniform(-_TURN_DEGREES, _TURN_DEGREES))
    mask, height = _mask(font, symbol, height, turn)
    left = int(random.integers(_MARGIN, RESOLUTION - _MARGIN - mask.width + 1))
    top = int(random.integers(_MARGIN, RESOLUTION - _MARGIN - mask.height + 1))
    return (
        Glyph(label=symbol, font=font, height=height, turn=turn, left=left, top=top),
        mask,
        random,
    )


def _height(split: str, index: int, random: np.random.Generator) -> float:
    if is_easy(split, index):
        return float(random.uniform(*EASY_HEIGHTS))
    if split == "train":
        low, high = TRAIN_HEIGHTS
        return low * math.pow(high / low, random.random())
    return float(random.uniform(*HEIGHTS))


def label(split: str, index: int) -> int:
    """The class of picture `index`: its place in SYMBOLS.

    Every run of 36 pictures holds each symbol once, in an order of its own:
    any prefix is balanced, and so is every second picture, but for chance.
    """
    block, place = divmod(index, len(SYMBOLS))
    return _block_order(_SPLIT_NUMBERS[split], block)[place]


@lru_cache(maxsize=1024)
def _block_order(split_number: int, block: int) -> tuple[int, ...]:
    random = np.random.default_rng([VERSION, split_number, block, 1])
    return tuple(int(label) for label in random.permutation(len(SYMBOLS)))


def _mask(
    font: str, label: int, height: float, turn: float
) -> tuple[Image.Image, float]:
    """The turned glyph in grey levels, no larger than the frame, and its height."""
    master = _master(font, label)
    turned = master.rotate(turn, Image.Resampling.BICUBIC, expand=True)
    turned = turned.crop(turned.getbbox())
    room = RESOLUTION - 2 * _MARGIN
    scale = min(height / master.height, room / max(turned.size))
    width, tall = (max(1, round(side * scale)) for side in turned.size)
    small = turned.resize((width, tall), Image.Resampling.LANCZOS)
    return small, scale * master.height


@lru_cache(maxsize=1024)
def _master(font: str, label: int) -> Image.Image:
    """A symbol, white on black, cut to its ink, 160 pixels high.

    A zero gets a slash: in most of these fonts it differs from the letter O by its
    width alone, which is lost once the glyph is turned and small.
    """
    letters = ImageFont.truetype(
        str(font_folder() / font), 240, layout_engine=ImageFont.Layout.BASIC
    )
    canvas = Image.new("L", (480, 480), 0)
    ImageDraw.Draw(canvas).text((120, 60), SYMBOLS[label], font=letters, fill=255)
    ink = canvas.crop(canvas.getbbox())
    if SYMBOLS[label] == "0":
        _slash(ink)
    scale = _MASTER_HEIGHT / ink.height
    width = max(1, round(ink.width * scale))
    return ink.resize((width, _MASTER_HEIGHT), Image.Resampling.LANCZOS)


def _slash(zero: Image.Image) -> None:
    width, height = zero.size
    ends = (0.2 * width, 0.85 * height, 0.8 * width, 0.15 * height)
    ImageDraw.Draw(zero).line(ends, fill=255, width=round(0.09 * height))


def _ground(random: np.random.Generator) -> Image.Image:
    """Coarse blotches between two colours, and lines and rings across them."""
    first, second = random.uniform(0, 255, (2, 3))
    cells = int(random.integers(2, 9))
    blend = Image.fromarray(random.uniform(0, 255, (cells, cells)).astype(np.uint8))
    blend = blend.resize((RESOLUTION, RESOLUTION), Image.Resampling.BICUBIC)
    share = np.asarray(blend, dtype=np.float64)[..., None] / 255
    reach = random.uniform(0.1, 0.6)
    pixels = first + (second - first) * share * reach
    ground = Image.fromarray(np.rint(pixels).astype(np.uint8))
    for _ in range(int(random.integers(0, 9))):
        _clutter(ground, random)
    return ground


def _clutter(ground: Image.Image, random: np.random.Generator) -> None:
    """One line, or one ring, in a colour near that of the ground at its middle."""
    x, y = random.uniform(0, RESOLUTION - 1, 2)
    here = np.asarray(ground.getpixel((int(x), int(y))), dtype=np.float64)
    colour = _rgb(here + random.uniform(-60, 60, 3))
    reach = random.uniform(4, 40)
    pen = ImageDraw.Draw(ground)
    width = int(random.integers(1, 4))
    if random.random() < 0.6:
        angle = random.uniform(0, math.pi)
        across, down = reach * math.cos(angle), reach * math.sin(angle)
        ends = (x - across, y - down, x + across, y + down)
        pen.line(ends, fill=colour, width=width)
    else:
        box = (x - reach / 2, y - reach / 2, x + reach / 2, y + reach / 2)
        pen.ellipse(box, outline=colour, width=width)


def _colour_unlike(
    under: npt.NDArray[np.uint8], random: np.random.Generator
) -> _Colour:
    """A random colour whose luma is far from the mean luma of the (H, W, 3) ground."""
    luma = float(under.reshape(-1, 3).mean(axis=0) @ _LUMA)
    for _ in range(100):
        colour = random.uniform(0, 255, 3)
        if abs(float(colour @ _LUMA) - luma) >= _LEAST_CONTRAST:
            return _rgb(colour)
    return (0, 0, 0) if luma > 127 else (255, 255, 255)


def _rgb(colour: _Floats) -> _Colour:
    red, green, blue = (int(level) for level in np.clip(np.rint(colour), 0, 255))
    return red, green, blue
