"""The fixed shuffle: an order by hashes, the same for ever."""

import hashlib
from collections.abc import Sequence

import numpy as np

Labels = np.ndarray[tuple[int], np.dtype[np.int64]]

_SHUFFLE = b"reswise 1:"  # the constant seed of the fixed shuffle; never change it


def shuffled(ids: Sequence[str]) -> Labels:
    """(n,) indices in the order of the fixed shuffle.

    The order is that of a hash of the ids: it needs no random generator, so it is the
    same for ever, and what joins or leaves a data set does not reorder the rest.
    """
    ranks = [_rank(name) for name in ids]
    order = sorted(range(len(ids)), key=lambda index: (ranks[index], index))
    return np.array(order, np.int64)


def _rank(name: str) -> bytes:
    encoded = name.encode("utf-8", "surrogateescape")  # file names are bytes
    return hashlib.sha256(_SHUFFLE + encoded).digest()


def sha256_of(parts: Sequence[str]) -> str:
    """Hash of a list; lengths keep ["ab", "c"] and ["a", "bc"] apart."""
    digest = hashlib.sha256(f"{len(parts)};".encode())
    for part in parts:
        encoded = part.encode("utf-8", "surrogateescape")
        digest.update(f"{len(encoded)}:".encode() + encoded)
    return digest.hexdigest()
