"""The limits of what may be asked for, one set for flags, plans, manifests and scores.

What is beyond them is a slip of the keyboard or a file made to do harm: a picture of a
million pixels a side takes 22 TB.
"""

import math

from datasets.errors import InputError

MOST_RESOLUTION = 4096
MOST_CLASSES = 1_000_000
MOST_RUNGS = 256
LEAST_ALPHA, MOST_ALPHA = 0.01, 10.0
MOST_IMAGES = 100_000_000
MOST_MACS = MOST_PARAMETERS = MOST_FILE_BYTES = 10**15
MOST_COUNT = 1_000_000_000  # of whatever else is counted: seconds, steps, draws
LARGEST_SEED = 2**53 - 1  # what JSON's readers agree on


def is_whole(value: object, least: int, most: int) -> bool:
    """Whether a value of JSON is a whole number in least..most."""
    return (
        isinstance(value, int)
        and value is not True
        and value is not False
        and (least <= value <= most)
    )


def checked_whole(
    argument: str, came: object, least: int, most: int, do: str = ""
) -> int:
    """A whole number in least..most, of a number or of text.

    Args:
        argument, do: for the error, as InputError takes them.
    Raises:
        InputError: something else.
    """
    text = str(came)
    plain = text.removeprefix("-").isascii() and text.removeprefix("-").isdigit()
    if plain and len(text) <= 20 and least <= int(text) <= most:
        return int(text)
    raise InputError(argument, text[:60], f"a whole number in {least}..{most}", do)


def checked_resolution(argument: str, where: str, came: object) -> int:
    """Pixels of a side.

    Args:
        argument, where: what has it, for the error: an argument and its value.
    Raises:
        InputError: not a whole number in 1..MOST_RESOLUTION.
    """
    text = str(came)
    if text.isascii() and text.isdigit() and len(text) <= 4:
        pixels = int(text)
        if 1 <= pixels <= MOST_RESOLUTION:
            return pixels
    raise InputError(
        argument,
        where,
        f"resolutions of 1..{MOST_RESOLUTION} pixels, not {text[:40]}",
    )


def checked_number(
    argument: str, came: float | None, low: float, high: float, do: str = ""
) -> None:
    """Refuses a number outside of low..high, and one that is none.

    Raises:
        InputError: it is so.
    """
    if came is not None and not (math.isfinite(came) and low <= came <= high):
        raise InputError(argument, came, f"a number in {low:g}..{high:g}", do)


def check_network(resolution: int, classes: int, alpha: float) -> None:
    """Refuses a network that no machine holds, before it is built.

    Raises:
        InputError: which of the three is out of its limits.
    """
    checked_resolution("resolutions", str(resolution), resolution)
    checked_whole("classes", classes, 1, MOST_CLASSES)
    checked_number("alpha", alpha, LEAST_ALPHA, MOST_ALPHA)
