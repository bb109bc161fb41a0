"""Two .tflite files in turn on this machine: the median time of an image of each.

One thread, by LiteRT's own interpreter with its default delegate. A machine that slows
down slows both, so their ratio holds where the times do not: it is the median over
rounds, and its interval is that of a median, by ranks (Conover 1999, section 3.2).
"""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binom

from keras_models.framework import silent

_WARM = 3  # runs that are not counted
_ROUNDS = 25
_AT_ONCE = 0.02  # seconds of runs of one file before the other's turn, about
_MOST = 30  # runs of a turn
_CONFIDENCE = 0.95


@dataclass(frozen=True, kw_only=True)
class Beside:
    """One file beside the other."""

    own_us: float  # median of one image
    other_us: float
    ratio: float  # own / other, median over rounds
    ratio_low: float  # 95 % of that median
    ratio_high: float


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
        last = min(self._run() for _ in range(_WARM))
        self._turn = int(np.clip(_AT_ONCE / max(last, 1e-6), 1, _MOST))
        self.rounds: list[float] = []  # seconds, the median of each turn

    def _run(self) -> float:
        started = time.perf_counter()
        self._interpreter.invoke()
        return time.perf_counter() - started

    def take_turn(self) -> None:
        self.rounds.append(float(np.median([self._run() for _ in range(self._turn)])))


def beside(own: bytes, other: bytes) -> Beside:
    """Measured in turn; who begins changes from round to round."""
    timed = _Timed(own), _Timed(other)
    for number in range(_ROUNDS):
        for one in timed if number % 2 else reversed(timed):
            one.take_turn()
    first, second = (np.array(one.rounds) for one in timed)
    ratios = np.sort(first / second)
    rank = int(binom.ppf((1 - _CONFIDENCE) / 2, ratios.size, 0.5))
    return Beside(
        own_us=1e6 * float(np.median(first)),
        other_us=1e6 * float(np.median(second)),
        ratio=float(np.median(ratios)),
        ratio_low=float(ratios[rank]),
        ratio_high=float(ratios[-1 - rank]),
    )
