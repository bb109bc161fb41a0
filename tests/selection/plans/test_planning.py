"""Plans: deterministic, whatever the order; limits and JSON as promised."""

import json

import numpy as np
import pytest

from datasets.errors import InputError
from selection.plans.bound import Flips
from selection.plans.budget import plan_under_budget
from selection.plans.certify import certificate
from selection.plans.naive import candidates
from selection.plans.order import order_of_tests
from selection.plans.planning import certified_plan
from selection.plans.repeat import repeat_splits
from selection.plans.request import Request
from selection.plans.searching import outlooks
from selection.replay import replay
from selection.selectors.catalogue import from_json
from tests.selection.synthetic import scored as table

DATA = table(images=1200, seed=2)
REQUEST = Request(
    reference=DATA.rungs[-1],
    max_drop_points=8.0,
    confidence=0.9,
    ways=("top1", "deferral"),
)


def test_order_of_the_images_is_no_matter() -> None:
    order = np.random.default_rng(1).permutation(DATA.images)
    one = certified_plan(DATA, REQUEST)
    other = certified_plan(DATA.take(order), REQUEST)
    assert one.selector.to_json()["ladder"] == other.selector.to_json()["ladder"]
    assert one.certificate == other.certificate


def test_a_learned_selector_is_searched_where_asked() -> None:
    looked = candidates(
        DATA,
        Request(
            reference=DATA.rungs[-1],
            max_drop_points=8.0,
            confidence=0.9,
            ways=("learned",),
        ),
    )
    kinds = {str(one.selector.to_json()["kind"]) for one in looked}
    assert kinds == {"fixed", "learned"}
    free = [one for one in looked if one.selector.to_json().get("price") == 0]
    dearest = max(one.macs for one in looked if len(one.selector.ladder) > 1)
    assert [one.macs for one in free] == [dearest]


def test_the_json_replays_to_the_same_cost() -> None:
    plan = certified_plan(DATA, REQUEST)
    facts = json.loads(json.dumps(plan.to_json()))
    again = from_json(facts["selector"])
    assert replay(again, DATA).mean_macs == replay(plan.selector, DATA).mean_macs
    assert facts["certificate"]["certified"] is plan.certificate.certified
    assert facts["own_macs"] == plan.selector.own_macs


def test_a_budget_is_kept_on_the_images_searched() -> None:
    plan = plan_under_budget(DATA, REQUEST, 30.0)
    assert plan.macs <= 30 * 1.1  # certification images are others
    with pytest.raises(InputError, match="cheapest rung"):
        plan_under_budget(DATA, REQUEST, 2.0)


@pytest.mark.parametrize("points", [-1.0, 0.0, 3.0, 8.0, 20.0])
def test_tests_grow_cheaper_and_less_sure(points: float) -> None:
    """One failure ends the tests, so a risky plan must not stand before a cheap one."""
    reference = DATA.rungs[-1]
    seen = outlooks(DATA, REQUEST, 800)
    order = order_of_tests(seen, reference, DATA.macs[-1], 800, points / 100, 0.9)
    saved = [one.saved for one in order]
    assert saved == sorted(saved)
    chances = [one.chance for one in order]
    assert chances == sorted(chances, reverse=True)
    assert all(one.saved > 0 for one in order)
    assert len({one.family for one in order if one.chance < 0.999}) <= 1


def test_the_outlook_is_what_a_replay_of_the_same_thresholds_gives() -> None:
    """Expected losses of labelled images are their losses."""
    right = DATA.right[:, -1]
    for one in outlooks(DATA, REQUEST, 800)[::3]:
        place = one.macs.size // 2
        done = replay(one.selector(place), DATA)
        flat = [one.lost, one.won, one.macs]
        lost, won, macs = (float(column.flat[place]) for column in flat)
        if one.family[-1] != "deferral":  # searched on what other folds say
            assert lost == pytest.approx((right & ~done.right).mean())
            assert won == pytest.approx((done.right & ~right).mean())
            assert macs == pytest.approx(done.mean_macs)


def test_a_certificate_says_what_it_would_need() -> None:
    record = certificate(Flips(4, 2, 100), 2.5, 0.9, False, 3)
    assert record.drop_points == 2.0
    assert record.images_needed is not None
    assert record.images_needed > 1000
    assert f"{record.images_needed:,}" in record.sentence()
    hopeless = certificate(Flips(9, 2, 100), 2.5, 0.9, False, 3)
    assert "no number of images" in hopeless.sentence()


def test_where_only_costlier_plans_pass_it_is_the_reference_itself() -> None:
    data = table(images=300)
    plan = certified_plan(
        data,
        Request(
            reference=data.rungs[0], max_drop_points=2.0, confidence=0.9, ways=("top1",)
        ),
    )
    assert plan.certificate.certified
    assert plan.selector.to_json() == {"kind": "fixed", "ladder": [data.rungs[0]]}
    assert plan.macs == data.macs[0]
    assert (plan.certificate.lost, plan.certificate.won) == (0, 0)


def test_what_is_safest_but_dearer_than_the_reference_gives_the_reference() -> None:
    """Nothing passes, and what comes nearest costs 7 % more than the reference."""
    data = table(images=120, seed=7)
    request = Request(
        reference=data.rungs[1],
        max_drop_points=1.0,
        confidence=0.95,
        ways=("top1", "deferral"),
    )
    plan = certified_plan(data, request)
    assert plan.family.macs[0] > plan.family.reference_macs
    assert plan.certificate.certified
    assert plan.certificate.bound_points == 0
    assert plan.selector.to_json() == {"kind": "fixed", "ladder": [data.rungs[1]]}
    assert plan.macs == data.macs[1]


@pytest.mark.parametrize(
    ("drop", "confidence"),
    [(-101.0, 0.9), (float("nan"), 0.9), (200.0, 0.9), (1.0, 0.3)],
)
def test_limits_out_of_range_are_refused(drop: float, confidence: float) -> None:
    with pytest.raises(InputError, match="expected"):
        certified_plan(
            DATA,
            Request(
                reference=DATA.rungs[-1], max_drop_points=drop, confidence=confidence
            ),
        )


def test_a_reference_without_scores_is_refused() -> None:
    with pytest.raises(InputError, match="has no scores"):
        certified_plan(DATA, Request(reference="huge@999", max_drop_points=1.0))


def test_repeated_splits_judge_every_plan() -> None:
    outcomes = repeat_splits(
        DATA,
        Request(
            reference=DATA.rungs[-1],
            max_drop_points=8.0,
            confidence=0.9,
            ways=("top1",),
        ),
        3,
        0.5,
    )
    lengths = {len(outcomes.cascade), len(outcomes.naive), len(outcomes.certified)}
    assert lengths == {3}
