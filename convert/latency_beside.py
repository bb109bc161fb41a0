"""What one file takes beside another on this machine: one thread, in turn, one run."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_models.framework import silent

_ROUNDS, _RUNS = 25, 3  # rounds over both files; runs of one file in each


@dataclass(frozen=True)
class Beside:
    """Milliseconds of one image, the best round's; and how often the other's."""

    own_ms: float
    other_ms: float
    times: float  # the median over rounds: both files of a round find the machine alike


def measured_beside(own: bytes, other: bytes) -> Beside:
    """Both files take turns, so that a busy machine slows both alike."""
    interpreters = [_interpreter(content) for content in (own, other)]
    rounds = np.array(
        [[min(_seconds(run)) for run in interpreters] for _ in range(_ROUNDS)]
    )
    best = 1e3 * rounds.min(0)
    return Beside(*map(float, (*best, np.median(rounds[:, 0] / rounds[:, 1]))))


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
