"""Top-k accuracy and drops, each with its interval; drops are in points."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.errors import DataError

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Drop:
    """What one choice loses against a reference on the same images."""

    points: float  # (accuracy of the reference - accuracy here) x 100
    low: float  # of the paired interval, points
    high: float
    mcnemar_p: float  # exact, two-sided: chance of so uneven flips if equally good


def correct(
    scores: NDArray[np.float32], labels: NDArray[np.int64], k: int = 1
) -> NDArray[np.bool_]:
    """Whether the label is among the k highest scores of each image.

    Ties count in the order of the classes, so a constant score is right on class 0.

    Args:
        scores: (n, classes).
        labels: (n,), in [0, classes).
    Raises:
        InputError: an image has no label (-1): it is neither right nor wrong.
    """
    if (labels < 0).any():
        raise DataError.of(
            f"{len(labels):,} images",
            f"{int((labels < 0).sum()):,} of them have no label",
            "one for each, since accuracy is measured",
            "Use labelled images.",
        )
    own = np.take_along_axis(scores, labels[:, None], axis=1)
    earlier = np.arange(scores.shape[1])[None, :] < labels[:, None]
    ahead = (scores > own) | ((scores == own) & earlier)
    return np.asarray(ahead.sum(axis=1) < k)


def wilson(right: int, images: int) -> tuple[float, float]:
    """95 % interval of a fraction of right answers. Source: Wilson 1927.

    Raises:
        ValueError: no images.
    """
    from scipy.stats import binomtest

    if images < 1:
        raise ValueError(f"got {images=}; an interval needs at least one image.")
    ends = binomtest(right, images).proportion_ci(CONFIDENCE, method="wilson")
    fraction = right / images  # rounding can put an end on its wrong side
    return min(float(ends.low), fraction), max(float(ends.high), fraction)


def no_better_than_chance(
    right: NDArray[np.bool_], labels: NDArray[np.int64], classes: int
) -> str:
    """In words, that answers cannot be told from guesses; "" where they can.

    Guessing is the better of a class at random and always the commonest class. Answers
    are better if the whole 95 % interval of their accuracy lies above it.

    Args:
        right: (n,), labels: of these images or of more of the same kind.
    """
    count, images = int(right.sum()), right.size
    chance = max(1 / classes, float(np.bincount(labels).max()) / labels.size)
    if classes < 2 or wilson(count, images)[0] > chance:
        return ""
    return (
        f"not better than chance: {count} of {images} images right "
        f"({100 * count / images:.1f} %), guessing gives {100 * chance:.1f} %"
    )


def paired_drop(reference: NDArray[np.bool_], here: NDArray[np.bool_]) -> Drop:
    """The accuracy lost from `reference` to `here`, on the same images.

    The interval is the Laplace-adjusted Wald interval of a difference of paired
    proportions: one image more of each flip, so that no flips at all still leave
    a width. Source: Bonett and Price 2012, J. Educ. Behav. Stat. 37(4). Of few images
    it would reach beyond what a drop can be: it is cut off at 100 points either way.

    Args:
        reference, here: (n,), whether each image was answered right.
    Raises:
        ValueError: lengths differ, or no images.
    """
    from scipy.stats import binomtest, norm

    if reference.shape != here.shape or not reference.size:
        raise ValueError(
            f"got {reference.shape} and {here.shape} answers; expected as many of "
            "one as of the other, on the same images."
        )
    loss = reference.astype(int) - here.astype(int)
    if np.array_equal(reference, here) and reference is here:
        return Drop(0.0, 0.0, 0.0, 1.0)
    adjusted = np.append(loss, [1, -1])
    error = adjusted.std() / np.sqrt(adjusted.size)
    low, high = norm.interval(CONFIDENCE, adjusted.mean(), error)
    low, high = max(float(low), -1.0), min(float(high), 1.0)
    lost, won = int((loss == 1).sum()), int((loss == -1).sum())
    p_value = binomtest(lost, lost + won).pvalue if lost + won else 1.0
    return Drop(100 * float(loss.mean()), 100 * low, 100 * high, float(p_value))
