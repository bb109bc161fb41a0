"""One last dense layer for all resolutions, from labels.

Features of the same pictures at the native resolution and at lower ones are one set of
examples: the layer fitted on all of them serves every resolution, so that a bundle
stores it once. Held-out pictures decide, which chose nothing else: how near to the
trained layer the new one stays, whether the native resolution takes it, and, for each
lower one by itself, whether it helps there.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from datasets.errors import InputError
from keras_models.adapted import HeadOutcome
from keras_models.head_fit import Features, Float64s, Head, Ints, fitted, losses

STRENGTHS = (10.0, 1.0, 0.1, 0.01, 1e-3, 1e-4)  # of the penalty; the first stays near
_SIGNIFICANT = 2.0  # standard errors that the loss must fall by
_LEAST = 10  # held-out pictures


@dataclass(frozen=True)
class Labelled:
    """The same pictures at several resolutions, as features, with their labels."""

    features: Mapping[int, Features]  # resolution -> (n, d)
    labels: Ints  # (n,)

    def take(self, rows: Ints) -> "Labelled":
        """Only these pictures."""
        features = {resolution: own[rows] for resolution, own in self.features.items()}
        return Labelled(features, self.labels[rows])


@dataclass(frozen=True)
class HeadFit:
    """One head, and where it is taken."""

    head: Head
    strength: float  # one of STRENGTHS
    outcomes: tuple[HeadOutcome, ...]  # by resolution, the highest first

    @property
    def accepted(self) -> tuple[int, ...]:
        """The resolutions that take it."""
        return tuple(one.resolution for one in self.outcomes if one.accepted)


def fit_head(fit: Labelled, held: Labelled, start: Head) -> HeadFit:
    """Fits a head for each strength and keeps that of the least held-out loss.

    Strengths fall until that loss rises.

    Only heads that do not hurt the native resolution, the highest, are chosen from:
    there the held-out loss does not rise, and as many answers are right. Where all
    hurt, the native resolution keeps the trained head.

    Args:
        start: the trained head.
    Raises:
        InputError: too few pictures, or none of some class.
    """
    _check(fit, held, start)
    features = np.concatenate(list(fit.features.values()))
    labels = np.tile(fit.labels, len(fit.features))
    fits: list[HeadFit] = []
    for strength in STRENGTHS:
        near = fits[-1].head if fits else start
        head = fitted(features, labels, start, strength, near)
        fits.append(HeadFit(head, strength, _outcomes(head, fit, held, start)))
        if len(fits) > 1 and _held_out_loss(fits[-1]) > _held_out_loss(fits[-2]):
            break  # less penalty only fits the labels seen closer
    safe = [one for one in fits if one.outcomes[0].accepted]
    return min(safe or fits, key=_held_out_loss)


def _held_out_loss(found: HeadFit) -> float:
    return sum(one.loss_after for one in found.outcomes)


def _outcomes(
    head: Head, fit: Labelled, held: Labelled, start: Head
) -> tuple[HeadOutcome, ...]:
    resolutions = sorted(held.features, reverse=True)
    return tuple(
        _outcome(head, start, resolution, resolution == resolutions[0], fit, held)
        for resolution in resolutions
    )


def _outcome(
    head: Head,
    start: Head,
    resolution: int,
    native: bool,
    fit: Labelled,
    held: Labelled,
) -> HeadOutcome:
    features, labels = held.features[resolution], held.labels
    before, after = (losses(one, features, labels) for one in (start, head))
    first, later = (right(one, features, labels) for one in (start, head))
    falls: Float64s = before - after
    error = float(falls.std(ddof=1) / np.sqrt(falls.size))
    fall = float(falls.mean())
    clear = fall >= 0 if native else fall > _SIGNIFICANT * error
    return HeadOutcome(
        resolution=resolution,
        pictures=len(fit.labels),
        held_out=len(labels),
        right_before=float(first.mean()),
        right_after=float(later.mean()),
        loss_before=float(before.mean()),
        loss_after=float(after.mean()),
        gain_error=error,
        accepted=clear and bool(later.sum() >= first.sum()),
    )


def right(head: Head, features: Features, labels: Ints) -> np.ndarray:
    """(n,) whether the class that comes first is the label."""
    found: np.ndarray = head.log_scores(features).argmax(axis=1) == labels
    return found


def _check(fit: Labelled, held: Labelled, start: Head) -> None:
    missing = sorted(set(range(start.classes)) - set(fit.labels.tolist()))
    if missing:
        raise InputError(
            "labels",
            "",
            "",
            "Give pictures of every class.",
            fault=(
                f"{len(missing)} of the {start.classes} classes have no picture to "
                f"fit on (the first: {missing[0]}); a head fitted so would unlearn "
                "them"
            ),
        )
    if len(held.labels) < _LEAST:
        raise InputError(
            "labels",
            "",
            f"at least {_LEAST}",
            "Give more pictures, a larger `held_out`, or `held_out_split`.",
            fault=f"{len(held.labels)} held-out pictures",
        )


def parted(labels: Ints, held_out: float, seed: int) -> tuple[Ints, Ints]:
    """(rows to fit on, rows that decide): the same part of every class is held out."""
    random = np.random.default_rng([seed, 2])
    fit, held = [], []
    for label in np.unique(labels):
        rows = random.permutation(np.flatnonzero(labels == label))
        count = max(1, round(held_out * rows.size)) if rows.size > 1 else 0
        held.append(rows[:count])
        fit.append(rows[count:])
    return np.sort(np.concatenate(fit)), np.sort(np.concatenate(held))


def per_class(labels: Ints, count: int, seed: int) -> Ints:
    """Rows of `count` random pictures of each class; of a smaller count, a part."""
    random = np.random.default_rng([seed, 3])
    chosen = [
        random.permutation(np.flatnonzero(labels == label))[:count]
        for label in np.unique(labels)
    ]
    return np.sort(np.concatenate(chosen))


def parts(
    fit: Labelled, held: Labelled | None, count: int | None, held_out: float, seed: int
) -> tuple[Labelled, Labelled]:
    """(pictures to fit on, pictures that decide).

    Args:
        held: those that decide; None: a part of those chosen.
        count: of each class; None: all.
    Raises:
        InputError: a class has fewer.
    """
    if count is not None:
        fewest = int(np.bincount(fit.labels).min())
        if count > fewest:
            raise InputError(
                "per_class",
                count,
                "as many or fewer",
                fault=f"a class has {fewest} pictures only",
            )
        fit = fit.take(per_class(fit.labels, count, seed))
    if held is not None:
        return fit, held
    rows, deciding = parted(fit.labels, held_out, seed)
    return fit.take(rows), fit.take(deciding)
