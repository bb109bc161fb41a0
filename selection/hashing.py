"""A draw from an image's id and a seed alone: in any order, on any machine, the same.

FNV-1a (64 bits) of the id's UTF-8 bytes, xor splitmix64 of the seed, through
splitmix64; the upper 53 bits as a fraction in [0, 1).
"""

import numpy as np
from numpy.typing import NDArray

from datasets.shown import name_bytes
from selection.arrays import Float64s

_MASK = (1 << 64) - 1


def id_hashes(ids: tuple[str, ...]) -> NDArray[np.uint64]:
    """FNV-1a, 64 bits, of each id."""
    return np.array([_fnv1a(name_bytes(name)) for name in ids], dtype=np.uint64)


def _fnv1a(data: bytes) -> int:
    state = 0xCBF29CE484222325
    for byte in data:
        state = ((state ^ byte) * 0x100000001B3) & _MASK
    return state


def fractions(hashes: NDArray[np.uint64], seed: int) -> Float64s:
    """A number in [0, 1) for each hash, other ones for each seed."""
    mixed = _splitmix64(hashes ^ _splitmix64(np.array([seed & _MASK], np.uint64)))
    return np.asarray((mixed >> np.uint64(11)).astype(np.float64) / 2.0**53)


def _splitmix64(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Source: Steele et al. 2014; unsigned arithmetic wraps on purpose."""
    state = state + np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(state ^ (state >> np.uint64(31)))
