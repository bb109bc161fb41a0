"""Several variants at once: the order, the stop at a failure, what is not tested."""

import numpy as np
import pytest

from datasets.errors import InputError
from selection.arrays import Ints
from selection.plans.bound import Flips, p_value
from selection.plans.several import Candidate, Limits, certify_several

IMAGES, CLASSES = 400, 20
IDS = tuple(f"image {number}" for number in range(IMAGES))
LABELS = np.arange(IMAGES) % CLASSES
REFERENCE = np.where(np.arange(IMAGES) % 7 == 0, (LABELS + 1) % CLASSES, LABELS)
LIMITS = Limits(max_drop_points=3.0, confidence=0.9, search_part=0.3)


def _losing(share: float, seed: int = 0) -> Ints:
    """The reference's answers, a share of them made wrong."""
    drawn = np.random.default_rng(seed).random(IMAGES) < share
    return np.where(drawn, (LABELS + 2) % CLASSES, REFERENCE)


def _candidate(name: str, share: float, *costs: float) -> Candidate:
    return Candidate(name=name, answers=_losing(share), costs=costs)


EVERY = [
    _candidate("same", 0.0, 0.9, 0.9),
    _candidate("near", 0.01, 0.5, 0.8),
    _candidate("far", 0.3, 0.1, 0.1),
    _candidate("farther", 0.4, 0.05, 0.2),
    _candidate("beaten", 0.35, 0.2, 0.3),  # by far: likelier, and cheaper in both
    _candidate("dear", 0.0, 1.0, 1.0),
]


def test_the_likeliest_first_until_one_fails() -> None:
    found = certify_several(EVERY, REFERENCE, LABELS, IDS, LIMITS)
    by_name = {one.name: one for one in found.tested}
    assert [by_name[name].place for name in ("same", "near", "far", "farther")] == [
        1, 2, 3, 4,
    ]  # fmt: skip
    assert by_name["beaten"].place is by_name["dear"].place is None
    assert [one.tested for one in found.tested] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]
    assert [one.certified for one in found.tested] == [True, True] + 4 * [False]
    assert not set(found.searching.tolist()) & set(found.certifying.tolist())
    assert found.searching.size + found.certifying.size == IMAGES


def test_each_verdict_is_that_of_the_exact_test() -> None:
    """Flips counted here, one image after the other; its p-value, not its bound."""
    found = certify_several(EVERY, REFERENCE, LABELS, IDS, LIMITS)
    for one, candidate in zip(found.tested, EVERY, strict=True):
        lost = won = differ = 0
        for row in found.certifying.tolist():
            own, base = candidate.answers[row], REFERENCE[row]
            lost += int(base == LABELS[row] and own != LABELS[row])
            won += int(own == LABELS[row] and base != LABELS[row])
            differ += int(own != base)
        record = one.certificate
        assert (record.lost, record.won) == (lost, won)
        seen = Flips(lost, won, found.certifying.size, differ)
        if one.tested:
            passed = p_value(seen, 0.03, 0.9) <= 1 - 0.9 + 1e-12
            assert one.certified == passed
        assert 100 * seen.drop <= record.bound_points


def test_one_that_would_pass_does_not_count_after_a_failure() -> None:
    """On the images that search it looks worse than one that fails on the others."""
    found = certify_several(EVERY, REFERENCE, LABELS, IDS, LIMITS)
    searching = np.isin(np.arange(IMAGES), found.searching)
    wrong = (LABELS + 2) % CLASSES
    lucky = np.where(searching, REFERENCE, wrong)  # right where it is searched alone
    unlucky = np.where(searching & (np.arange(IMAGES) % 20 == 1), wrong, REFERENCE)
    two = [
        Candidate(name="lucky", answers=lucky, costs=(0.5, 0.5)),
        Candidate(name="unlucky", answers=unlucky, costs=(0.4, 0.4)),
    ]
    first, second = certify_several(two, REFERENCE, LABELS, IDS, LIMITS).tested
    assert (first.place, first.tested, first.certified) == (1, True, False)
    assert (second.place, second.tested, second.certified) == (2, False, False)
    assert second.certificate.lost == 0


def test_the_cheapest_by_each_cost_and_what_more_images_would_certify() -> None:
    found = certify_several(EVERY, REFERENCE, LABELS, IDS, LIMITS)
    best = [found.cheapest(cost) for cost in (0, 1)]
    assert [one.name for one in best if one] == ["near", "near"]
    assert found.nearest(0) is None  # those that are cheaper lose more than the limit
    strict = certify_several(EVERY, REFERENCE, LABELS, IDS, Limits(1.5, 0.99, 0.3))
    assert strict.cheapest(0) is None or strict.cheapest(0) is not best[0]
    needed = strict.nearest(0)
    assert needed is not None
    assert (needed.certificate.images_needed or 0) > strict.certifying.size


def test_the_chance_that_any_breaks_the_limit_is_kept() -> None:
    """Four variants whose true drop is the limit: some pass in a part of the runs."""
    generator, runs, broken = np.random.default_rng(5), 40, 0
    limits = Limits(max_drop_points=10.0, confidence=0.8, search_part=0.3)
    labels, ids = LABELS[:100], IDS[:100]
    for _ in range(runs):
        every = [
            Candidate(
                name=str(number),
                answers=np.where(
                    generator.random(100) < 0.1, (labels + 1) % 20, labels
                ),
                costs=(0.5 + 0.01 * number,),
            )
            for number in range(4)
        ]
        found = certify_several(every, labels, labels, ids, limits)
        broken += any(one.certified for one in found.tested)
    assert broken / runs <= 0.2 + 3 * np.sqrt(0.2 * 0.8 / runs)


def test_refusals() -> None:
    with pytest.raises(InputError, match="have no label"):
        certify_several(EVERY, REFERENCE, np.full(IMAGES, -1), IDS, LIMITS)
    with pytest.raises(InputError, match="confidence=2"):
        certify_several(EVERY, REFERENCE, LABELS, IDS, Limits(1.0, 2.0))
    with pytest.raises(InputError, match="search_part=500: cannot split 400 images"):
        certify_several(EVERY, REFERENCE, LABELS, IDS, Limits(search_part=500))
