"""Two .tflite files in turn on this machine: the median time of an image of each.

One thread, by LiteRT's own interpreter with its default delegate. A machine that slows
down slows both, so their ratio holds where the times do not.
"""

import time
from typing import Any

import numpy as np

from keras_models.framework import silent

_WARM = 3  # runs that are not counted
_ROUNDS = 15
_AT_ONCE = 0.03  # seconds of runs of one file before the other's turn, about
_MOST = 30  # runs of a turn


class _Timed:
    """One file, ready to be run."""

    def __init__(self, content: bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter

        with silent():
            self._interpreter: Any = Interpreter(model_content=content, num_threads=1)
            self._interpreter.allocate_tensors()
        (details,) = self._interpreter.get_input_details()
        drawn = np.random.default_rng(0).uniform(0, 1, details["shape"])
        if np.issubdtype(details["dtype"], np.integer):
            drawn = np.rint(100 * drawn)
        self._interpreter.set_tensor(details["index"], drawn.astype(details["dtype"]))
        for _ in range(_WARM):
            last = self.run()
        self.turn = int(np.clip(_AT_ONCE / max(last, 1e-6), 1, _MOST))
        self.seconds: list[float] = []

    def run(self) -> float:
        started = time.perf_counter()
        self._interpreter.invoke()
        return time.perf_counter() - started

    def take_turn(self) -> None:
        self.seconds += [self.run() for _ in range(self.turn)]

    @property
    def median_us(self) -> float:
        return 1e6 * float(np.median(self.seconds))


def beside(own: bytes, parent: bytes) -> tuple[float, float]:
    """(microseconds an image of `own`, of `parent`), medians, measured in turn."""
    both = [_Timed(content) for content in (own, parent)]
    for _ in range(_ROUNDS):
        for timed in both:
            timed.take_turn()
    return both[0].median_us, both[1].median_us
