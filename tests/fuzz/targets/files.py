"""Pictures, tables of pictures and TFRecord files."""

import io
import struct
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from datasets.catalogue import open_dataset
from datasets.class_names_file import read_class_names
from datasets.crc32c import crc32c, masked, masked_of_length
from datasets.decode import decode
from datasets.tfrecords import read_record, records
from datasets.user_files import UserFile
from datasets.user_tables import read_rows
from tests.fuzz.target import Target

_FORMATS = (
    "JPEG",
    "PNG",
    "GIF",
    "BMP",
    "TIFF",
    "PPM",
    "TGA",
    "WEBP",
    "JPEG2000",
    "ICO",
)
_MODES = ("RGB", "L", "P", "RGBA")


@cache
def _pictures() -> tuple[bytes, ...]:
    noise = np.random.default_rng(0).integers(0, 255, (24, 20, 3), np.uint8)
    image = Image.fromarray(noise)
    made = [_encoded(image, name) for name in _FORMATS]
    made += [_encoded(image.convert(mode), "PNG") for mode in _MODES]
    made.append(_encoded(image.convert("CMYK"), "JPEG"))
    return tuple(made)


def _encoded(image: Image.Image, name: str) -> bytes:
    held = io.BytesIO()
    image.save(held, name)
    return held.getvalue()


def _decode(content: bytes, _: Path) -> None:
    pixels = decode(content)
    assert pixels.dtype == np.uint8
    assert pixels.ndim == 3
    assert pixels.shape[2] == 3


_TABLES = (
    b"file,class_index\na.png,0\nb.png,1\n",
    b"file,class_index,split,class_name\na.png,0,train,cat\nb.png,1,test,dog\n",
    b"\xef\xbb\xbffile;label\r\na.png;cat\r\nb.png;dog\r\n",
    b'sep=,\nfile,class_index\n"a.png","0"\n',
    "file\tclass\na.png\tK\u00e4fer\n".encode("utf-16"),
)


def _table(content: bytes, folder: Path) -> None:
    """As a data set, as a table of ours, as names of classes."""
    path = folder / "labels.csv"
    path.write_bytes(content)
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(_pictures()[1])
    refused = []
    for read in (
        lambda: open_dataset(f"csv:{path}", None),
        lambda: read_rows(UserFile(path, "labels")),
        lambda: read_class_names(path),
    ):
        try:
            read()
        except ValueError as error:
            refused.append(error)
    if refused:
        raise refused[0]


def _record(content: bytes) -> bytes:
    length = struct.pack("<Q", len(content))
    sum_of = int(masked(crc32c([content]))[0])
    return (
        length + struct.pack("<I", masked_of_length(length)) + content
        + struct.pack("<I", sum_of)
    )  # fmt: skip


def _records(content: bytes, folder: Path) -> None:
    path = folder / "x.tfrecord"
    path.write_bytes(content)
    for place, record in records(path, 1, 2):
        assert read_record(place) == record


def _lengths(random: Random, starts: "tuple[bytes, ...]") -> bytes:
    """A length that is too much, with its right checksum: only then is it believed."""
    from tests.fuzz.mutations import mutated

    if random.random() < 0.7:
        return mutated(random, starts)
    length = struct.pack("<Q", random.choice((0, 2**31, 2**40, 2**63, 2**64 - 1, 500)))
    head = length + struct.pack("<I", masked_of_length(length))
    return _record(b"first") + head + random.randbytes(random.randint(0, 40))


PICTURES = Target(name="pictures", starts=_pictures(), read=_decode, cases=14_000)
TABLES = Target(name="tables", starts=_TABLES, read=_table, cases=9_000)
RECORDS = Target(
    name="tfrecords",
    starts=(b"".join(_record(b"record %d" % n) for n in range(4)),),
    read=_records,
    cases=12_000,
    make=_lengths,  # type: ignore[arg-type]
)
