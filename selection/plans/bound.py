"""The one-sided upper bound on a paired drop, exact in finite samples.

Of n images, x are lost (the reference right, the plan wrong) and y won (the reverse);
the true drop is b - c, the chances of a loss and of a win. The bound is Buehler's
(1957; Lloyd and Kabaila 2003, Aust. N. Z. J. Stat. 45): outcomes are ranked once by

    s(x, y) = x - y + z * sqrt(x + y + z^2)

a rough upper limit, and the bound is the largest drop under which an outcome that ranks
no higher than the one seen still has a chance of 1 - confidence. The ranking decides
how tight this is, never whether it holds. What makes it hold:

- The nuisance, the flip rate psi = b + c, is kept to its own exact two-sided interval
  of level GAMMA, which is paid for: p = GAMMA + the largest chance over the interval
  (Berger and Boos 1994, JASA 89).
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
from scipy.stats import beta, binom, norm

from datasets.errors import InputError
from selection.arrays import Bools, Floats, Ints

_GAMMA_PART = 1 / 50  # of 1 - confidence, spent on the flip rate
_STEPS, _STEPS_MANY, _MANY = 200, 64, 2000  # parts of its range; fewer at many images
_LEFT_OUT = 1e-9  # chance beyond the flip counts that are summed over
_MOST_IMAGES = 1 << 24  # nobody has more to label: needs beyond are "never"
_PRECISION = 1e-5  # of a reported bound: 0.001 points


@dataclass(frozen=True)
class Flips:
    """What a plan changes against the reference on n images."""

    lost: int  # the reference right, the plan wrong
    won: int  # the reverse
    images: int

    @property
    def drop(self) -> float:
        """The measured drop, a fraction."""
        return (self.lost - self.won) / self.images


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
    low, high = _flip_rate(seen, gamma)
    low = max(low, drop)  # b - c = drop needs b + c >= drop
    if high <= low:
        return gamma
    steps = _STEPS if seen.images < _MANY else _STEPS_MANY
    edges = np.linspace(low, high, steps + 1)
    lost = np.clip((edges[:-1] + drop) / 2, 0, 1)
    won = np.clip((edges[1:] - drop) / 2, 0, 1 - lost)
    chance = _chances(seen, lost, won, float(norm.ppf(confidence)))
    return min(1.0, gamma + float(chance.max()))


def upper_bound(seen: Flips, confidence: float) -> float:
    """The drop (a fraction) that the true one exceeds with at most 1 - confidence.

    Rounded up by up to 0.001 points.
    """
    low, high = max(-1.0, seen.drop - 1e-3), 1.0
    while high - low > _PRECISION:
        middle = (low + high) / 2
        if p_value(seen, middle, confidence) <= 1 - confidence:
            high = middle
        else:
            low = middle
    return high


def certifies(seen: Flips, drop: float, confidence: float) -> bool:
    """Whether the true drop is below `drop` (a fraction) with that confidence."""
    return p_value(seen, drop, confidence) <= 1 - confidence


def flips_only_bound(seen: Flips, confidence: float) -> float:
    """The conservative other: Clopper-Pearson for the chance of a loss, wins unused."""
    if seen.lost == seen.images:
        return 1.0
    return float(beta.ppf(confidence, seen.lost + 1, seen.images - seen.lost))


def images_needed(
    lost: float, won: float, drop: float, confidence: float
) -> int | None:
    """The fewest images at which flips in these rates would certify; None: never.

    Args:
        lost, won: rates of losses and wins, fractions; rounded up and down to counts.
        drop: the drop to certify, a fraction.
    """
    if lost - won >= drop * (1 - 1e-9) or drop <= 0:
        return None

    def enough(images: int) -> bool:
        seen = Flips(int(np.ceil(lost * images)), int(won * images), images)
        return certifies(seen, drop, confidence)

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


def _flip_rate(seen: Flips, gamma: float) -> tuple[float, float]:
    """Clopper-Pearson interval of the flip rate, two-sided, of level gamma."""
    flipped, images = seen.lost + seen.won, seen.images
    low, high = 0.0, 1.0
    if flipped:
        low = float(beta.ppf(gamma / 2, flipped, images - flipped + 1))
    if flipped < images:
        high = float(beta.ppf(1 - gamma / 2, flipped + 1, images - flipped))
    return low, high


def _chances(seen: Flips, lost: Floats, won: Floats, z: float) -> Floats:
    """Chance of an outcome that ranks no higher than the one seen, for each (b, c)."""
    rate = np.minimum(lost + won, 1.0)
    low = int(binom.ppf(_LEFT_OUT / 2, seen.images, rate.min()))
    high = int(binom.isf(_LEFT_OUT / 2, seen.images, rate.max()))
    flipped = np.arange(max(low, 0), high + 1)
    most = _most_lost(seen, flipped, z)
    share = np.divide(lost, rate, out=np.zeros_like(rate), where=rate > 0)
    weights = binom.pmf(flipped[None, :], seen.images, rate[:, None])
    within = binom.cdf(most[None, :], flipped[None, :], share[:, None])
    return np.asarray((weights * within).sum(axis=1) + _LEFT_OUT)


def _most_lost(seen: Flips, flipped: Ints, z: float) -> Floats:
    """Per number of flips the most losses that still rank no higher than seen."""
    total = seen.lost + seen.won
    rank = seen.lost - seen.won + z * np.sqrt(total + z * z)
    most = np.floor((flipped + rank - z * np.sqrt(flipped + z * z)) / 2 + 1e-9)
    return np.asarray(np.minimum(most, flipped))


def _check(seen: Flips, confidence: float) -> None:
    if not 0.5 < confidence < 1:
        raise InputError(
            f"confidence {confidence} is out of range; expected above 0.5 and below 1, "
            "such as 0.95."
        )
    if seen.images < 1 or min(seen.lost, seen.won) < 0:
        raise InputError(f"{seen}: expected counts of at least one image.")
    if seen.lost + seen.won > seen.images:
        raise InputError(f"{seen}: more flips than images.")
