"""CRC-32C against published values, and against a record that TensorFlow wrote."""

import numpy as np
import pytest

from datasets.crc32c import crc32c, masked, masked_of_length

# RFC 3720, appendix B.4; the last is the check value of the CRC catalogue (CRC-32C).
PUBLISHED = {
    bytes(32): 0x8A9136AA,
    b"\xff" * 32: 0x62A8AB43,
    bytes(range(32)): 0x46DD794E,
    bytes(range(31, -1, -1)): 0x113FDB5C,
    b"123456789": 0xE3069283,
    b"": 0,
}


def test_published_values_one_by_one_and_together() -> None:
    assert crc32c(list(PUBLISHED)).tolist() == list(PUBLISHED.values())
    for text, value in PUBLISHED.items():
        assert crc32c([text]).tolist() == [value]


@pytest.mark.parametrize("length", [1, 3, 4, 5, 127, 128, 129, 1000, 5000])
def test_lengths_against_the_definition_bit_by_bit(length: int) -> None:
    """Division of the bits by the polynomial, as RFC 3720 words it."""
    text = np.random.default_rng(length).bytes(length)
    state = 0xFFFFFFFF
    for byte in text:
        state ^= byte
        for _ in range(8):
            state = (state >> 1) ^ (0x82F63B78 if state & 1 else 0)
    assert int(crc32c([b"x" * 700, text])[1]) == state ^ 0xFFFFFFFF


def test_masked_as_tensorflow_writes_it() -> None:
    """The record b"abc" as tf.io.TFRecordWriter of TensorFlow 2.21.0 wrote it."""
    written = bytes.fromhex("0300000000000000b099490e6162636e57f121")
    assert masked_of_length(written[:8]).to_bytes(4, "little") == written[8:12]
    assert int(masked(crc32c([b"abc"]))[0]).to_bytes(4, "little") == written[15:]
