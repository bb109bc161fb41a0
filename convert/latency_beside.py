"""What one file takes beside another on this machine: one thread, in turn, one run."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_models.framework import silent

_ROUNDS, _RUNS = 12, 3  # rounds over both files; runs of one file in each
_QUARTER = 0.25  # lower quartiles: other work on the machine only ever adds


@dataclass(frozen=True)
class Beside:
    """Milliseconds of one image."""

    own_ms: float
    other_ms: float


def measured_beside(own: bytes, other: bytes) -> Beside:
    """Both files take turns, so that a busy machine slows both alike."""
    interpreters = [_interpreter(content) for content in (own, other)]
    times: list[list[float]] = [[], []]
    for _ in range(_ROUNDS):
        for place, run in enumerate(interpreters):
            times[place] += _seconds(run)
    return Beside(*(1e3 * float(np.quantile(seconds, _QUARTER)) for seconds in times))


def _interpreter(content: bytes) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    with silent():
        interpreter: Any = Interpreter(model_content=content, num_threads=1)
        interpreter.allocate_tensors()
        interpreter.invoke()
    return interpreter


def _seconds(interpreter: Any) -> Iterator[float]:
    interpreter.invoke()  # caches held the other file
    for _ in range(_RUNS):
        started = time.perf_counter()
        interpreter.invoke()
        yield time.perf_counter() - started
