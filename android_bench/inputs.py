"""Data set -> packed input tensors: all preprocessing is done here, none on the phone.

A packed file begins with 64 bytes, little-endian: magic "RWTENS1\\0", then as 8-byte
numbers the dtype's code (its place in tensors.DTYPES), the images, the bytes of one
image; then zeros. The images follow. ids.txt has one JSON string a line, in ASCII.

    inputs/<key>/  r160-5f2c01aa.bin  look.bin  ids.txt  inputs.json
"""

import hashlib
import json
import struct
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from android_bench.tensors import DTYPES, Stored, elements
from convert.entering import normalised, stored
from convert.manifest import Manifest, Rung, Tensor
from convert.manifest import Preprocessing as Way
from datasets.batches import Batch, pictures, unreadable_line
from datasets.dataset import Dataset
from datasets.errors import DataError
from datasets.files import whole_file, write_text
from datasets.preprocessing import Preprocessing, parse_crop
from datasets.progress import progress
from datasets.user_files import UserFile

MAGIC = b"RWTENS1\0"
HEADER_BYTES = 64
LOOK_FILE = "look.bin"
IDS_FILE = "ids.txt"
_FACTS_FILE = "inputs.json"  # written last: the folder is whole once it is there


@dataclass(frozen=True)
class Inputs:
    """What a bench runs over: the same images for every rung."""

    folder: Path
    ids: tuple[str, ...]
    labels: tuple[int, ...]  # class of the data set
    unreadable: int

    @property
    def images(self) -> int:
        return len(self.ids)

    def read(self, name: str) -> Stored:
        """(n, values of one image) of a packed file, mapped, not loaded."""
        path = self.folder / name
        packed = UserFile(path, expected="packed tensors", do="Delete its folder.")
        with packed.checked().open("rb") as file, packed.shaped():
            magic, code, count, each = struct.unpack("<8sQQQ", file.read(32))
            if magic != MAGIC or HEADER_BYTES + count * each != path.stat().st_size:
                raise ValueError("its header is that of another file")
            dtype = np.dtype(DTYPES[code])
        shape = (count, each // dtype.itemsize)
        return np.memmap(path, dtype, "r", HEADER_BYTES, shape)


def tensor_file(rung: Rung) -> str:
    """Name of the packed file of a rung; rungs that see the same share one."""
    facts = [asdict(rung.preprocessing), rung.resolution]
    facts += [rung.input.dtype, rung.input.scale, rung.input.zero_point]
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    return f"r{rung.resolution}-{digest[:8]}.bin"


def pack(
    dataset: Dataset, manifest: Manifest, run: Path, max_unreadable: int = 0
) -> Inputs:
    """Packs the pictures for every rung, or finds them packed.

    Args:
        manifest: of an opened bundle, so each rung takes one square RGB image.
        run: the folder of results; the packed files go under its inputs/.
    Raises:
        InputError: more than `max_unreadable` pictures cannot be read, or all.
    """
    folder = run / "inputs" / _key(dataset, manifest)
    if not (folder / _FACTS_FILE).exists():
        _pack(dataset, manifest, folder)
    bad, kept = _facts(folder / _FACTS_FILE, len(dataset))
    if len(bad) > max_unreadable:
        raise DataError.of(
            dataset.name,
            unreadable_line(dataset, bad),
            f"at most {max_unreadable} (`max_unreadable`)",
        )
    if not kept:
        raise DataError.of(dataset.name, "no picture can be read")
    ids = tuple(dataset.ids[index] for index in kept)
    labels = tuple(int(dataset.labels[index]) for index in kept)
    return Inputs(folder, ids, labels, len(bad))


def _facts(path: Path, images: int) -> tuple[dict[int, str], list[int]]:
    """Reasons by index of what could not be read, and the indices of the rest."""
    file = UserFile(path, expected="what a bench packed", do="Delete its folder.")
    facts = file.object()
    with file.shaped():
        bad = {int(index): str(why) for index, why in facts["unreadable"].items()}
        kept = [int(index) for index in facts["indices"]]
        if sorted([*bad, *kept]) != list(range(images)):
            raise ValueError(f"its images are not the {images:,} of the data set")
    return bad, kept


def preprocessing_of(preprocessing: Way) -> Preprocessing:
    """The crop and resize of a manifest as `datasets` does them."""
    return Preprocessing(
        parse_crop(preprocessing.crop),
        preprocessing.interpolation,
        preprocessing.antialias,
    )


def _key(dataset: Dataset, manifest: Manifest) -> str:
    wanted = sorted({tensor_file(rung) for rung in manifest.rungs})
    facts = [dataset.fingerprint, *wanted, str(manifest.look and manifest.look.input)]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:20]


