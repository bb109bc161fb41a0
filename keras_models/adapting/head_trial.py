"""What one head for all resolutions gives, over numbers of labelled pictures.

Heads are fitted on random draws of so many pictures of each class, decided by held-out
ones, and judged on pictures that neither fitted nor decided anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keras_models.adapting.head_choice import HeadFit, Labelled, fit_head, parts, right
from keras_models.head_fit import Head, Ints

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Draws:
    """What is tried."""

    counts: Sequence[int | None]  # labelled pictures of each class; None: all
    repeats: int  # random draws of each count
    held_out: float  # part of them that decides, where no others do
    seed: int  # of the first draw; draw i has seed + i


@dataclass(frozen=True, kw_only=True)
class LabelTrial:
    """One draw at one resolution."""

    count: int | None
    resolution: int
    accepted: bool
    pictures: int  # fitted on
    held_out: int
    rows: Ints  # numbers of the pictures that judged
    before: Bools  # whether each was right with the trained head
    tuned: Bools  # with the fitted one, taken or not

    @property
    def after(self) -> Bools:
        """What a user gets: the trained head where the fitted one was declined."""
        return self.tuned if self.accepted else self.before


def label_trials(
    fit: Labelled,
    held: Labelled | None,
    judge: Labelled | None,
    start: Head,
    draws: Draws,
) -> list[LabelTrial]:
    """Every count, draw and resolution.

    Args:
        held: pictures that decide; None: a part of those drawn.
        judge: pictures that judge; None: a random half of `fit`, anew in each draw,
            and the draw is of the other half.
    """
    judged = []
    for count in draws.counts:
        for draw in range(draws.repeats):
            seed = draws.seed + draw
            own, judging, rows = _sides(fit, judge, seed)
            chosen, deciding = parts(own, held, count, draws.held_out, seed)
            head = fit_head(chosen, deciding, start)
            judged += _judged(head, start, judging, rows, count)
    return judged


def _sides(
    fit: Labelled, judge: Labelled | None, seed: int
) -> tuple[Labelled, Labelled, Ints]:
    if judge is not None:
        return fit, judge, np.arange(len(judge.labels))
    order = np.random.default_rng([seed, 1]).permutation(len(fit.labels))
    half, other = (np.sort(part) for part in np.array_split(order, 2))
    return fit.take(half), fit.take(other), other


def _judged(
    head_fit: HeadFit, start: Head, judge: Labelled, rows: Ints, count: int | None
) -> list[LabelTrial]:
    return [
        LabelTrial(
            count=count,
            resolution=outcome.resolution,
            accepted=outcome.accepted,
            pictures=outcome.pictures,
            held_out=outcome.held_out,
            rows=rows,
            before=right(start, judge.features[outcome.resolution], judge.labels),
            tuned=right(
                head_fit.head, judge.features[outcome.resolution], judge.labels
            ),
        )
        for outcome in head_fit.outcomes
    ]
