"""What one does without a certificate: the cheapest that kept the drop so far.

Exact fronts over all ladders and ways, on labelled images; nothing is held out.
"""

from dataclasses import dataclass

import numpy as np

from selection.arrays import Bools, Float64s, Ints
from selection.contract import Selector
from selection.plans.bound import Flips, flips
from selection.plans.front import Front
from selection.plans.request import Request
from selection.plans.search import LEARNED, front_of, ladders, right_by_stop
from selection.replay import replay
from selection.scored import Scored
from selection.selectors.fixed import Fixed

_POINTS_A_FRONT = 48


@dataclass(frozen=True)
class Ranked:
    """A plan, and what it did on the images that it was found on."""

    selector: Selector
    macs: float
    drop: float  # a fraction
    family: tuple[str, ...]  # ladder and way


def naive_plan(calibration: Scored, request: Request) -> Selector:
    """What one does without a certificate: the cheapest that kept the drop so far.

    All calibration images choose; nothing is held out and nothing is promised.
    """
    ranked = candidates(calibration, request)
    limit = request.max_drop_points / 100
    kept = [one for one in ranked if one.drop <= limit + 1e-12]
    return min(kept, key=lambda one: one.macs).selector


def candidates(scored: Scored, request: Request) -> list[Ranked]:
    """Fixed rungs and up to 48 points of every front, with their drops and limits."""
    reference = scored.right[:, scored.index(request.reference)]
    ranked = [
        _ranked(
            Fixed(rung), float(macs), flips(reference, scored.right[:, column]), (rung,)
        )
        for column, (rung, macs) in enumerate(
            zip(scored.rungs, scored.macs, strict=True)
        )
    ]
    climbs = [way for way in request.ways if way != LEARNED]
    for ladder in ladders(scored, request.longest):
        part = scored.ladder(ladder)
        for way in climbs:
            ranked += _along(way, part, reference)
    if LEARNED in request.ways:
        ranked += _looking(scored, reference)
    return ranked


def _looking(scored: Scored, reference: Bools) -> list[Ranked]:
    """`learned` over all rungs, at prices from none up to the cheapest rung only."""
    ranked = []
    for priced in learned_at_prices(scored):
        here = replay(priced, scored)
        seen = flips(reference, here.right)
        ranked.append(_ranked(priced, here.mean_macs, seen, (*scored.rungs, LEARNED)))
    return ranked


def _along(way: str, part: Scored, reference: Bools) -> list[Ranked]:
    template, confidences, front = front_of(way, part)
    right = right_by_stop(part, template.answer)
    macs = np.array(part.macs)
    ranked = []
    for thresholds in _thinned(front):
        stop = stops(confidences, thresholds)
        here = right[np.arange(part.images), stop]
        mean = float(macs.cumsum()[stop].mean()) + template.own_macs
        selector = template.with_thresholds(tuple(float(t) for t in thresholds))
        seen = flips(reference, here)
        ranked.append(_ranked(selector, mean, seen, (*part.rungs, way)))
    return ranked


def _thinned(front: Front) -> Float64s:
    count = min(_POINTS_A_FRONT, len(front.macs))
    kept = np.linspace(0, len(front.macs) - 1, count).round().astype(int)
    return np.asarray(front.thresholds[np.unique(kept)])


def stops(confidences: Float64s, thresholds: Float64s) -> Ints:
    """(n,) place of the rung at which each climb ends."""
    sure = np.concatenate(
        [confidences >= thresholds, np.ones((len(confidences), 1), bool)], axis=1
    )
    return np.asarray(sure.argmax(axis=1))


def _ranked(
    selector: Selector, macs: float, seen: Flips, family: tuple[str, ...]
) -> Ranked:
    return Ranked(selector, macs, seen.drop, family)


def learned_at_prices(scored: Scored) -> list[Selector]:
    """The same, as selectors; fitted on images that all have labels."""
    from selection.selectors.fit_learned import fit_learned, prices

    selector = fit_learned(scored)
    tried = prices(selector, scored, _POINTS_A_FRONT).prices
    return [selector.with_price(float(price)) for price in tried]
