"""Random access to TFRecord files, so that one picture can be read without the rest.

The format: length (uint64), its checksum (4 bytes), the record, its checksum (4 bytes),
all little-endian. Source: tensorflow/core/lib/io/record_writer.h.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from datasets.decode import Unreadable

_HEADER_BYTES = 12
_FOOTER_BYTES = 4


@dataclass(frozen=True)
class Place:
    """Where one record lies."""

    path: Path
    start: int  # bytes from the start of the file
    length: int  # bytes


def records(path: Path, skip: int, take: int) -> Iterator[tuple[Place, bytes]]:
    """Yields `take` records of a file after the first `skip`.

    Raises:
        OSError: the file is missing or may not be read.
        Unreadable: it ends too early.
    """
    with path.open("rb") as file:
        for number in range(skip + take):
            place = _next_place(file, path, number)
            if number < skip:
                file.seek(place.length, 1)
            else:
                yield place, _exactly(file, place)
            file.seek(_FOOTER_BYTES, 1)


def read_record(place: Place) -> bytes:
    """One record.

    Raises:
        OSError: the file is missing or may not be read.
        Unreadable: it ends too early.
    """
    with place.path.open("rb") as file:
        file.seek(place.start)
        return _exactly(file, place)


def _next_place(file: BinaryIO, path: Path, number: int) -> Place:
    header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES:
        raise Unreadable(f"{path} ends before its record {number}")
    return Place(path, file.tell(), struct.unpack("<Q", header[:8])[0])


def _exactly(file: BinaryIO, place: Place) -> bytes:
    left = place.path.stat().st_size - place.start
    if place.length > left:  # checked before a damaged length is asked of the memory
        raise Unreadable(f"{place.path} is truncated at byte {place.start}")
    return file.read(place.length)
