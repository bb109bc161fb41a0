"""How a picture becomes a square of pixels: one crop and one resize for every purpose.

The crop is a box in the coordinates of the full-size picture, with fractions of pixels,
and crop and resize are one resampling of that box. Cropping after a first resize, as
some recipes do, would filter twice and round the box to whole pixels.

With `antialias` the filter widens with the scale (Pillow's `resize(box=...)`, the same
filter as `tf.image.resize(antialias=True)`). Without it each output pixel reads its 2x2
(bilinear) or 4x4 (bicubic, a = -0.5) nearest input pixels whatever the scale, as
`tf.image.resize(antialias=False)` does. Pixel centres lie at halves in both.

Resized pixels are float32 and are not rounded: networks are trained on such, and at low
resolutions rounding twice moves a few answers in a hundred images.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from datasets.errors import InputError

Pixels = NDArray[np.uint8]  # (H, W, 3), a decoded picture
Resized = NDArray[np.float32]  # (R, R, 3), in 0..255
Bands = tuple[Image.Image, ...]  # red, green, blue, each in Pillow's mode F
_FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}
_REACH = {"bilinear": 1, "bicubic": 2}  # taps on each side of a point


@dataclass(frozen=True)
class Preprocessing:
    """Part of a rung, and recorded in every row.

    Raises:
        InputError: a crop outside (0, 1] or an unknown interpolation.
    """

    crop: float | None = 0.875  # centre, in parts of the short side; None squashes
    interpolation: str = "bilinear"
    antialias: bool = True

    def __post_init__(self) -> None:
        if self.crop is not None and not 0 < self.crop <= 1:
            raise InputError(
                "crop",
                self.crop,
                "a number above 0 and up to 1, such as 0.875, or squash",
            )
        if self.interpolation not in _FILTERS:
            raise InputError(
                "interpolation",
                f"{self.interpolation!r}",
                f"one of {', '.join(_FILTERS)}",
            )

    @property
    def crop_name(self) -> str:
        """As the command line takes it: "0.875", "1.0" or "squash"."""
        return "squash" if self.crop is None else str(float(self.crop))

    def describe(self) -> dict[str, object]:
        """What is recorded beside results, enough to repeat it elsewhere."""
        return {
            "decoder": "pillow, full size, EXIF rotation applied, alpha dropped, RGB",
            "crop": self.crop_name,
            "interpolation": self.interpolation,
            "antialias": self.antialias,
            "resize": "one resampling of the centre box, half-pixel centres",
            "range": "float32 0..255, not rounded",
        }

    def box(self, width: int, height: int) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) of what is kept, in pixels of the picture."""
        if self.crop is None:
            return 0.0, 0.0, float(width), float(height)
        resolution = self.crop * min(width, height)
        left, top = (width - resolution) / 2, (height - resolution) / 2
        return left, top, left + resolution, top + resolution


def parse_crop(text: str) -> float | None:
    """Reads the flag --crop: "squash" is None, "0.875" a part of the short side.

    Raises:
        InputError: neither.
    """
    if text == "squash":
        return None
    try:
        return Preprocessing(crop=float(text)).crop
    except ValueError:  # of float, or InputError, which is one
        raise InputError(
            "crop",
            text,
            "squash, or the part of the short side to keep, above 0 and up to 1, such "
            "as 0.875",
        ) from None


def resize(pixels: Pixels, resolution: int, preprocessing: Preprocessing) -> Resized:
    """Crops and resizes (H, W, 3) to (resolution, resolution, 3), in 0..255.

    Raises:
        InputError: pixels are not (H, W, 3) uint8, or resolution is below 1.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
        raise InputError.of(
            "pixels",
            f"{pixels.shape} {pixels.dtype}",
            "(height, width, 3) uint8 RGB, such as datasets.decode.decode gives",
        )
    return resize_bands(bands(Image.fromarray(pixels)), resolution, preprocessing)


def bands(image: Image.Image) -> Bands:
    """An RGB image as three of floats, which Pillow resizes without rounding."""
    return tuple(band.convert("F") for band in image.split())


def resize_bands(
    colours: Bands, resolution: int, preprocessing: Preprocessing
) -> Resized:
    """`resize` of what `bands` gave; one decoded picture serves many resolutions."""
    if resolution < 1:
        raise InputError("resolution", resolution, "a side in pixels, 1 or more")
    box = preprocessing.box(*colours[0].size)
    if not preprocessing.antialias:
        reach = _REACH[preprocessing.interpolation]
        whole = np.stack([np.asarray(colour) for colour in colours], axis=-1)
        return np.clip(_point_sampled(whole, resolution, box, reach), 0, 255)
    resample = _FILTERS[preprocessing.interpolation]
    side = (resolution, resolution)
    resized = np.empty((*side, len(colours)), np.float32)
    for index, colour in enumerate(colours):
        resized[..., index] = np.asarray(colour.resize(side, resample, box))
    return np.clip(resized, 0, 255, out=resized)


def _point_sampled(
    pixels: Resized,
    resolution: int,
    box: tuple[float, float, float, float],
    reach: int,
) -> Resized:
    left, top, right, bottom = box
    rows, row_weights = _taps(top, bottom, pixels.shape[0], resolution, reach)
    columns, column_weights = _taps(left, right, pixels.shape[1], resolution, reach)
    total = np.zeros((resolution, resolution, 3))
    for row, down in zip(rows, row_weights, strict=True):
        for column, across in zip(columns, column_weights, strict=True):
            weight = down[:, None, None] * across[None, :, None]
            total += weight * pixels[row[:, None], column[None, :]]
    return total.astype(np.float32)


def _taps(
    start: float, stop: float, length: int, resolution: int, reach: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Along one side: (2 reach, resolution) indices of input pixels and their weights.

    Taps outside the picture get no weight and the others are scaled up to a sum of 1.
    """
    points = start + (np.arange(resolution) + 0.5) * (stop - start) / resolution - 0.5
    offsets = np.arange(1 - reach, 1 + reach)[:, None]
    indices = np.floor(points).astype(np.int64) + offsets
    weights = _kernel(np.abs(points - indices), reach)
    weights[(indices < 0) | (indices >= length)] = 0
    return np.clip(indices, 0, length - 1), weights / weights.sum(axis=0)


def _kernel(distance: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Triangle, or the cubic of Keys 1981 (a = -0.5), at distances in pixels."""
    if reach == 1:
        return np.maximum(0.0, 1.0 - distance)
    near = (1.5 * distance - 2.5) * distance * distance + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))
