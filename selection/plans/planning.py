"""The cheapest plan whose accuracy drop is certified, or the best under a budget.

Half of the calibration images search: every ladder and way, exact fronts. What is on
the fronts is ranked by cost and by a rough upper limit of its drop; the order so made,
the safest first, is tested on the other half until a test fails.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from datasets.errors import InputError
from keras_models.accuracy import no_better_than_chance
from selection.arrays import Bools, Floats, Ints, Json
from selection.contract import Selector
from selection.plans.bound import Flips, flips, upper_bound
from selection.plans.certify import (
    Certificate,
    certificate,
    check_limits,
    fixed_sequence,
)
from selection.plans.front import Front
from selection.plans.search import (
    DEFAULT_WAYS,
    LEARNED,
    front_of,
    ladders,
    right_by_stop,
)
from selection.replay import replay
from selection.scored import Scored
from selection.selectors.fixed import Fixed
from selection.split import split

_POINTS_A_FRONT = 48
_SUREST = np.linspace(0.3, 0.98, 24)  # quantiles of confidence, as thresholds
_TESTS = 16  # of cautious plans, of those between them and the target, and after it
_CAUTION = 2.0  # standard errors of the rough limit: search and certification both err


@dataclass(frozen=True)
class Request:
    """What is asked for."""

    reference: str  # rung
    max_drop_points: float
    confidence: float = 0.95
    ways: tuple[str, ...] = DEFAULT_WAYS
    longest: int = 3  # rungs of a ladder
    seed: int = 0  # of the halves


@dataclass(frozen=True)
class Plan:
    """A selector and what is promised of it."""

    selector: Selector
    certificate: Certificate
    reference: str
    search_images: int
    candidates: int  # thresholds considered for the sequence
    macs: float  # mean of one image on the certification images

    def to_json(self) -> Json:
        """What `convert` and `bench` take."""
        return {
            "format": 1,
            "kind": "plan",
            "reference": self.reference,
            "selector": self.selector.to_json(),
            "own_macs": self.selector.own_macs,
            "mean_macs": self.macs,
            "search_images": self.search_images,
            "candidates": self.candidates,
            "certificate": self.certificate.to_json(),
        }


@dataclass(frozen=True)
class _Ranked:
    selector: Selector
    macs: float
    limit: float  # rough upper limit of the drop, a fraction
    drop: float
    family: tuple[str, ...]  # ladder and way
    cautious: bool = False  # stops the surest alone, whatever the front says


def certified_plan(calibration: Scored, request: Request) -> Plan:
    """The cheapest plan that passes; where none does, the safest, not certified.

    Where all that pass cost more than the reference, it is the reference itself.

    Raises:
        InputError: limits out of range, the reference is not stored, too few images to
            split.
    """
    check_limits(request.max_drop_points, request.confidence)
    calibration.index(request.reference)
    searching, certifying = split(calibration, 0.5, request.seed)
    ranked = candidates(searching, request)
    sequence = order_of_tests(ranked, request.max_drop_points / 100, request.reference)
    replays = [replay(one.selector, certifying) for one in sequence]
    place = certifying.index(request.reference)
    reference = certifying.right[:, place]
    passed, tested = fixed_sequence(
        reference,
        [one.right for one in replays],
        request.max_drop_points,
        request.confidence,
    )
    chosen = max(passed - 1, 0)
    selector, result = sequence[chosen].selector, replays[chosen]
    if passed and result.mean_macs >= certifying.macs[place]:
        selector = Fixed(request.reference)
        result = replay(selector, certifying)
    seen = flips(reference, result.right)
    record = certificate(
        seen, request.max_drop_points, request.confidence, passed > 0, tested
    )
    record = replace(record, warning=hollow(reference, calibration, request.reference))
    return Plan(
        selector,
        record,
        request.reference,
        searching.images,
        len(ranked),
        result.mean_macs,
    )


def plan_under_budget(calibration: Scored, request: Request, max_macs: float) -> Plan:
    """The most accurate plan of the search half under a budget, its drop bounded.

    One plan is tested, so its exact bound stands as it is: `max_drop_points` of the
    certificate is that bound.

    Raises:
        InputError: no rung is so cheap.
    """
    calibration.index(request.reference)
    searching, certifying = split(calibration, 0.5, request.seed)
    ranked = candidates(searching, request)
    within = [one for one in ranked if one.macs <= max_macs]
    if not within:
        raise InputError(
            f"--max-macs {max_macs:,.0f}: the cheapest rung, {calibration.rungs[0]}, "
            f"takes {calibration.macs[0]:,}. Raise the budget or sweep a smaller "
            "resolution."
        )
    chosen = min(within, key=lambda one: (one.drop, one.macs))
    result = replay(chosen.selector, certifying)
    seen = flips(certifying.right[:, certifying.index(request.reference)], result.right)
    bound = 100 * upper_bound(seen, request.confidence)
    limited = max(bound, 1e-3)
    record = certificate(seen, limited, request.confidence, True, 1)
    right = certifying.right[:, certifying.index(request.reference)]
    warning = hollow(right, calibration, request.reference)
    record = replace(record, images_at_least=None, images_needed=None, warning=warning)
    return Plan(
        chosen.selector,
        record,
        request.reference,
        searching.images,
        len(ranked),
        result.mean_macs,
    )


def naive_plan(calibration: Scored, request: Request) -> Selector:
    """What one does without a certificate: the cheapest that kept the drop so far.

    All calibration images choose; nothing is held out and nothing is promised.
    """
    ranked = candidates(calibration, request)
    limit = request.max_drop_points / 100
    kept = [one for one in ranked if one.drop <= limit + 1e-12]
    return min(kept, key=lambda one: one.macs).selector


def candidates(scored: Scored, request: Request) -> list[_Ranked]:
    """Fixed rungs and up to 48 points of every front, with their drops and limits."""
    reference = scored.right[:, scored.index(request.reference)]
    found = [
        _ranked(
            Fixed(rung), float(macs), flips(reference, scored.right[:, place]), (rung,)
        )
        for place, (rung, macs) in enumerate(
            zip(scored.rungs, scored.macs, strict=True)
        )
    ]
    climbs = [way for way in request.ways if way != LEARNED]
    for ladder in ladders(scored, request.longest):
        part = scored.ladder(ladder)
        for way in climbs:
            found += _along(way, part, reference)
    if LEARNED in request.ways:
        found += _looking(scored, reference)
    return found


def _looking(scored: Scored, reference: Bools) -> list[_Ranked]:
    """`learned` over all rungs, at prices from none up to the cheapest rung only."""
    from selection.selectors.fit_learned import fit_learned, prices

    selector = fit_learned(scored)
    found = []
    for price in prices(selector, scored, _POINTS_A_FRONT).prices:
        priced = selector.with_price(float(price))
        here = replay(priced, scored)
        seen = flips(reference, here.right)
        found.append(_ranked(priced, here.mean_macs, seen, (*scored.rungs, LEARNED)))
    return found


def _along(way: str, part: Scored, reference: Bools) -> list[_Ranked]:
    template, confidences, front = front_of(way, part)
    right = right_by_stop(part, template.answer)
    macs = np.array(part.macs)
    found = []
    for cautious, points in ((False, _thinned(front)), (True, _cautious(confidences))):
        for thresholds in points:
            stop = stops(confidences, thresholds)
            here = right[np.arange(part.images), stop]
            mean = float(macs.cumsum()[stop].mean()) + template.own_macs
            selector = template.with_thresholds(tuple(float(t) for t in thresholds))
            seen = flips(reference, here)
            found.append(_ranked(selector, mean, seen, (*part.rungs, way), cautious))
    return found


def _thinned(front: Front) -> Floats:
    count = min(_POINTS_A_FRONT, len(front.macs))
    kept = np.linspace(0, len(front.macs) - 1, count).round().astype(int)
    return np.asarray(front.thresholds[np.unique(kept)])


def _cautious(confidences: Floats) -> Floats:
    """Thresholds that stop for the surest parts alone: few flips, off the front."""
    return np.asarray(np.quantile(confidences, _SUREST, axis=0, method="higher"))


def stops(confidences: Floats, thresholds: Floats) -> Ints:
    """(n,) place of the rung at which each climb ends."""
    sure = np.concatenate(
        [confidences >= thresholds, np.ones((len(confidences), 1), bool)], axis=1
    )
    return np.asarray(sure.argmax(axis=1))


def _ranked(
    selector: Selector,
    macs: float,
    seen: Flips,
    family: tuple[str, ...],
    cautious: bool = False,
) -> _Ranked:
    """The limit orders plans, no more: a win counts half, for most are luck."""
    net = seen.lost - seen.won / 2
    error = _CAUTION * float(np.sqrt(seen.lost + seen.won / 4 + 1))
    limit = (net + error) / seen.images
    return _Ranked(selector, macs, limit, seen.drop, family, cautious)


def order_of_tests(
    ranked: Sequence[_Ranked], limit: float, reference: str
) -> list[_Ranked]:
    """The plans to test, ever cheaper.

    The target is the cheapest plan whose rough limit is within the drop allowed, among
    the ladders that can climb to the reference: there, caution leads to no flips.
    Before it come its own ladder and way, at first with almost no images that stop
    early: tests that pass almost surely and keep the first failure late; whatever costs
    more than the target at a higher limit is no such test. After it come cheaper plans
    of ever higher limits.
    """
    own_top = [one for one in ranked if reference in one.family[1:-1]] or ranked
    safe = [one for one in own_top if one.limit <= limit]
    if safe:
        target = min(safe, key=lambda one: one.macs)
    else:
        target = min(own_top, key=lambda one: (one.limit, one.macs))
    own = [
        one
        for one in ranked
        if one.family == target.family
        and one.macs > target.macs
        and one.limit <= target.limit
    ]
    lead = sorted((one for one in own if one.cautious), key=lambda one: -one.macs)
    bold: list[_Ranked] = []
    for one in sorted(ranked, key=lambda one: (one.limit, one.macs)):
        below = bold[-1].macs if bold else target.macs
        if one.macs < below and one.limit >= target.limit and one.drop < limit:
            bold.append(one)
    edge = lead[-1].macs if lead else float("inf")
    between = _envelope([one for one in own if one.macs < edge])
    return [*_spread(lead), *_spread(between), target, *_spread(bold)]


def _envelope(plans: Sequence[_Ranked]) -> list[_Ranked]:
    """Those that no cheaper one undercuts in its limit; the dearest first."""
    kept: list[_Ranked] = []
    for one in sorted(plans, key=lambda one: (one.macs, one.limit)):
        if not kept or one.limit < kept[-1].limit:
            kept.append(one)
    return kept[::-1]


def _spread(plans: list[_Ranked]) -> list[_Ranked]:
    places = np.linspace(0, len(plans) - 1, min(_TESTS, len(plans))).round()
    return [plans[int(place)] for place in dict.fromkeys(places)]


def hollow(right: Bools, scored: Scored, reference: str) -> str:
    """What to say first of a plan whose reference guesses; "" where it does not.

    Args:
        right: (n,) answers of the reference.
    """
    if said := no_better_than_chance(right, scored.labels, scored.scores[0].shape[1]):
        return f"HOLLOW: {reference} itself is {said}."
    return ""
