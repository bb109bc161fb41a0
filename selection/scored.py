"""The arrays that selection works on: the rungs of a ladder over the same images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from datasets.errors import DataError, InputError
from selection.arrays import UNLABELLED, Bools, Float64s, Ints, Scores

_ROUNDING = 1e-3  # a float32 or int8 softmax may miss [0, 1] and 1 by so much


class Stored(Protocol):
    """What is read of a stored rung, as a StoredRung of the score store has it."""

    @property
    def macs(self) -> int: ...
    @property
    def ids(self) -> tuple[str, ...]: ...
    @property
    def labels(self) -> Ints: ...
    @property
    def scores(self) -> Scores: ...
    @property
    def fingerprint(self) -> str: ...


@dataclass(frozen=True, eq=False, kw_only=True)
class Scored:
    """Rungs by cost, and their scores of the same images in the same order.

    Raises:
        InputError: a cost is below the one before, images differ, a label is out of
            range, or a score is no probability.
    """

    rungs: tuple[str, ...]
    macs: tuple[int, ...]  # of one image
    scores: tuple[Scores, ...]  # per rung (n, classes)
    labels: Ints  # (n,), UNLABELLED where nobody has said
    ids: tuple[str, ...]
    looks: Float64s | None = field(default=None)  # (n, features) of the thumbnails

    def __post_init__(self) -> None:
        check_ladder(self.rungs)
        _check_costs(self.rungs, self.macs)
        for rung, scores in zip(self.rungs, self.scores, strict=True):
            _check_scores(rung, scores, len(self.ids))
        _check_labels(self.labels, self.scores[0].shape[1], len(self.ids))

    @property
    def images(self) -> int:
        return len(self.ids)

    @cached_property
    def answers(self) -> Ints:
        """(n, rungs): the class that each rung answers."""
        return np.stack([scores.argmax(axis=1) for scores in self.scores], axis=1)

    @property
    def right(self) -> Bools:
        """(n, rungs): whether each rung's own answer is the label.

        Raises:
            InputError: an image has no label.
        """
        check_labelled(self.labels, "accuracy")
        return np.asarray(self.answers == self.labels[:, None])

    @property
    def labelled(self) -> Bools:
        """(n,): whether somebody has said the class."""
        return np.asarray(self.labels != UNLABELLED)

    def index(self, rung: str) -> int:
        """Place of a rung.

        Raises:
            InputError: it is not among them.
        """
        if rung not in self.rungs:
            raise InputError.of(
                f"rung {rung}",
                "has no scores",
                f"one of {', '.join(self.rungs)}",
                "Run `reswise drop` with its resolution and crop first.",
            )
        return self.rungs.index(rung)

    def ladder(self, rungs: Sequence[str]) -> "Scored":
        """These rungs alone, in the order given.

        Raises:
            InputError: one is missing, or a cost is below the one before.
        """
        places = [self.index(rung) for rung in rungs]
        _check_costs(tuple(rungs), tuple(self.macs[i] for i in places))
        part = object.__new__(Scored)  # the scores were checked once
        for name, value in (
            ("rungs", tuple(rungs)),
            ("macs", tuple(self.macs[i] for i in places)),
            ("scores", tuple(self.scores[i] for i in places)),
            ("labels", self.labels),
            ("ids", self.ids),
            ("looks", self.looks),
            ("answers", self.answers[:, places]),
        ):
            object.__setattr__(part, name, value)
        return part

    def unlabelled(self) -> "Scored":
        """The same with every label taken away."""
        return replace(self, labels=np.full(self.images, UNLABELLED))

    def take(self, rows: Ints) -> "Scored":
        """These images alone, in the order given."""
        return replace(
            self,
            scores=tuple(scores[rows] for scores in self.scores),
            labels=self.labels[rows],
            ids=tuple(self.ids[row] for row in rows),
            looks=None if self.looks is None else self.looks[rows],
        )


def from_stored(
    stored: Mapping[str, Stored], rungs: Sequence[str] | None = None
) -> Scored:
    """Stored rungs as one record.

    Args:
        rungs: a ladder in its order; None takes all, sorted by cost, equally costly
            ones (such as a rung and the same adapted) by name.
    Raises:
        InputError: a rung is missing, or the rungs saw different images.
    """
    if rungs is None:
        rungs = sorted(stored, key=lambda name: (stored[name].macs, name))
    for name in rungs:
        if name not in stored:
            raise InputError.of(
                f"rung {name}",
                "has no scores",
                f"one of {', '.join(sorted(stored))}",
                "Run `reswise drop` for it first.",
            )
    chosen = [stored[name] for name in rungs]
    _check_images(rungs, chosen)
    return Scored(
        rungs=tuple(rungs),
        macs=tuple(one.macs for one in chosen),
        scores=tuple(one.scores for one in chosen),
        labels=chosen[0].labels,
        ids=chosen[0].ids,
    )


def _check_images(rungs: Sequence[str], chosen: Sequence[Stored]) -> None:
    check_ladder(tuple(rungs))
    for name, stored in zip(rungs, chosen, strict=True):
        if stored.fingerprint != chosen[0].fingerprint or stored.ids != chosen[0].ids:
            raise InputError.of(
                f"rungs {rungs[0]} and {name}",
                "scores of different images "
                f"({len(chosen[0].ids)} and {len(stored.ids)})",
                "the same ones",
                "Sweep both over the same `dataset`, `split` and `limit`.",
            )


def _check_costs(rungs: tuple[str, ...], macs: tuple[int, ...]) -> None:
    for lower, upper in zip(range(len(macs)), range(1, len(macs)), strict=False):
        if macs[lower] > macs[upper]:
            raise InputError.of(
                f"ladder {','.join(rungs)}",
                f"does not ascend in cost: {rungs[lower]} has "
                f"{macs[lower] / 1000000.0:,.2f} MMACs, {rungs[upper]} "
                f"{macs[upper] / 1000000.0:,.2f}",
                "",
                "Name the cheaper rung first.",
            )


def _check_scores(rung: str, scores: Scores, images: int) -> None:
    if scores.ndim != 2 or len(scores) != images or scores.shape[1] < 2:
        raise InputError.of(
            f"rung {rung}",
            f"scores of shape {scores.shape}",
            f"{images} images by two classes or more",
        )
    # not (a and b) instead of (not a or not b): NaN fails either comparison
    if images and not (scores.min() >= -_ROUNDING and scores.max() <= 1 + _ROUNDING):
        raise InputError.of(
            f"rung {rung}",
            f"scores from {scores.min():g} to {scores.max():g}",
            "probabilities in 0..1 (a model without a softmax gives logits)",
        )


def _check_labels(labels: Ints, classes: int, images: int) -> None:
    if labels.shape != (images,) or images == 0:
        raise InputError.of(
            f"labels of shape {labels.shape}",
            f"{images} images",
            "one label for each of at least one image",
        )
    if labels.min() < UNLABELLED or labels.max() >= classes:
        raise InputError.of(
            f"labels from {labels.min()} to {labels.max()}",
            "out of range",
            f"0..{classes - 1}, as the scores have {classes} classes, or {UNLABELLED} "
            "for an image without a label",
        )


def check_labelled(labels: Ints, what: str) -> None:
    """Every image has a label: without it an answer is neither right nor wrong.

    Raises:
        InputError: one has none.
    """
    missing = int((labels < 0).sum())
    if missing:
        raise DataError.of(
            f"{missing:,} of {len(labels):,} images",
            "have no label",
            f"one for each, for {what}",
            "Use labelled images, or `reswise plan`, which does without.",
        )


def check_ladder(ladder: tuple[str, ...]) -> None:
    """A ladder has at least one rung and names none twice.

    Raises:
        InputError: it does not.
    """
    if not ladder or len(set(ladder)) < len(ladder):
        raise InputError.of(
            f"ladder {','.join(ladder) or '(empty)'}",
            "",
            "one rung or more, each once, such as mobilenet_v2@160,resnet50@224",
        )
