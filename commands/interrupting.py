"""Ctrl-C ends a verb within seconds, also while it is deep in code of a library.

Python tells the main thread of an interrupt between two of its own steps; a conversion
may be minutes in one. A thread waits for the interrupt too, and ends the process where
the main thread has not done so in time: files are whole or not at all, so nothing is
lost by it.
"""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator

INTERRUPTED = 130
SECONDS = 2.0  # that the main thread has to end by itself
LINE = "interrupted; the same command goes on where this stopped"


@contextlib.contextmanager
def ending_soon(verb: str) -> Iterator[None]:
    """Within, an interrupt ends the process after SECONDS at the latest."""
    if threading.current_thread() is not threading.main_thread() or os.name != "posix":
        yield
        return
    ended = threading.Event()
    read, write = os.pipe()
    os.set_blocking(write, False)
    before = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(read, ended, verb), daemon=True).start()
    try:
        yield
    finally:
        ended.set()
        signal.set_wakeup_fd(before)
        os.close(write)


def _watch(read: int, ended: threading.Event, verb: str) -> None:
    """Reads the number of each signal that came; ends where the pipe does."""
    while said := os.read(read, 1):
        if said[0] == signal.SIGINT and not ended.wait(SECONDS):
            if ended.is_set():
                break
            print(f"reswise {verb}: {LINE}", file=sys.stderr, flush=True)
            os._exit(INTERRUPTED)
    os.close(read)
