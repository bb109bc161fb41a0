"""The bound against exact sums over all outcomes, closed forms, and other libraries."""

import numpy as np
import pytest
from scipy.stats import binomtest, multinomial

from datasets.errors import InputError
from selection.plans.bound import (
    Flips,
    certifies,
    flips,
    flips_only_bound,
    images_needed,
    p_value,
    upper_bound,
)

CONFIDENCE = 0.9


@pytest.mark.parametrize("drop", [0.03, 0.1])
def test_false_certificates_by_exact_sums(drop: float) -> None:
    """All outcomes of 40 images: at the worst flip rate 1 - confidence pass at most."""
    images = 40
    outcomes = [(x, y) for x in range(images + 1) for y in range(images + 1 - x)]
    passing = np.array(
        [(x, y, images - x - y) for x, y in outcomes
         if certifies(Flips(x, y, images), drop, CONFIDENCE)]
    )  # fmt: skip
    worst = 0.0
    for rate in np.linspace(drop, 1, 150):
        lost, won = (rate + drop) / 2, (rate - drop) / 2
        chances = multinomial(images, [lost, won, 1 - lost - won]).pmf(passing)
        worst = max(worst, float(chances.sum()))
    assert worst <= 1 - CONFIDENCE + 1e-9
    assert worst > 0.4 * (1 - CONFIDENCE)  # valid, and not by being useless


def test_no_flip_needs_the_images_of_the_closed_form() -> None:
    """(1 - drop)^n <= 1 - confidence: the rule of three; a fiftieth goes to GAMMA."""
    for drop, confidence in ((0.01, 0.95), (0.02, 0.9), (0.05, 0.99)):
        closed = np.log(1 - confidence) / np.log(1 - drop)
        needed = images_needed(0, 0, drop, confidence)
        assert needed is not None
        assert closed <= needed <= 1.03 * closed + 2


def test_bound_and_test_agree() -> None:
    seen = Flips(3, 3, 250)
    bound = upper_bound(seen, 0.9)
    assert certifies(seen, bound, 0.9)
    assert not certifies(seen, bound - 2e-4, 0.9)


def test_bound_is_near_the_large_sample_one() -> None:
    """5,000 images: within 8 % of the normal limit of a paired difference."""
    seen = Flips(60, 50, 5000)
    error = np.sqrt((110 / 5000 - (10 / 5000) ** 2) / 5000)
    normal = 10 / 5000 + 1.6449 * error
    assert normal <= upper_bound(seen, 0.95) <= 1.08 * normal


def test_more_losses_raise_it_and_more_wins_lower_it() -> None:
    middle = p_value(Flips(3, 3, 200), 0.02, 0.9)
    assert p_value(Flips(4, 3, 200), 0.02, 0.9) > middle
    assert p_value(Flips(3, 4, 200), 0.02, 0.9) < middle


def test_flips_only_is_clopper_pearson() -> None:
    expected = binomtest(5, 200, alternative="less").proportion_ci(0.95, "exact").high
    assert flips_only_bound(Flips(5, 9, 200), 0.95) == pytest.approx(expected)
    assert flips_only_bound(Flips(4, 0, 4), 0.95) == 1.0


def test_images_needed_suffice_and_fewer_do_not() -> None:
    needed = images_needed(0.02, 0.02, 0.02, 0.9)
    assert needed is not None
    rounded = Flips(int(np.ceil(0.02 * needed)), int(0.02 * needed), needed)
    assert certifies(rounded, 0.02, 0.9)
    half = needed // 2
    assert not certifies(
        Flips(int(np.ceil(0.02 * half)), int(0.02 * half), half), 0.02, 0.9
    )


def test_a_drop_above_the_limit_never_passes() -> None:
    assert images_needed(0.03, 0.01, 0.02, 0.9) is None


def test_flips_are_counted() -> None:
    reference = np.array([True, True, False, False])
    here = np.array([True, False, True, False])
    assert flips(reference, here) == Flips(lost=1, won=1, images=4)


@pytest.mark.parametrize(
    ("seen", "confidence"),
    [(Flips(0, 0, 10), 0.5), (Flips(0, 0, 10), 1.0), (Flips(6, 5, 10), 0.9),
     (Flips(-1, 0, 10), 0.9), (Flips(0, 0, 0), 0.9)],
)  # fmt: skip
def test_out_of_range_is_refused(seen: Flips, confidence: float) -> None:
    with pytest.raises(InputError):
        p_value(seen, 0.02, confidence)


@pytest.mark.parametrize("drop", [0.0, -0.05, -0.2])
def test_false_certificates_of_no_loss_or_a_gain(drop: float) -> None:
    """The same at limits of 0 and below, with answers that differ on half as many more.

    Flips and other differences together: the worst of 60 rates of flips.
    """
    images = 25
    outcomes = [
        (x, y, e) for x in range(images + 1) for y in range(images + 1 - x)
        for e in range(images + 1 - x - y)
    ]  # fmt: skip
    passing = np.array(
        [(x, y, e, images - x - y - e) for x, y, e in outcomes
         if certifies(Flips(x, y, images, x + y + e), drop, CONFIDENCE)]
    )  # fmt: skip
    worst = 0.0
    for rate in np.linspace(abs(drop), 1, 30):
        for more in (0.0, (1 - rate) / 2):
            chances = [(rate + drop) / 2, (rate - drop) / 2, more, 1 - rate - more]
            worst = max(worst, multinomial(images, chances).pmf(passing).sum())
    assert worst <= 1 - CONFIDENCE + 1e-9
    assert worst > 0.25 * (1 - CONFIDENCE)


def test_a_gain_that_flips_are_too_rare_for_is_not_certified() -> None:
    assert not certifies(Flips(0, 2, 1000), -0.05, 0.9)
    assert images_needed(0.01, 0.01, 0.0, 0.9) is None
    assert images_needed(0.01, 0.03, 0.0, 0.9) is not None
