"""Pictures for adaptation: the same random view at the native and at lower resolutions.

A view is a part of the crop, at random scale and place, mirrored half of the time, cut
from the decoded picture and resized to each resolution. It is a function of (seed,
picture, turn). Views are held in memory, 3 x resolution^2 bytes each.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from datasets.dataset import Dataset
from datasets.decode import Unreadable, decode_image
from datasets.errors import DataError
from datasets.preprocessing import Preprocessing, bands, resize_bands
from datasets.progress import progress

Pixels = NDArray[np.uint8]


def plain(
    dataset: Dataset, resolutions: Sequence[int], preprocessing: Preprocessing
) -> dict[int, Pixels]:
    """{resolution: (n, R, R, 3)} as a sweep would see them, rounded to whole levels."""
    pictures = _empty(len(dataset), resolutions)
    for index, image in _decoded(dataset):
        _fill(pictures, index, image, preprocessing)
    return pictures


def views(
    dataset: Dataset,
    resolutions: Sequence[int],
    preprocessing: Preprocessing,
    number: int,
    smallest: float,
    seed: int,
) -> dict[int, Pixels]:
    """{resolution: (number * n, R, R, 3)}: the first view of each picture, then others.

    Args:
        smallest: side of the smallest view in parts of the crop; 1 takes it whole.
    Raises:
        InputError: a picture cannot be read.
    """
    count = len(dataset)
    pictures = _empty(number * count, resolutions)
    for index, image in _decoded(dataset):
        for turn in range(number):
            random = np.random.default_rng([seed, index, turn])
            view = _view(image, preprocessing, smallest, random)
            squeezed = Preprocessing(
                None, preprocessing.interpolation, preprocessing.antialias
            )
            _fill(pictures, turn * count + index, view, squeezed)
    return pictures


def _empty(count: int, resolutions: Sequence[int]) -> dict[int, Pixels]:
    return {
        resolution: np.empty((count, resolution, resolution, 3), np.uint8)
        for resolution in resolutions
    }


def _fill(
    held: dict[int, Pixels],
    index: int,
    image: Image.Image,
    preprocessing: Preprocessing,
) -> None:
    colours = bands(image)
    for resolution, pixels in held.items():
        pixels[index] = np.rint(resize_bands(colours, resolution, preprocessing))


def _view(
    image: Image.Image,
    preprocessing: Preprocessing,
    smallest: float,
    random: np.random.Generator,
) -> Image.Image:
    left, top, right, bottom = preprocessing.box(*image.size)
    scale = random.uniform(smallest, 1.0)
    width, height = scale * (right - left), scale * (bottom - top)
    left += random.uniform() * (right - left - width)
    top += random.uniform() * (bottom - top - height)
    whole = (round(left), round(top), round(left + width), round(top + height))
    cut = image.crop(whole)
    mirrored = random.uniform() < 0.5
    return cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else cut


def _decoded(dataset: Dataset) -> Iterator[tuple[int, Image.Image]]:
    what = f"{dataset.name} {dataset.split} pictures"
    for index in progress(range(len(dataset)), len(dataset), what):
        try:
            yield index, decode_image(dataset.read(index))[0]
        except (OSError, Unreadable) as error:
            raise DataError.of(
                dataset.name,
                f"{dataset.ids[index]} cannot be read ({error})",
                "",
                "Adaptation expects every picture; take it out of the list.",
            ) from error
