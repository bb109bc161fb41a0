"""The promise kept: plans over synthetic data sets whose true drop is known.

An image is u, uniform in [0, 1), and the small rung's confidence is (1 + u) / 2. With
chance A (1 - u)^2 the reference is right and the small rung wrong, with chance B the
reverse. A cascade that stops from u = s on then truly loses

    integral from s to 1 of A (1 - u)^2 - B du  =  A (1 - s)^3 / 3 - B (1 - s).

pytest tests/selection/test_guarantee.py -s prints the figures of docs/guarantee.md.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from selection.contract import Selector
from selection.plans.budget import plan_under_budget
from selection.plans.known import Known
from selection.plans.naive import naive_plan
from selection.plans.planning import (
    Plan,
    certified_plan,
    parts_of,
    plan_of,
    searched_family,
)
from selection.plans.request import Request
from selection.scored import Scored
from selection.selectors.cascade import Cascade
from selection.selectors.fixed import Fixed

A, B = 0.3, 0.005
SETS, IMAGES, LIMIT, CONFIDENCE = 600, 1500, 2.0, 0.95
REQUEST = Request(
    reference="large@2",
    max_drop_points=LIMIT,
    confidence=CONFIDENCE,
    ways=("top1",),
    longest=2,
)
IDS = tuple(f"picture {number}" for number in range(IMAGES))


def _data(seed: int, images: int = IMAGES) -> Scored:
    random = np.random.default_rng(seed)
    u, draw = random.random(images), random.random(images)
    lost = draw < A * (1 - u) ** 2
    won = draw > 1 - B
    sure = ((1 + u) / 2).astype(np.float32)
    small = np.where(lost, 1 - sure, sure)
    large = np.where(won, 0.1, 0.9).astype(np.float32)
    scores = tuple(np.stack([one, 1 - one], axis=1) for one in (small, large))
    labels = np.zeros(images, np.int64)
    return Scored(
        rungs=("small@1", "large@2"),
        macs=(1, 10),
        scores=scores,
        labels=labels,
        ids=IDS[:images],
    )


def _true_drop(selector: Selector) -> float:
    """Points."""
    if isinstance(selector, Fixed):
        stop = 1.0 if selector.rung == "large@2" else 0.0
    else:
        assert isinstance(selector, Cascade)
        stop = float(np.clip(2 * selector.thresholds[0] - 1, 0, 1))
    return 100 * (A * (1 - stop) ** 3 / 3 - B * (1 - stop))


def test_true_drop_is_that_of_many_images() -> None:
    data = _data(0, IMAGES)
    many = [_data(seed) for seed in range(60)]
    assert data.images == IMAGES
    cascade = Cascade(ladder=("small@1", "large@2"), thresholds=(0.8,))
    drops = [100 * (one.right[:, 1].mean() - _right(cascade, one)) for one in many]
    error = np.std(drops) / np.sqrt(len(drops))
    assert abs(np.mean(drops) - _true_drop(cascade)) < 4 * error


@pytest.mark.slow
def test_certified_plans_keep_their_limit_and_naive_ones_do_not() -> None:
    naive, broken, certified, saved = 0, 0, 0, []
    for seed in range(SETS):
        data = _data(seed)
        plan = certified_plan(data, REQUEST)
        certified += plan.certificate.certified
        if plan.certificate.certified:
            broken += _true_drop(plan.selector) > LIMIT
            saved.append(1 - plan.macs / 10)
        naive += _true_drop(naive_plan(data, REQUEST)) > LIMIT
    print(
        f"\n{SETS} data sets of {IMAGES} images, at most {LIMIT:g} points at "
        f"{100 * CONFIDENCE:g} %: certified {certified}, of them over the limit "
        f"{broken} ({100 * broken / SETS:.1f} % of all sets), median saving "
        f"{100 * np.median(saved):.1f} %; not certified plans over the limit {naive} "
        f"({100 * naive / SETS:.1f} %)"
    )
    most = binom.ppf(0.999, SETS, 1 - CONFIDENCE)  # 5 % and its binomial error
    assert broken <= most
    assert naive > 5 * most
    assert certified > 0.9 * SETS


def test_the_bound_of_a_budget_plan_holds() -> None:
    broken = 0
    for seed in range(60):
        plan = plan_under_budget(_data(seed, 600), REQUEST, 6.0)
        broken += _true_drop(plan.selector) > plan.certificate.bound_points
    assert broken <= binom.ppf(0.999, 60, 1 - CONFIDENCE)


@pytest.mark.parametrize("images", [100, 200])
def test_too_few_images_are_refused_with_the_number_needed(images: int) -> None:
    record = certified_plan(_data(1, images), REQUEST).certificate
    assert not record.certified
    assert record.images_at_least == pytest.approx(
        np.log(0.05) / np.log(0.98), rel=0.03
    )
    assert "NOT CERTIFIED" in record.sentence()
    assert str(record.images_at_least) in record.sentence()


def _right(cascade: Cascade, data: Scored) -> float:
    climbs = cascade.paid(data)[:, 1]
    return float(np.where(climbs, data.right[:, 1], data.right[:, 0]).mean())


PEEKED, SMALL = 500, 500


@pytest.mark.slow
def test_labels_asked_one_by_one_with_a_look_after_each_keep_the_promise() -> None:
    """The tool's own order, a stop at the first plan that passes, and at the end.

    Whoever stops whenever it looks best still breaks the limit in 5 % of the sets at
    most; so do the bounds for the images that stop at each rung, all of them together.
    """
    broken, halts, stopped, settled = 0, 0, 0, 0
    request = replace(REQUEST, search_labels=False, search_part=0.25)
    for seed in range(PEEKED):
        data = _data(seed, SMALL)
        searching, certifying = parts_of(data, request)
        family = searched_family(searching, certifying, request)
        known = Known.nothing(certifying.images)
        worst, certified, wrong_halt = -100.0, False, False
        here = family.standing(known)
        while True:
            if here.passed:
                seen = family.selectors[here.passed - 1]
                worst = max(worst, _true_drop(seen))
                certified = True
            if here.settled:
                break
            known.labels[here.open[0]] = certifying.labels[here.open[0]]
            here = family.standing(known)
        if here.passed:
            plan = plan_of(family, here, known)
            wrong_halt = _halt_is_wrong(plan)
            settled += 1
        stopped += certified
        broken += worst > LIMIT
        halts += wrong_halt
    print(
        f"\n{PEEKED} sets of {SMALL} images, looked at after every label: certified at "
        f"some time {stopped}, at the end {settled}; over the limit at any time "
        f"{broken} ({100 * broken / PEEKED:.1f} %), a bound by rung broken in {halts} "
        f"({100 * halts / PEEKED:.1f} %)"
    )
    most = binom.ppf(0.999, PEEKED, 1 - CONFIDENCE)
    assert broken <= most
    assert halts <= most
    assert settled > 0.5 * PEEKED


def _halt_is_wrong(plan: Plan) -> bool:
    """Whether the drop of the images that stop at a rung is above its bound.

    From u = s on the small rung answers; given that, the loss is the whole loss over
    the part 1 - s. The large rung is the reference: no loss.
    """
    if plan.halts is None:
        return False  # the reference itself
    bounds = {one.part: one.bound_points for one in plan.halts.parts}
    if len(plan.selector.ladder) == 1:
        return False
    assert isinstance(plan.selector, Cascade)
    start = float(np.clip(2 * plan.selector.thresholds[0] - 1, 0, 1))
    own = _true_drop(plan.selector) / (1 - start) if start < 1 else -100.0
    return own > bounds["small@1"] or bounds["large@2"] < 0
