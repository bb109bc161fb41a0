"""--resolutions: pixels one by one, those of an adaptation, or the steps in a range."""

from typing import TYPE_CHECKING

from datasets.errors import InputError
from datasets.limits import MOST_RESOLUTION, MOST_RUNGS

if TYPE_CHECKING:
    from keras_models.pretrained import Pretrained


def resolutions(text: str) -> list[int]:
    """Comma-separated pixels, each once, in the order given.

    Raises:
        InputError: not whole numbers of at least 1.
    """
    try:
        pixels = [int(word) for word in text.split(",")]
    except ValueError as error:
        raise InputError(
            "resolutions", text, "whole numbers of pixels such as 224,192,160"
        ) from error
    if min(pixels) < 1 or max(pixels) > MOST_RESOLUTION:
        raise InputError("resolutions", text, f"pixels in 1..{MOST_RESOLUTION}")
    if len(set(pixels)) > MOST_RUNGS:
        came = f"{len(set(pixels))} of them"
        raise InputError("resolutions", came, f"at most {MOST_RUNGS}")
    return list(dict.fromkeys(pixels))


def lower_resolutions(text: str, native: int) -> list[int]:
    """`resolutions` of an adaptation.

    Raises:
        InputError: one is not below the native resolution.
    """
    asked = resolutions(text)
    if max(asked) >= native:
        raise InputError(
            "resolutions",
            max(asked),
            fault=f"not below the native resolution, {native}, which is always there",
        )
    return asked


def check_resolutions(text: str) -> None:
    """Refuses what `resolutions_of` could not read, before a model is loaded."""
    if ".." in text:
        _range(text)
    else:
        resolutions(text)


def resolutions_of(text: str, source: "Pretrained") -> list[int]:
    """`resolutions`, or the steps of a model's MACs in a range such as 96..224."""
    if ".." not in text:
        return resolutions(text)
    from keras_models.flops import steps

    return steps(source, *_range(text))


def _range(text: str) -> tuple[int, int]:
    ends = text.split("..")
    if len(ends) == 2 and all(end.isdecimal() for end in ends):
        low, high = sorted(int(end) for end in ends)
        if 1 <= low < high <= MOST_RESOLUTION:
            return low, high
    raise InputError(
        "resolutions",
        text,
        f"a range of pixels in 1..{MOST_RESOLUTION}, such as 96..224",
    )
