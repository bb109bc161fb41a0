"""Random access to TFRecord files, so that one picture can be read without the rest.

The format: length (uint64), its checksum (4 bytes), the record, its checksum (4 bytes),
all little-endian, the checksums masked CRC-32C. Source:
tensorflow/core/lib/io/record_writer.h. Both are verified when a file is read through: a
flipped bit in a label would change an accuracy in silence.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from datasets.crc32c import crc32c, masked, masked_of_length
from datasets.decode import Unreadable

_HEADER_BYTES = 12
_FOOTER_BYTES = 4
_BATCH_RECORDS, _BATCH_BYTES = 512, 4 << 20  # whose checksums are computed at once
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Place:
    """Where one record lies."""

    path: Path
    start: int  # bytes from the start of the file
    length: int  # bytes


_Held = tuple[Place, bytes, int]  # with the checksum that the file has


def records(path: Path, skip: int, take: int) -> Iterator[tuple[Place, bytes]]:
    """Yields `take` records of a file after the first `skip`, their checksums verified.

    Raises:
        OSError: the file is missing or may not be read.
        Unreadable: it ends too early, is compressed, or a checksum does not fit.
    """
    held: list[_Held] = []
    size = 0
    with _shard(path).open("rb") as file:
        if file.read(2) == _GZIP:
            raise Unreadable(f"{path} is compressed by gzip, which TFDS does not write")
        file.seek(0)
        for number in range(skip + take):
            span = _next_place(file, path, number)
            if number < skip:
                file.seek(span.length + _FOOTER_BYTES, 1)
                continue
            record, footer = _exactly(file, span), file.read(_FOOTER_BYTES)
            if len(footer) < _FOOTER_BYTES:
                raise Unreadable(f"{path} is truncated at byte {span.start}")
            held.append((span, record, int.from_bytes(footer, "little")))
            size += len(record)
            if len(held) == _BATCH_RECORDS or size >= _BATCH_BYTES:
                yield from _verified(held, number)
                held, size = [], 0
    yield from _verified(held, skip + take - 1)


def _shard(path: Path) -> Path:
    """The path, where a plain file lies there: a pipe would never end."""
    if path.exists() and not path.is_file():
        raise Unreadable(f"{path} is no plain file")
    return path


def read_record(span: Place) -> bytes:
    """One record, whose checksum `records` verified.

    Raises:
        OSError: the file is missing or may not be read.
        Unreadable: it ends too early.
    """
    with span.path.open("rb") as file:
        file.seek(span.start)
        return _exactly(file, span)


def _verified(held: list[_Held], last: int) -> Iterator[tuple[Place, bytes]]:
    checksums = masked(crc32c([record for _, record, _ in held]))
    for index, (span, record, footer) in enumerate(held):
        if int(checksums[index]) != footer:
            number = last - len(held) + 1 + index
            raise Unreadable(
                f"{span.path}: the checksum of record {number} does not fit: some of "
                "its bytes have changed"
            )
        yield span, record


def _next_place(file: BinaryIO, path: Path, number: int) -> Place:
    header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES:
        raise Unreadable(f"{path} ends before its record {number}")
    if masked_of_length(header[:8]) != int.from_bytes(header[8:], "little"):
        raise Unreadable(
            f"{path}: the checksum of the length of record {number} does not fit: it "
            "is no TFRecord file, or some of its bytes have changed"
        )
    span = Place(path, file.tell(), struct.unpack("<Q", header[:8])[0])
    _check_inside(span)
    return span


def _check_inside(span: Place) -> None:
    """Before a damaged length is asked of the memory, or of a seek."""
    if span.length > span.path.stat().st_size - span.start:
        raise Unreadable(f"{span.path} is truncated at byte {span.start}")


def _exactly(file: BinaryIO, span: Place) -> bytes:
    _check_inside(span)
    return file.read(span.length)
