"""Thresholds of three rungs over 50,000 images: ours against the direct loop.

The grid is compared with a loop that replays every tuple by numpy masks, which is what
one writes first; both must agree in every count. The exact front has no such rival: a
loop over its 1.25 billion distinct tuples would take days.
"""

import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from selection.arrays import Bools, Float64s, Ints
from selection.plans.front import exact_front
from selection.plans.grid import evaluate_grid

IMAGES = 50_000
MACS = (56_290_000, 154_080_000, 300_770_000)  # mobilenet_v2 at 96, 160, 224
AXES = (np.linspace(0, 1, 50), np.linspace(0, 1, 100))
_Result = TypeVar("_Result")
_TIMES = 5  # the median is printed


def main() -> None:
    """Prints seconds and the ratio; raises where the counts differ."""
    confidences, right = _synthetic()
    grid, fast = _timed(lambda: evaluate_grid(AXES, confidences, right, MACS), _TIMES)
    slow_grid, slow = _timed(lambda: _direct(confidences, right), 1)
    if not (
        np.array_equal(grid.right, slow_grid[0])
        and np.array_equal(grid.macs, slow_grid[1])
    ):
        raise AssertionError("the grid and the direct loop disagree")
    front, exact = _timed(lambda: exact_front(confidences, right, MACS), _TIMES)
    print(f"thresholds: {IMAGES:,} images, three rungs, synthetic scores")
    print(f"  grid of {grid.right.size:,} tuples  {fast:8.4f} s")
    print(f"  direct loop             {slow:8.4f} s, identical counts")
    print(f"  ratio                   {slow / fast:8.0f}")
    print(f"  exact front             {exact:8.4f} s, {len(front.macs):,} points")


def _synthetic() -> tuple[Float64s, Bools]:
    random = np.random.default_rng(0)
    difficulty = random.normal(size=IMAGES)
    ease = np.array([0.6, 1.0, 1.4]) - difficulty[:, None]
    right = ease + 0.6 * random.normal(size=(IMAGES, 3)) > 0
    noisy = 1.5 * ease[:, :2] + random.normal(size=(IMAGES, 2))
    return (1 / (1 + np.exp(-noisy))).astype(np.float32).astype(np.float64), right


def _direct(confidences: Float64s, right: Bools) -> tuple[Ints, Ints]:
    answered = np.empty((len(AXES[0]), len(AXES[1])), np.int64)
    cost = np.empty_like(answered)
    for row, first in enumerate(AXES[0]):
        for column, second in enumerate(AXES[1]):
            climbs = confidences[:, 0] < first
            tops = climbs & (confidences[:, 1] < second)
            hits = np.where(
                tops, right[:, 2], np.where(climbs, right[:, 1], right[:, 0])
            )
            answered[row, column] = hits.sum()
            cost[row, column] = (
                IMAGES * MACS[0] + climbs.sum() * MACS[1] + tops.sum() * MACS[2]
            )
    return answered, cost


def _timed(work: Callable[[], _Result], times: int) -> tuple[_Result, float]:
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - started)
    return result, float(np.median(seconds))
