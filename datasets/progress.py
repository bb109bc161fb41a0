"""Progress of long work: a bar on a terminal, plain lines elsewhere, on stderr."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

from datasets.shown import shown

_Item = TypeVar("_Item")
_SECONDS_BETWEEN_LINES = 10.0


def progress(
    items: Iterable[_Item],
    total: int,
    what: str,
    size: Callable[[_Item], int] | None = None,
) -> Iterator[_Item]:
    """Yields `items` and tells how much is done, the rate and the time left.

    Args:
        total: all that there is to do, known beforehand.
        what: what is counted, with its unit, such as "mobilenet_v2@160 images".
        size: how much of `total` an item is; None counts each as 1.
    """
    size, what = size or (lambda _: 1), shown(what)
    if sys.stderr.isatty():
        yield from _bar(items, total, what, size)
    else:
        yield from _lines(items, total, what, size)


def _bar(
    items: Iterable[_Item], total: int, what: str, size: Callable[[_Item], int]
) -> Iterator[_Item]:
    with tqdm(total=total, desc=what, dynamic_ncols=True, leave=False) as bar:
        for item in items:
            yield item
            bar.update(size(item))


def _lines(
    items: Iterable[_Item], total: int, what: str, size: Callable[[_Item], int]
) -> Iterator[_Item]:
    started = last = time.monotonic()
    done = 0
    for item in items:
        yield item
        done += size(item)
        now = time.monotonic()
        if now - last >= _SECONDS_BETWEEN_LINES:
            last = now
            print(_line(what, done, total, now - started), file=sys.stderr, flush=True)


def _line(what: str, done: int, total: int, seconds: float) -> str:
    rate = done / seconds
    left = max(total - done, 0) / rate if rate else float("inf")
    return f"{what}: {done}/{total}, {rate:.1f}/s, {left:.0f} s left"
