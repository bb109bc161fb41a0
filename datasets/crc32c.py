"""CRC-32C of many byte strings at once, as TFRecord files carry them.

Castagnoli's polynomial, reflected (0x82F63B78). Source: RFC 3720, appendix B.4; the
masking: tensorflow/core/lib/hash/crc32c.h. Plain numpy: a string is cut into blocks, a
table takes all blocks of all strings on by a byte at a time, and blocks are joined by
what a block of zeros does to a checksum, which is linear.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL = 0x82F63B78
_BLOCK = 128  # bytes
_MASK = 0xA282EAD8
_Words = NDArray[np.uint32]


@cache
def _table() -> _Words:
    """(256,) what a byte does."""
    values = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        odd = np.where(values & 1, np.uint32(_POLYNOMIAL), np.uint32(0))
        values = (values >> np.uint32(1)) ^ odd
    return values


@cache
def _zeros() -> _Words:
    """(4, 256) what a block of zeros does to each byte of a checksum."""
    values = np.arange(256, dtype=np.uint32)
    state = np.stack([values << np.uint32(8 * place) for place in range(4)])
    for _ in range(_BLOCK):
        state = _table()[state & 255] ^ (state >> np.uint32(8))
    return state


def crc32c(texts: Sequence[bytes]) -> _Words:
    """The checksum of each."""
    if not texts:
        return np.empty(0, np.uint32)
    most = max(1, max(-(-len(text) // _BLOCK) for text in texts))
    # zeros before a text change nothing as long as the state is 0, so its beginning
    # with 0xFFFFFFFF goes into the first four bytes instead
    filled = np.zeros((len(texts), most * _BLOCK), np.uint8)
    for row, text in zip(filled, texts, strict=True):
        if text:
            row[-len(text) :] = np.frombuffer(text, np.uint8)
            row[len(row) - len(text) :][:4] ^= np.uint8(255)
    state = np.zeros((len(texts), most), np.uint32)
    blocks = filled.reshape(len(texts), most, _BLOCK)
    for place in range(_BLOCK):
        state = _table()[(state ^ blocks[:, :, place]) & 255] ^ (state >> np.uint32(8))
    whole = np.zeros(len(texts), np.uint32)
    for place in range(most):
        whole = _shifted(whole) ^ state[:, place]
    short = [_short(text) for text in texts if len(text) < 4]
    whole[[len(text) < 4 for text in texts]] = np.array(short, np.uint32)
    return np.where([len(text) < 4 for text in texts], whole, ~whole).astype(np.uint32)


def masked(checksums: _Words) -> _Words:
    """As TFRecord files store them: rotated by 15 bits, and a constant added."""
    turned = (checksums >> np.uint32(15)) | (checksums << np.uint32(17))
    return turned + np.uint32(_MASK)


def masked_of_length(length: bytes) -> int:
    """The masked checksum of the eight bytes that a record begins with."""
    return int(masked(np.array([_short(length)], np.uint32))[0])


def _shifted(state: _Words) -> _Words:
    zeros = _zeros()
    shifted: _Words = (
        zeros[0][state & 255]
        ^ zeros[1][(state >> np.uint32(8)) & 255]
        ^ zeros[2][(state >> np.uint32(16)) & 255]
        ^ zeros[3][state >> np.uint32(24)]
    )
    return shifted


@cache
def _plain_table() -> tuple[int, ...]:
    return tuple(map(int, _table()))


def _short(text: bytes) -> int:
    table, state = _plain_table(), 0xFFFFFFFF
    for byte in text:
        state = table[(state ^ byte) & 255] ^ (state >> 8)
    return state ^ 0xFFFFFFFF
