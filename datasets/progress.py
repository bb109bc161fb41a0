"""Progress of long work: a bar on a terminal, one line that goes in a notebook."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
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

    Elsewhere than on a terminal or in a notebook: plain lines on stderr.

    Args:
        total: all that there is to do, known beforehand.
        what: what is counted, with its unit, such as "mobilenet_v2@160 images".
        size: how much of `total` an item is; None counts each as 1.
    """
    size, what = size or (lambda _: 1), shown(what)
    if sys.stderr.isatty():
        yield from _bar(items, total, what, size)
    elif _in_notebook():
        yield from _lines(items, total, what, size, _in_place())
    else:
        yield from _lines(items, total, what, size, _on_stderr)


def _bar(
    items: Iterable[_Item], total: int, what: str, size: Callable[[_Item], int]
) -> Iterator[_Item]:
    with tqdm(total=total, desc=what, dynamic_ncols=True, leave=False) as bar:
        for item in items:
            yield item
            bar.update(size(item))


def _in_notebook() -> bool:
    """Whether a kernel runs this, whose outputs can be written anew."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


def _on_stderr(line: str) -> None:
    if line:
        print(line, file=sys.stderr, flush=True)


def _in_place() -> Callable[[str], None]:
    """One output of the cell for all lines; none where there is none to tell."""
    handles: list[object] = []

    def told(line: str) -> None:
        facts = {"text/plain": line}
        if handles:
            handles[0].update(facts, raw=True)  # type: ignore[attr-defined]
        elif line:
            display = import_module("IPython.display").display
            handles.append(display(facts, raw=True, display_id=True))

    return told


def _lines(
    items: Iterable[_Item],
    total: int,
    what: str,
    size: Callable[[_Item], int],
    tell: Callable[[str], None],
) -> Iterator[_Item]:
    """A line now and then; at the end an empty one."""
    started = last = time.monotonic()
    done = 0
    for item in items:
        yield item
        done += size(item)
        now = time.monotonic()
        if now - last >= _SECONDS_BETWEEN_LINES:
            last = now
            tell(_line(what, done, total, now - started))
    tell("")


def _line(what: str, done: int, total: int, seconds: float) -> str:
    rate = done / seconds
    left = max(total - done, 0) / rate if rate else float("inf")
    return f"{what}: {done}/{total}, {rate:.1f}/s, {left:.0f} s left"
