"""Cuts between sorted confidences: the only thresholds that differ in what they do."""

import numpy as np

from selection.arrays import Float64s, Ints
from selection.contract import NEVER


def records(values: Ints) -> Ints:
    """Indices of the values that exceed all before them; the first is one."""
    highest = np.maximum.accumulate(values)
    new = np.concatenate([[True], values[1:] > highest[:-1]])
    return np.flatnonzero(new)


def sums(where: Ints, values: Ints, places: int) -> Ints:
    """Sum of the values at each place, in exact integers."""
    total = np.zeros(places, np.int64)
    np.add.at(total, where, values)
    return total


def thresholds(levels: Float64s, cuts: Ints) -> Float64s:
    """The lowest level that stays; 0 where none climbs, NEVER where all do.

    Args:
        levels: distinct confidences, ascending.
        cuts: how many of the levels climb.
    """
    values = np.append(levels, NEVER)[cuts]
    return np.asarray(np.where(cuts == 0, 0.0, values))
