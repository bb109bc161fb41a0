"""What a selector did on images it never saw, beside the bound and the best rung."""

from dataclasses import dataclass

import numpy as np

from keras_models.accuracy import Drop, paired_drop, wilson
from selection.arrays import Bools, Scores
from selection.contract import Selector
from selection.replay import Replay, replay
from selection.scored import Scored
from selection.selectors.oracle import Oracle

_BINS = 15  # equal widths of confidence; Guo et al. 2017


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One selector against a reference rung; accuracies are fractions."""

    images: int
    accuracy: float
    accuracy_low: float  # 95 %, Wilson
    accuracy_high: float
    top5: float
    macs: float  # mean of one image, selector included
    saved_percent: float  # of the reference's MACs
    drop: Drop  # against the reference
    lost: int  # images: the reference right, this wrong
    won: int
    shares: tuple[float, ...]  # part of the images whose climb ended at each rung
    calibration_error: float  # expected, of the top-1 probability
    oracle_accuracy: float  # of the oracle over all rungs given
    oracle_macs: float
    oracle_regret_points: float  # accuracy below the oracle's
    best_fixed: str  # the most accurate rung that costs no more
    fixed_gain: Drop  # of this against it; a negative drop is a gain


def judge(selector: Selector, scored: Scored, reference: str) -> Verdict:
    """The verdict over all images given.

    Args:
        scored: every rung at hand, the selector's ladder and the reference among them.
    """
    done = replay(selector, scored)
    return verdict(done, scored, reference)


def judged(selector: Selector, scored: Scored, reference: str) -> Verdict | None:
    """The verdict over the images that have labels; None where none has."""
    rows = np.flatnonzero(scored.labelled)
    return judge(selector, scored.take(rows), reference) if rows.size else None


def verdict(done: Replay, scored: Scored, reference: str) -> Verdict:
    """The same of a replay."""
    from keras_models.accuracy import correct

    base = scored.right[:, scored.index(reference)]
    low, high = wilson(int(done.right.sum()), done.right.size)
    bound = replay(Oracle(scored.rungs), scored)
    fixed = best_fixed(scored, done.mean_macs)
    return Verdict(
        images=scored.images,
        accuracy=done.accuracy,
        accuracy_low=low,
        accuracy_high=high,
        top5=float(
            correct(done.scores, scored.labels, min(5, done.scores.shape[1])).mean()
        ),
        macs=done.mean_macs,
        saved_percent=100 * (1 - done.mean_macs / scored.macs[scored.index(reference)]),
        drop=paired_drop(base, done.right),
        lost=int((base & ~done.right).sum()),
        won=int((done.right & ~base).sum()),
        shares=tuple(
            np.bincount(done.last, minlength=len(done.ladder)) / done.last.size
        ),
        calibration_error=calibration_error(done.scores, done.right),
        oracle_accuracy=bound.accuracy,
        oracle_macs=bound.mean_macs,
        oracle_regret_points=100 * (bound.accuracy - done.accuracy),
        best_fixed=fixed,
        fixed_gain=paired_drop(scored.right[:, scored.index(fixed)], done.right),
    )


def best_fixed(scored: Scored, macs: float) -> str:
    """The most accurate rung that costs at most so much; the cheapest if none does."""
    within = [place for place, cost in enumerate(scored.macs) if cost <= macs] or [0]
    accuracy = scored.right.mean(axis=0)
    return scored.rungs[max(within, key=lambda place: (accuracy[place], -place))]


def calibration_error(scores: Scores, right: Bools) -> float:
    """Expected calibration error in 15 bins. Source: Guo et al. 2017, arXiv:1706.04599.

    The mean over images of |accuracy - mean confidence| of the image's bin.
    """
    sure = scores.max(axis=1).astype(np.float64)
    bins = np.clip(np.ceil(sure * _BINS).astype(int) - 1, 0, _BINS - 1)
    gap = np.bincount(bins, weights=right - sure, minlength=_BINS)
    return float(np.abs(gap).sum() / right.size)
