"""Data set -> batches of pixels, streamed.

Each picture is read and decoded once and resized from full size to every resolution and
crop asked for. Threads do it, as Pillow frees the interpreter while it works; at most
`workers` full-size pictures and `batch + 2 * workers` resized ones exist at a time.
`mapped` goes further and uses each picture in the thread that read it.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, TypeVar

import numpy as np
from joblib import cpu_count
from numpy.typing import NDArray

from datasets.dataset import Dataset
from datasets.decode import Unreadable, decode_image
from datasets.errors import InputError
from datasets.preprocessing import Preprocessing, Resized, bands, resize_bands

_NAMED = 10  # unreadable pictures that are named in one line
Input = tuple[Preprocessing, int]  # with its resolution
Inputs = dict[Input, Resized]  # of one picture, each (R, R, 3)
_Use = TypeVar("_Use")


@dataclass(frozen=True)
class Batch:
    """Consecutive pictures of a data set, less those that cannot be read."""

    indices: NDArray[np.int64]  # (b,) into the data set
    pixels: dict[Input, Resized]  # (b, R, R, 3) float32 RGB in 0..255
    unreadable: dict[int, str]  # index -> reason; never in `indices`
    notes: dict[int, str] = field(default_factory=dict)  # read, but something was odd


@dataclass(frozen=True)
class Mapped(Generic[_Use]):
    """What was made of one picture; None where it could not be read."""

    index: int
    value: _Use | None
    problem: str = ""
    note: str = ""


def pictures(
    dataset: Dataset,
    resolutions: Sequence[int],
    preprocessings: Sequence[Preprocessing],
    batch: int = 32,
    indices: Sequence[int] | NDArray[np.int64] | None = None,
    workers: int = 0,
    reduced_decode: bool = False,
) -> Iterator[Batch]:
    """Yields the pictures in order; the same arrays whatever `workers` is.

    Args:
        resolutions, preprocessings: every pair of the two is in `Batch.pixels`.
        batch: pictures a batch, unreadable ones included; the last may have fewer.
        indices: which pictures, in this order; None: all.
        workers: threads; 0: one a core.
        reduced_decode: lets JPEGs be decoded at 1/2, 1/4 or 1/8 where the largest
            resolution allows. Faster, and the pixels differ; never the default.
    Raises:
        InputError: nothing to resize to, or batch or workers out of range.
    """
    if batch < 1:
        raise InputError("batch", batch, "at least one picture a batch")
    ready = mapped(
        dataset,
        resolutions,
        preprocessings,
        lambda pixels: pixels,
        indices,
        workers,
        ahead=batch,
        reduced_decode=reduced_decode,
    )
    inputs = [
        (preprocessing, resolution)
        for preprocessing in preprocessings
        for resolution in resolutions
    ]
    return _batches(ready, inputs, batch)


def mapped(
    dataset: Dataset,
    resolutions: Sequence[int],
    preprocessings: Sequence[Preprocessing],
    use: Callable[[Inputs], _Use],
    indices: Sequence[int] | NDArray[np.int64] | None = None,
    workers: int = 0,
    ahead: int = 0,
    reduced_decode: bool = False,
) -> Iterator[Mapped[_Use]]:
    """Yields what `use` makes of each picture, in order; `pictures` has the arguments.

    Args:
        use: called in the thread that read the picture, so in several at once.
        ahead: results that may wait to be taken, beside two a worker.
    Raises:
        InputError: as `pictures`.
    """
    inputs = [
        (preprocessing, resolution)
        for preprocessing in preprocessings
        for resolution in resolutions
    ]
    if not inputs or workers < 0:
        raise InputError(
            "workers",
            workers,
            "0 or more workers, at least one resolution and one preprocessing",
            fault=f"{len(inputs)} inputs",
        )
    least_side = _least_side(inputs) if reduced_decode else None
    order = range(len(dataset)) if indices is None else [int(i) for i in indices]
    threads = workers or cpu_count()  # that this process may use

    def prepare(index: int) -> Mapped[_Use]:
        return _prepared(dataset, index, inputs, least_side, use)

    return _in_order(prepare, order, threads, ahead + 2 * threads)


def unreadable_line(dataset: Dataset, unreadable: dict[int, str]) -> str:
    """One line: "3 of 500 unreadable: a.jpg (truncated), ... and 2 more"."""
    named = [
        f"{_printable(dataset.ids[index])} ({unreadable[index]})"
        for index in sorted(unreadable)[:_NAMED]
    ]
    more = len(unreadable) - len(named)
    tail = f" and {more} more" if more else ""
    line = f"{len(unreadable)} of {len(dataset)} unreadable"
    return f"{line}: {', '.join(named)}{tail}" if named else line


def _printable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode().replace("\n", "\\n")


def _least_side(inputs: Sequence[Input]) -> int:
    """Short side that a picture needs so that no input is enlarged from it."""
    return max(
        int(np.ceil(resolution / (preprocessing.crop or 1.0)))
        for preprocessing, resolution in inputs
    )


def _prepared(
    dataset: Dataset,
    index: int,
    inputs: Sequence[Input],
    least_side: int | None,
    use: Callable[[Inputs], _Use],
) -> Mapped[_Use]:
    try:
        image, notes = decode_image(dataset.read(index), least_side)
    except (OSError, Unreadable) as error:
        return Mapped(index, None, problem=_reason(error))
    colours = bands(image)
    pixels = {
        (preprocessing, resolution): resize_bands(colours, resolution, preprocessing)
        for preprocessing, resolution in inputs
    }
    return Mapped(index, use(pixels), note="; ".join(notes))


def _reason(error: OSError | Unreadable) -> str:
    match error:
        case FileNotFoundError():
            return "missing"
        case PermissionError():
            return "permission denied"
        case IsADirectoryError() | NotADirectoryError():
            return "a folder, not a file"
        case OSError():
            return error.strerror or type(error).__name__
    return str(error)


def _in_order(
    prepare: Callable[[int], _Use], order: Sequence[int], threads: int, ahead: int
) -> Iterator[_Use]:
    pool = ThreadPoolExecutor(threads, "decode")
    waiting: deque[Future[_Use]] = deque()
    try:
        for index in order:
            waiting.append(pool.submit(prepare, index))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _batches(
    ready: Iterator[Mapped[Inputs]], inputs: Sequence[Input], batch: int
) -> Iterator[Batch]:
    while some := list(islice(ready, batch)):
        read = [(one.index, one.value) for one in some if one.value is not None]
        yield Batch(
            np.array([index for index, _ in read], np.int64),
            {
                each: _stacked([pixels[each] for _, pixels in read], each[1])
                for each in inputs
            },
            {one.index: one.problem for one in some if one.problem},
            {one.index: one.note for one in some if one.note},
        )


def _stacked(rows: Sequence[Resized], resolution: int) -> Resized:
    return (
        np.stack(rows) if rows else np.empty((0, resolution, resolution, 3), np.float32)
    )
