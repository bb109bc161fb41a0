"""Labels asked one by one: looking early never promises what all labels would not."""

import numpy as np
import pytest

from datasets.errors import InputError
from selection.plans.asking import asked, standing
from selection.plans.bound import Flips, certifies, most_lost, p_value
from selection.plans.known import FIRST, NEITHER, SECOND, Known, compared

LIMIT, CONFIDENCE = 0.02, 0.9


def _answers(seed: int, images: int = 300) -> tuple[np.ndarray, ...]:
    """Labels, the reference's answers, and three plans that differ ever more."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 5, images)
    wrong = (labels + random.integers(1, 5, images)) % 5
    reference = np.where(random.random(images) < 0.85, labels, wrong)
    order, plans = random.random(images), []
    other = random.integers(0, 5, images)
    good = np.where(random.random(images) < 0.5, labels, other)
    for share in (0.01, 0.06, 0.15):
        plans.append(np.where(order < share, good, reference))
    return labels, reference, *plans


@pytest.mark.parametrize("seed", range(12))
def test_the_end_is_that_of_all_labels(seed: int) -> None:
    labels, reference, *plans = _answers(seed)
    hopes = [np.random.default_rng(seed).random(len(labels)) for _ in plans]
    full = standing(reference, plans, Known(labels), LIMIT, CONFIDENCE, hopes)
    lazy, known = asked(reference, plans, labels, LIMIT, CONFIDENCE, hopes)
    assert (lazy.passed, lazy.settled) == (full.passed, True)
    differing = np.any([plan != reference for plan in plans], axis=0)
    assert not (known.labels >= 0)[~differing].any()  # agreement needs no label


@pytest.mark.parametrize("seed", range(6))
def test_whatever_passes_early_passes_with_all_labels(seed: int) -> None:
    """After each label, in a random order; and what is out of reach stays so."""
    labels, reference, *plans = _answers(seed)
    full = Known(labels.copy())
    hopes = [np.zeros(len(labels))] * 3
    end = standing(reference, plans, full, LIMIT, CONFIDENCE, hopes)
    known = Known.nothing(len(labels))
    for row in np.random.default_rng(seed).permutation(len(labels)):
        known.labels[row] = labels[row]
        here = standing(reference, plans, known, LIMIT, CONFIDENCE, hopes)
        assert here.passed <= end.passed <= here.reachable


@pytest.mark.parametrize("most", [0, 3, 12])
def test_no_more_labels_are_read_than_allowed(most: int) -> None:
    labels, reference, *plans = _answers(1)
    hopes = [np.zeros(len(labels))] * 3
    end = standing(reference, plans, Known(labels), LIMIT, CONFIDENCE, hopes)
    here, known = asked(
        reference,
        plans,
        labels,
        LIMIT,
        CONFIDENCE,
        hopes,
        lambda _, known: known.said >= most,
    )
    assert known.said == most  # this family would take more
    assert here.passed <= end.passed <= here.reachable
    assert not here.settled


def test_unlabelled_differences_are_lost_and_agreement_is_nothing() -> None:
    reference, plan = np.array([0, 1, 2, 3]), np.array([0, 2, 3, 4])
    known = Known.nothing(4)
    assert compared(reference, plan, known).at_worst() == Flips(3, 0, 4, 3)
    assert compared(reference, plan, known).at_best() == Flips(0, 3, 4, 3)
    known.say(1, (1, 2), SECOND)
    known.say(2, (2, 3), FIRST)
    known.say(3, (3, 4), NEITHER)
    here = compared(reference, plan, known)
    assert here.at_worst() == here.at_best() == Flips(1, 1, 4, 3)
    assert not here.open.any()


def test_neither_of_one_pair_says_what_it_says_of_another() -> None:
    """Reference 0 and 1 are wrong; a plan that answers 2 cannot have lost there."""
    known = Known.nothing(1)
    known.say(0, (0, 1), NEITHER)
    here = compared(np.array([0]), np.array([2]), known)
    assert here.at_worst() == Flips(0, 0, 1, 1)
    assert here.at_best() == Flips(0, 1, 1, 1)
    assert here.open.all()


def test_contradictions_are_refused() -> None:
    known = Known.nothing(2)
    known.say(0, (3, 4), FIRST)
    for pair, which in (((3, 4), SECOND), ((3, 5), NEITHER)):
        with pytest.raises(InputError, match="before"):
            known.say(0, pair, which)
    known.say(1, (3, 4), NEITHER)
    with pytest.raises(InputError, match="before"):
        known.say(1, (3, 5), FIRST)


def test_p_rises_with_what_is_lost_for_given_images() -> None:
    """For 200 images that differ on 12: any loss taken back lowers it or leaves it."""
    values = {
        (lost, won): p_value(Flips(lost, won, 200, 12), 0.02, 0.9)
        for lost in range(13) for won in range(13 - lost)
    }  # fmt: skip
    for (lost, won), value in values.items():
        if (lost + 1, won) in values:
            assert values[lost + 1, won] >= value
        if (lost, won + 1) in values:
            assert values[lost, won + 1] <= value


@pytest.mark.parametrize("limit", [0.02, 0.0, -0.01])
def test_the_table_of_a_page_is_the_test(limit: float) -> None:
    table = most_lost(250, 40, limit, 0.9)
    for won, most in enumerate(table):
        for lost in (most, most + 1):
            if 0 <= lost <= 40 - won:
                seen = Flips(lost, won, 250, 40)
                assert certifies(seen, limit, 0.9) == (lost <= most)
                assert (p_value(seen, limit, 0.9) <= 0.1) == (lost <= most)
