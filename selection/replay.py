"""A selector over stored scores: what it answers, and what each image cost."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from selection.arrays import Bools, Ints, Scores
from selection.confidence import running_mean
from selection.contract import MEAN, Answers, Selector
from selection.scored import Scored, check_labelled


@dataclass(frozen=True, eq=False, kw_only=True)
class Replay:
    """One selector over n images."""

    ladder: tuple[str, ...]
    paid: Bools  # (n, rungs)
    scores: Scores  # (n, classes) of the answer given
    labels: Ints  # (n,), UNLABELLED where nobody has said
    macs: Ints  # (n,): every rung paid for, and the selector itself

    @cached_property
    def answers(self) -> Ints:
        """(n,) the class answered."""
        return np.asarray(self.scores.argmax(axis=1))

    @property
    def right(self) -> Bools:
        """(n,).

        Raises:
            InputError: an image has no label.
        """
        check_labelled(self.labels, "accuracy")
        return np.asarray(self.answers == self.labels)

    @property
    def last(self) -> Ints:
        """(n,) place of the rung that ended each climb."""
        rungs = self.paid.shape[1]
        return np.asarray(rungs - 1 - self.paid[:, ::-1].argmax(axis=1))

    @property
    def accuracy(self) -> float:
        return float(self.right.mean())

    @property
    def mean_macs(self) -> float:
        return float(self.macs.mean())


def replay(selector: Selector, scored: Scored) -> Replay:
    """All images at once; equal to `run_one` image by image."""
    part = scored.ladder(selector.ladder)
    paid = selector.paid(scored)
    scores = _answers(paid, part, selector.answer)
    macs = paid @ np.array(part.macs, dtype=np.int64) + selector.own_macs
    return Replay(
        ladder=part.rungs, paid=paid, scores=scores, labels=part.labels, macs=macs
    )


def run_one(
    selector: Selector,
    answers: Answers,
    run_rung: Callable[[str], Scores],
) -> tuple[Scores, tuple[str, ...]]:
    """One image as on a device: (answer given, rungs run in their order).

    Args:
        run_rung: gives the (classes,) scores of a rung for this image.
    """
    scores = dict(answers.scores)
    climb: list[str] = []
    while True:
        known = Answers(answers.image_id, scores, answers.look, answers.label)
        rung = selector.next_rung(known)
        if rung is None:
            break
        scores[rung] = run_rung(rung)
        climb.append(rung)
    given = tuple(scores[rung][None] for rung in climb)
    answer = running_mean(given)[-1] if selector.answer == MEAN else given[-1]
    return np.asarray(answer[0]), tuple(climb)


def answers_by_stop(scored: Scored, answer: str) -> tuple[Scores, ...]:
    """Per rung the answer (n, classes) of a climb that ends there."""
    return running_mean(scored.scores) if answer == MEAN else scored.scores


def stop_answers(scored: Scored, answer: str) -> Ints:
    """(n, rungs): the class answered by a climb that ends at a rung."""
    if answer != MEAN:
        return scored.answers
    means = running_mean(scored.scores)
    return np.stack([mean.argmax(axis=1) for mean in means], axis=1)


def _answers(paid: Bools, part: Scored, answer: str) -> Scores:
    last = paid.shape[1] - 1 - paid[:, ::-1].argmax(axis=1)
    given = np.array(part.scores[0])
    for place, scores in enumerate(answers_by_stop(part, answer)):
        given[last == place] = scores[last == place]
    return given
