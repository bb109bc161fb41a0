"""What an image input of whole numbers makes of the pixel values 0..255.

Android's examples put a picture's own bytes into such an input: uint8 takes a pixel as
it is, int8 takes it less 128. A mean and a deviation say what these numbers mean in
reals; where they contradict the tensor's scale, nearly every pixel ends at the same
number, and the model answers something all the same.
"""

import numpy as np
from numpy.typing import NDArray

from convert.manifest import Preprocessing, Tensor
from datasets.errors import BundleError

TRACE = 0.01  # of pixel values, all as likely; halves that round up are no clipping
LEAST_CODES = 32  # of 256 that a picture must be able to tell apart
_PIXELS = np.arange(256, dtype=np.float64)
Triple = tuple[float, float, float]


def own_codes(dtype: str, scale: float, zero_point: int) -> tuple[Triple, Triple]:
    """(mean, deviation) by which a picture's own codes enter such a tensor."""
    first = 128 if dtype == "int8" else 0  # pixel value less stored number
    mean, deviation = float(zero_point + first), 1 / scale if scale else 1.0
    if not scale:
        mean = float(first)
    return (mean,) * 3, (deviation,) * 3


def check_codes(preprocessing: Preprocessing, tensor: Tensor, where: str) -> None:
    """Refuses a mean and deviation that lose the picture at the tensor's ends.

    Raises:
        InputError: more than a trace of the pixel values is clipped, or few remain.
    """
    if why := misfit(preprocessing.mean, preprocessing.deviation, tensor):
        raise BundleError.of(
            where,
            f"mean {_shown(preprocessing.mean)} and deviation "
            f"{_shown(preprocessing.deviation)} do not fit its {tensor.dtype} input "
            f"(scale {tensor.scale:.6g}, zero point {tensor.zero_point}): {why}",
            "a picture's own codes, or the mean and deviation that the model was "
            "quantised for",
        )


def misfit(mean: Triple, deviation: Triple, tensor: Tensor) -> str:
    """Why pixels that enter so are lost in a tensor of whole numbers; empty: not so."""
    if tensor.dtype == "float32":
        return ""
    steps = _steps(mean, deviation, tensor)
    limits = np.iinfo(tensor.dtype)
    outside = (steps < limits.min - 1) | (steps > limits.max + 1)
    if not outside.mean(axis=1).max() <= TRACE:
        return f"{100 * outside.mean():.0f} % of all pixel values would be clipped"
    codes = min(np.unique(np.clip(row, limits.min, limits.max)).size for row in steps)
    if codes < LEAST_CODES:
        return f"the 256 pixel values would become {codes} different numbers"
    return ""


def near_own_codes(mean: Triple, deviation: Triple, tensor: Tensor) -> bool:
    """Whether each pixel ends within one step of the picture's own code."""
    if tensor.dtype not in ("uint8", "int8"):
        return False
    limits = np.iinfo(tensor.dtype)
    steps = np.clip(_steps(mean, deviation, tensor), limits.min, limits.max)
    return bool(np.abs(steps - (_PIXELS + limits.min)).max() <= 1)


def _steps(mean: Triple, deviation: Triple, tensor: Tensor) -> NDArray[np.float64]:
    """(3, 256) stored numbers of each pixel value, before they are clipped."""
    with np.errstate(over="ignore", divide="ignore"):
        reals = (_PIXELS - np.array(mean)[:, None]) / np.array(deviation)[:, None]
        stored = reals / tensor.scale + tensor.zero_point if tensor.scale else reals
        return np.asarray(np.rint(stored), np.float64)


def _shown(numbers: Triple) -> str:
    """One number where all three are the same."""
    return ", ".join(f"{number:g}" for number in dict.fromkeys(numbers))
