"""The one-sided upper bound on a paired drop, exact in finite samples.

Of n images, x are lost (the reference right, the plan wrong) and y won (the reverse);
the true drop is b - c, the chances of a loss and of a win. The bound is Buehler's
(1957; Lloyd and Kabaila 2003, Aust. N. Z. J. Stat. 45): outcomes are ranked once by

    s(x, y) = x - y + z * sqrt(x + y + z^2)

a rough upper limit, and the bound is the largest drop under which an outcome that ranks
no higher than the one seen still has a chance of 1 - confidence. The ranking decides
how tight this is, never whether it holds. What makes it hold:

- The nuisance, the flip rate psi = b + c, is at most the rate at which the answers
  differ. That is kept under its own exact upper limit of level GAMMA, which is paid
  for: p = GAMMA + the largest chance below the limit (Berger and Boos 1994, JASA 89).
  Answers differ whatever the labels say, so for given images p depends on labels
  through the rank alone: a label that takes a loss back can only lower it.
- Chances are not taken at points of a list but bounded between neighbours: fewer losses
  and more wins rank lower, so over psi in [u, v] at drop d the chance is at most that
  at b = (u + d) / 2, c = (v - d) / 2.
- Given x + y = k, x is binomial(k, b / (b + c)); k is binomial(n, b + c), and the parts
  of its range that are left out are added as chance.

Against Hoeffding-Bentkus on (loss + 1) / 2, which knows no variance, this needs some
thirty times fewer images at drops of a point or two (`docs/guarantee.md`).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import bdtr, gammaln, xlogy
from scipy.stats import beta, norm

from datasets.errors import InputError
from selection.arrays import Bools, Float64s, Ints

_GAMMA_PART = 1 / 50  # of 1 - confidence, spent on the flip rate
_STEPS, _MOST_STEPS = 200, 800  # parts of its range; more at many images
_AT_ONCE = 32  # parts whose sums run over the same numbers of flips
_REACH = 6.5  # standard deviations of flips that are summed over; the rest is added
_ROUNDING = 1e-10  # of the sums
_MOST_IMAGES = 1 << 24  # nobody has more to label: needs beyond are "never"
_PRECISION = 1e-5  # of a reported bound: 0.001 points


@dataclass(frozen=True)
class Flips:
    """What a plan changes against the reference on n images."""

    lost: int  # the reference right, the plan wrong; or not known to be otherwise
    won: int  # the reverse
    images: int
    differ: int | None = None  # images on which answers differ; None: lost and won

    @property
    def drop(self) -> float:
        """The measured drop, a fraction."""
        return (self.lost - self.won) / self.images

    @property
    def differing(self) -> int:
        return self.lost + self.won if self.differ is None else self.differ


def flips(reference: Bools, here: Bools) -> Flips:
    """Of two columns of right answers on the same images."""
    return Flips(
        int((reference & ~here).sum()), int((here & ~reference).sum()), reference.size
    )


@lru_cache(maxsize=65536)
def p_value(seen: Flips, drop: float, confidence: float) -> float:
    """A valid p-value of "the true drop is `drop` or more"; small speaks against it.

    Args:
        drop: fraction in [-1, 1].
        confidence: of the test that it is for; it sets the ranking and GAMMA. The
            p-value is to be compared with 1 - confidence only.
    Raises:
        InputError: confidence or counts out of range.
    """
    _check(seen, confidence)
    gamma = (1 - confidence) * _GAMMA_PART
    high = _flip_rate(seen, gamma)
    low = abs(drop)  # b - c = drop needs b + c >= |drop|
    if high <= low:  # flips so rare that the drop is below, or cannot be below
        return gamma if drop > 0 else 1.0
    return min(1.0, gamma + _largest(seen, drop, confidence, low, high, 1.0))


def _passes(seen: Flips, drop: float, confidence: float) -> bool:
    """p_value at most 1 - confidence; parts after one that exceeds it are left out."""
    gamma = (1 - confidence) * _GAMMA_PART
    high, low = _flip_rate(seen, gamma), abs(drop)
    if high <= low:
        return drop > 0
    left = 1 - confidence - gamma
    return _largest(seen, drop, confidence, low, high, left) <= left


def _largest(
    seen: Flips, drop: float, confidence: float, low: float, high: float, enough: float
) -> float:
    """Largest chance over flip rates in [low, high]; stops at one above `enough`."""
    steps = int(np.clip(2 * seen.images * (high - low), _STEPS, _MOST_STEPS))
    edges = np.linspace(low, high, steps + 1)
    lost = np.clip((edges[:-1] + drop) / 2, 0, 1)
    won = np.clip((edges[1:] - drop) / 2, 0, 1 - lost)
    z = float(norm.ppf(confidence))
    largest = 0.0
    for start in reversed(range(0, steps, _AT_ONCE)):
        part = slice(start, start + _AT_ONCE)
        largest = max(largest, float(_chances(seen, lost[part], won[part], z).max()))
        if largest > enough:
            break
    return largest


def upper_bound(seen: Flips, confidence: float) -> float:
    """The drop (a fraction) that the true one exceeds with at most 1 - confidence.

    Rounded up by up to 0.001 points.
    """
    _check(seen, confidence)
    low, high = max(-1.0, seen.drop - 1e-3), 1.0
    while high - low > _PRECISION:
        middle = (low + high) / 2
        if _passes(seen, middle, confidence):
            high = middle
        else:
            low = middle
    return high


def certifies(seen: Flips, drop: float, confidence: float) -> bool:
    """Whether the true drop is below `drop` (a fraction) with that confidence."""
    if seen.differ is None:
        return p_value(seen, drop, confidence) <= 1 - confidence
    _check(seen, confidence)
    return _limits((seen.images, seen.differ, drop, confidence)).passes(seen)


@dataclass
class _Limits:
    """What is known of the ranks that pass, for given images; p rises with the rank."""

    drop: float
    confidence: float
    passed: float = -np.inf  # the highest rank known to pass
    failed: float = np.inf  # the lowest known to fail

    def passes(self, seen: Flips) -> bool:
        rank = _rank(seen, float(norm.ppf(self.confidence)))
        if self.passed < rank < self.failed:
            if _passes(seen, self.drop, self.confidence):
                self.passed = rank
            else:
                self.failed = rank
        return rank <= self.passed


_Key = tuple[int, int, float, float]  # images, differ, drop, confidence


@lru_cache(maxsize=4096)
def _limits(key: _Key) -> _Limits:
    return _Limits(*key[2:])


def most_lost(
    images: int, differ: int, drop: float, confidence: float
) -> tuple[int, ...]:
    """Per number of wins, from 0 to `differ`, the most losses that pass; -1: none do.

    A page without this module certifies by it.
    """
    most, lost = [], -1
    for won in range(differ + 1):
        while lost + 1 + won <= differ and certifies(
            Flips(lost + 1, won, images, differ), drop, confidence
        ):
            lost += 1
        most.append(min(lost, differ - won))
    return tuple(most)


def flips_only_bound(seen: Flips, confidence: float) -> float:
    """The conservative other: Clopper-Pearson for the chance of a loss, wins unused."""
    if seen.lost == seen.images:
        return 1.0
    return float(beta.ppf(confidence, seen.lost + 1, seen.images - seen.lost))


def images_needed(
    lost: float, won: float, drop: float, confidence: float, differ: float = 0.0
) -> int | None:
    """The fewest images at which flips in these rates would certify; None: never.

    Args:
        lost, won: rates of losses and wins, fractions; rounded up and down to counts.
        drop: the drop to certify, a fraction.
        differ: rate at which answers differ, where it is above lost + won.
    """
    if lost - won >= drop - 1e-9 * abs(drop):
        return None

    def enough(images: int) -> bool:
        x, y = int(np.ceil(lost * images)), int(won * images)
        at_least = min(images, max(x + y, int(np.ceil(differ * images))))
        return x + y <= images and certifies(
            Flips(x, y, images, at_least), drop, confidence
        )

    high = 8
    while not enough(high):
        high *= 2
        if high > _MOST_IMAGES:
            return None
    low = high // 2
    while high - low > max(1, high // 200):  # to half a per cent
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _flip_rate(seen: Flips, gamma: float) -> float:
    """Clopper-Pearson upper limit of the rate at which answers differ, level gamma."""
    differing, images = seen.differing, seen.images
    if differing >= images:
        return 1.0
    return float(beta.ppf(1 - gamma, differing + 1, images - differing))


def _chances(seen: Flips, lost: Float64s, won: Float64s, z: float) -> Float64s:
    """Chance of an outcome that ranks no higher than the one seen, for each (b, c)."""
    rate = np.minimum(lost + won, 1.0)
    reach = _REACH * np.sqrt(seen.images * rate.max()) + _REACH**2
    low = max(0, int(seen.images * rate.min() - reach))
    high = min(seen.images, int(seen.images * rate.max() + reach) + 1)
    flipped = np.arange(low, high + 1)
    most = _most_lost(seen, flipped, z)
    share = np.divide(lost, rate, out=np.zeros_like(rate), where=rate > 0)
    weights = _binomial(flipped, seen.images, rate)
    held = most >= 0  # of the others no outcome ranks so low
    within = bdtr(most[held], flipped[held], share[:, None])
    summed = (weights[:, held] * within).sum(axis=1)
    return np.asarray(summed + np.maximum(1 - weights.sum(axis=1), 0) + _ROUNDING)


def _binomial(counts: Ints, images: int, rate: Float64s) -> Float64s:
    """(rates, counts) chance of each count among the images."""
    ways = gammaln(images + 1) - gammaln(counts + 1) - gammaln(images - counts + 1)
    other = np.clip(1 - rate, 0, 1)[:, None]
    powers = xlogy(counts, rate[:, None]) + xlogy(images - counts, other)
    return np.asarray(np.exp(ways + powers))


def _most_lost(seen: Flips, flipped: Ints, z: float) -> Float64s:
    """Per number of flips the most losses that still rank no higher than seen."""
    rank = _rank(seen, z)
    most = np.floor((flipped + rank - z * np.sqrt(flipped + z * z)) / 2 + 1e-9)
    return np.asarray(np.minimum(most, flipped))


def _rank(seen: Flips, z: float) -> float:
    return float(seen.lost - seen.won + z * np.sqrt(seen.lost + seen.won + z * z))


def _check(seen: Flips, confidence: float) -> None:
    if not 0.5 < confidence < 1:
        raise InputError(
            "confidence", confidence, "above 0.5 and below 1, such as 0.95"
        )
    if seen.images < 1 or min(seen.lost, seen.won) < 0:
        raise InputError.of(seen, "", "counts of at least one image")
    if not seen.lost + seen.won <= seen.differing <= seen.images:
        raise InputError.of(seen, "more flips than answers that differ, or images")
