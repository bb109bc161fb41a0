"""Arrays in files that a user names: .npy and .npz, never pickled.

The header is read first: what it declares must be numbers, of the shape asked for, and
must be what the file then holds; only then is memory taken.
"""

import io
import math
import zipfile
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from datasets.user_files import UserFile
from datasets.zip_limits import check_zip

_HEADER_BYTES = 4096  # of a plain array some hundred


def read_array(
    file: UserFile, kinds: str, shape: Sequence[int | None] | None = None
) -> NDArray[Any]:
    """The array of a .npy file.

    Args:
        kinds: numpy's letters of the types that may be: "f", "iu", "b".
        shape: of each axis how long, None: any; None: any number of axes.
    Raises:
        InputError: no such array.
    """
    path = file.checked()
    with path.open("rb") as held:
        return _array(file, held, path.stat().st_size, kinds, shape)


def read_arrays(file: UserFile, kinds: str = "fiub") -> dict[str, NDArray[Any]]:
    """The arrays of a .npz file, in their order.

    Raises:
        InputError: no zip of plain arrays, or one that unpacks to too much.
    """
    arrays = {}
    members = check_zip(file)
    try:
        with zipfile.ZipFile(file.path) as held:
            for member in members:
                content = held.read(member)
                name = member.filename.removesuffix(".npy")
                opened = io.BytesIO(content)
                arrays[name] = _array(file, opened, len(content), kinds, None)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError,
            zipfile.zlib.error) as error:  # type: ignore[attr-defined]  # fmt: skip
        raise file.wrong(f"cannot be unpacked ({str(error)[:120]})") from None
    return arrays


def _array(
    file: UserFile,
    held: BinaryIO,
    size: int,
    kinds: str,
    shape: Sequence[int | None] | None,
) -> NDArray[Any]:
    declared, dtype = _header(file, held)
    if dtype.kind not in kinds:
        raise file.wrong(f"has numbers of the type {dtype}")
    if shape is not None and not _fits(declared, shape):
        wanted = ", ".join("any" if side is None else str(side) for side in shape)
        raise file.wrong(f"has the shape {declared}, not ({wanted})")
    if math.prod(declared) * dtype.itemsize != size - held.tell():
        raise file.wrong(f"is cut off, or has not the shape {declared} it declares")
    held.seek(0)
    return np.asarray(
        np.lib.format.read_array(
            held, allow_pickle=False, max_header_size=_HEADER_BYTES
        )
    )


def _header(file: UserFile, held: BinaryIO) -> tuple[tuple[int, ...], np.dtype[Any]]:
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    try:
        read = readers[np.lib.format.read_magic(held)]
        shape, _, dtype = read(held, max_header_size=_HEADER_BYTES)
    except Exception as error:  # a foreign header may raise anything
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise file.wrong(f"holds no array of numpy ({first[:120]})") from None
    return shape, dtype


def _fits(declared: tuple[int, ...], shape: Sequence[int | None]) -> bool:
    return len(declared) == len(shape) and all(
        wanted is None or side == wanted
        for side, wanted in zip(declared, shape, strict=True)
    )