def _pack(dataset: Dataset, manifest: Manifest, folder: Path) -> None:
    indices: list[int] = []
    unreadable: dict[int, str] = {}
    rungs = {tensor_file(rung): rung for rung in manifest.rungs}
    resolutions = {rung.resolution for rung in manifest.rungs}
    preprocessings = {preprocessing_of(rung.preprocessing) for rung in manifest.rungs}
    if manifest.look:
        resolutions.add(manifest.look.input.shape[1])
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(whole_file(folder / name))
            for name in [*rungs, *([LOOK_FILE] if manifest.look else [])]
        }
        for file in files.values():
            file.write(bytes(HEADER_BYTES))
        batches = pictures(
            dataset, sorted(resolutions), sorted(preprocessings, key=str)
        )
        for batch in progress(batches, len(dataset), "packing images", _pictures_of):
            indices += batch.indices.tolist()
            unreadable |= batch.unreadable
            for name, rung in rungs.items():
                files[name].write(_rung_tensors(batch, rung).tobytes())
            if manifest.look:
                files[LOOK_FILE].write(_looks(batch, manifest).tobytes())
        for name, rung in rungs.items():
            write_header(files[name], rung.input, len(indices))
        if manifest.look:
            write_header(files[LOOK_FILE], manifest.look.input, len(indices))
    _write_facts(dataset, folder, indices, unreadable)


def _pictures_of(batch: Batch) -> int:
    return len(batch.indices) + len(batch.unreadable)


def _rung_tensors(batch: Batch, rung: Rung) -> Stored:
    pixels = batch.pixels[(preprocessing_of(rung.preprocessing), rung.resolution)]
    return stored(normalised(pixels, rung.preprocessing), rung.input)


def _looks(batch: Batch, manifest: Manifest) -> Stored:
    """Thumbnails are not normalised: RGB in 0..255, cropped as the first rung's."""
    look = manifest.look
    if look is None:
        raise ValueError("the bundle has no look")
    preprocessing = preprocessing_of(manifest.rungs[0].preprocessing)
    return stored(batch.pixels[(preprocessing, look.input.shape[1])], look.input)


def write_header(file: BinaryIO, tensor: Tensor, images: int) -> None:
    """Fills the first bytes of a packed file, once its images are counted."""
    each = elements(tensor) * np.dtype(tensor.dtype).itemsize
    file.seek(0)
    file.write(
        struct.pack("<8sQQQ", MAGIC, DTYPES.index(tensor.dtype), images, each)
        + bytes(HEADER_BYTES - 32)
    )


def write_choices(path: Path, places: Stored) -> None:
    """A packed file of one byte an image: the step of the ladder that it gets."""
    with whole_file(path) as file:
        file.write(bytes(HEADER_BYTES))
        file.write(places.astype(np.uint8).tobytes())
        write_header(
            file, Tensor(name="choice", dtype="uint8", shape=(1,)), len(places)
        )


def _write_facts(
    dataset: Dataset, folder: Path, indices: list[int], unreadable: dict[int, str]
) -> None:
    lines = [json.dumps(printable(dataset.ids[index])) for index in indices]
    write_text(folder / IDS_FILE, "".join(f"{line}\n" for line in lines))
    facts = {"dataset": dataset.name, "split": dataset.split, "indices": indices}
    text = json.dumps({**facts, "unreadable": unreadable})
    write_text(folder / _FACTS_FILE, text + "\n")


def printable(name: str) -> str:
    """File names are bytes; what is no text in them is written as \\xNN."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
