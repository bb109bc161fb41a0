"""Shares beside certified ones: p-values by hand; equals are rarely called broken."""

import numpy as np
import pytest
from scipy.stats import binom

from datasets.errors import InputError
from selection.plans.shift import shares, verdict


def test_two_counts_are_a_hypergeometric_tail() -> None:
    """3 of 4 against 1 of 4, the tea that Fisher's lady tasted: p 34/70 two-sided."""
    (one,) = shares(["milk"], [3], 4, [1], 4)
    assert one.p_value == pytest.approx(34 / 70)


def test_holm_multiplies_the_smallest_by_all() -> None:
    found = shares(["a", "b"], [50, 40], 100, [20, 41], 100)
    alone = shares(["a"], [50], 100, [20], 100)[0].p_value
    assert found[0].p_value == pytest.approx(2 * alone)
    assert found[1].p_value == 1.0
    assert "BROKEN ASSUMPTION" in verdict(found)
    assert "a: 20.0 % of 100" in verdict(found)
    assert "b:" not in verdict(found)


def test_images_of_the_same_source_are_rarely_called_broken() -> None:
    random = np.random.default_rng(0)
    broken = 0
    for _ in range(300):
        old = random.multinomial(400, [0.6, 0.3, 0.1])
        new = random.multinomial(150, [0.6, 0.3, 0.1])
        found = shares(list("abc"), old.tolist(), 400, new.tolist(), 150)
        broken += any(one.broken for one in found)
    assert broken <= binom.ppf(0.999, 300, 0.01)


def test_no_image_is_refused() -> None:
    with pytest.raises(InputError, match="expected at least one on each side"):
        shares(["a"], [1], 10, [0], 0)
