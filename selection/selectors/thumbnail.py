"""What `learned` looks at: a few numbers of a 48-pixel thumbnail, cheap to compute.

Per image, from grey = (R + G + B) / 765 of a 48 x 48 thumbnail:

- at 48, 24 and 12 pixels (2 x 2 means), and for the steps to the right and the steps
  down: mean square, and mean square over the middle half of rows and columns;
- at 6 pixels likewise, without the middle;
- the high-pass rest between 48 and 24 pixels (grey less its 2 x 2 mean): mean square,
  its middle, and the largest mean over the 6 x 6 squares of 8 x 8 pixels;
- mean and standard deviation of grey; mean square of R - G and of (R + G) / 2 - B.

Mean squares v enter as log(v + 1e-5): energies span decades.
"""

import numpy as np
from numpy.typing import NDArray

from datasets.errors import InputError
from selection.arrays import Float64s

SIDE = 48
FEATURES = 21
_FLOOR = 1e-5  # a mean square below one grey level in 300
# counted by hand, one for each multiplication: steps squared at 48, 24, 12 and 6
# pixels, the rest squared, two colour differences and grey squared at 48 pixels
OWN_MACS = 2 * (48 * 47 + 24 * 23 + 12 * 11 + 6 * 5) + 4 * 48 * 48


def look(pixels: NDArray[np.float32]) -> Float64s:
    """The features of thumbnails.

    Args:
        pixels: (n, 48, 48, 3), RGB in 0..255.
    Returns:
        (n, FEATURES).
    Raises:
        InputError: another shape.
    """
    if pixels.ndim != 4 or pixels.shape[1:] != (SIDE, SIDE, 3):
        raise InputError.of(
            "thumbnails", f"of shape {pixels.shape}", f"(n, {SIDE}, {SIDE}, 3)"
        )
    colours = pixels.astype(np.float64)
    red, green, blue = (colours[..., place] / 255 for place in range(3))
    grey = (red + green + blue) / 3
    energies, levels = [], [grey]
    for _ in range(3):
        levels.append(_halved(levels[-1]))
    for level in levels:
        energies += _steps(level)
    energies += _rest(grey, levels[1])
    energies += [_mean_square(red - green), _mean_square((red + green) / 2 - blue)]
    logs = [np.log(energy + _FLOOR) for energy in energies]
    return np.stack([*logs, grey.mean(axis=(1, 2)), grey.std(axis=(1, 2))], axis=1)


def _halved(grey: Float64s) -> Float64s:
    n, side, _ = grey.shape
    return np.asarray(grey.reshape(n, side // 2, 2, side // 2, 2).mean(axis=(2, 4)))


def _steps(level: Float64s) -> list[Float64s]:
    energies = []
    for axis in (2, 1):
        step = np.diff(level, axis=axis)
        energies.append(_mean_square(step))
        if level.shape[1] > 6:
            energies.append(_mean_square(_middle(step)))
    return energies


def _rest(grey: Float64s, halved: Float64s) -> list[Float64s]:
    rest = grey - halved.repeat(2, axis=1).repeat(2, axis=2)
    squares = (rest**2).reshape(len(rest), 6, 8, 6, 8).mean(axis=(2, 4))
    return [_mean_square(rest), _mean_square(_middle(rest)), squares.max(axis=(1, 2))]


def _middle(values: Float64s) -> Float64s:
    rows, columns = (length // 4 for length in values.shape[1:])
    return values[:, rows:-rows, columns:-columns]


def _mean_square(values: Float64s) -> Float64s:
    return np.asarray((values**2).mean(axis=(1, 2)))
