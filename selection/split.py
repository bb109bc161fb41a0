"""Images into parts, by their ids: in any order the same image, the same part."""

import math

import numpy as np
from numpy.typing import NDArray

from datasets.errors import InputError
from selection.arrays import Ints
from selection.hashing import fractions, id_hashes
from selection.scored import Scored

_STREAM = 0x73706C6974  # other draws than the random selector makes of the same seed


def parted(ids: tuple[str, ...], part: float, seed: int) -> tuple[Ints, Ints]:
    """(rows of the first part, rows of the rest), each ascending.

    Images are ranked by a hash of id and seed; the first `part` of them, rounded down,
    make the first part.

    Raises:
        InputError: either would be empty.
    """
    wanted = part if part > 1 else part * len(ids)
    count = int(wanted) if math.isfinite(wanted) else 0
    if not 0 < count < len(ids):
        raise InputError(
            "calibration_part",
            f"{part:g}",
            "at least one image on each side",
            "Use more images.",
            f"it cannot split {len(ids)} images",
        )
    ranks = fractions(id_hashes(ids), seed + _STREAM)
    order = np.lexsort((_names(ids), ranks))
    return np.sort(order[:count]), np.sort(order[count:])


def split(scored: Scored, part: float, seed: int) -> tuple[Scored, Scored]:
    """The same for scores."""
    first, rest = parted(scored.ids, part, seed)
    return scored.take(first), scored.take(rest)


def _names(ids: tuple[str, ...]) -> NDArray[np.str_]:
    return np.array(ids)
