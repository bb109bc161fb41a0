"""Every selector at the same price: the best that it can do for a mean MACs budget."""

import bisect
from collections.abc import Sequence

import numpy as np

from datasets.errors import InputError
from selection.contract import Selector, climbed
from selection.judge import best_fixed
from selection.plans.front import Front
from selection.plans.search import Climber, front_of, ladders
from selection.replay import replay
from selection.scored import Scored
from selection.selectors.fixed import Fixed
from selection.selectors.oracle import Oracle
from selection.selectors.random_choice import RandomChoice

_WAYS = {"cascade": ("top1", "margin"), "deferral": ("deferral",)}  # if none are named


def choose(
    name: str,
    calibration: Scored,
    budget: float,
    ways: Sequence[str] = (),
    longest: int = 3,
    spent_on: Scored | None = None,
) -> Selector:
    """The most accurate selector of that name within a budget, on calibration images.

    Args:
        budget: mean MACs of one image.
        ways: of cascade or deferral, as `search.WAYS` names them.
        spent_on: images that the budget holds for, whose labels stay unread; None:
            the calibration images. Accuracy is always that of the calibration images.
    Raises:
        InputError: an unknown name, or nothing that cheap.
    """
    if budget < calibration.macs[0]:
        raise InputError(
            "budgets",
            f"{budget:,.0f} MACs",
            f"{calibration.macs[0]:,} or more, the cost of the cheapest rung, "
            f"{calibration.rungs[0]}",
            "Raise it.",
        )
    if name == "fixed":
        return Fixed(best_fixed(calibration, budget))
    if name == "random":
        return RandomChoice(calibration.rungs, _weights(calibration.macs, budget))
    if name == "oracle":
        return Oracle(calibration.rungs)
    if name == "learned":
        return _learned(calibration, budget, spent_on or calibration)
    if name in _WAYS:
        return _climber(calibration, budget, ways or _WAYS[name], longest, spent_on)
    raise InputError(
        "selectors", f"{name!r}", "fixed, random, cascade, deferral, learned or oracle"
    )


def _weights(macs: tuple[int, ...], budget: float) -> tuple[float, ...]:
    """Weights exp(-rate x cost) whose mean cost is the budget; the flattest that is."""
    costs = np.array(macs) / macs[-1]
    low, high = -1e3, 1e3  # the mean falls as the rate rises
    for _ in range(100):
        rate = (low + high) / 2
        tilted = np.exp(-rate * costs - (-rate * costs).max())
        if tilted @ costs / tilted.sum() > budget / macs[-1]:
            low = rate
        else:
            high = rate
    tilted = np.exp(-high * costs - (-high * costs).max())
    return tuple(float(weight) for weight in tilted / tilted.sum())


def _climber(
    calibration: Scored,
    budget: float,
    ways: Sequence[str],
    longest: int,
    spent_on: Scored | None,
) -> Selector:
    best: tuple[int, float, Selector] | None = None
    for ladder in ladders(calibration, longest):
        for way in ways:
            template, _, front = front_of(way, calibration.ladder(ladder))
            index = _dearest_within(template, front, budget, spent_on)
            if index < 0:
                continue
            right, macs = int(front.right[index]), float(front.mean_macs[index])
            if best is None or (right, -macs) > (best[0], -best[1]):
                best = (right, macs, _at(template, front, index))
    if best is None:
        raise InputError(
            "rungs",
            len(calibration.rungs),
            "two or more to climb",
            "Sweep more resolutions.",
        )
    return best[2]


def _dearest_within(
    template: Climber, front: Front, budget: float, spent_on: Scored | None
) -> int:
    """Place on the front of what the budget pays for; -1: not even the first."""
    if spent_on is None:
        return int(np.searchsorted(front.mean_macs, budget, side="right")) - 1
    part = spent_on.ladder(template.ladder)
    confidences, macs = template.confidences(part.scores), np.array(part.macs)

    def spent(index: int) -> float:
        paid = climbed(confidences >= front.thresholds[index])
        return float((paid @ macs).mean()) + template.own_macs

    # costs rise along the front on the images that made it, elsewhere almost
    index = bisect.bisect_right(range(len(front.macs)), budget, key=spent) - 1
    while index >= 0 and spent(index) > budget:
        index -= 1
    return index


def _at(template: Climber, front: Front, index: int) -> Selector:
    thresholds = tuple(float(value) for value in front.thresholds[index])
    return template.with_thresholds(thresholds)


def _learned(calibration: Scored, budget: float, spent_on: Scored) -> Selector:
    from selection.selectors.fit_learned import fit_learned, prices

    selector = fit_learned(calibration)
    priced = prices(selector, calibration)
    places = [
        index
        for index, price in enumerate(priced.prices)
        if replay(selector.with_price(float(price)), spent_on).mean_macs <= budget
    ]
    if not places:
        raise InputError(
            "budgets", f"{budget:,.0f} MACs", "enough to pay for the look", "Raise it."
        )
    best = max(places, key=lambda index: priced.accuracy[index])
    return selector.with_price(float(priced.prices[best]))
