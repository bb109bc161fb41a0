"""Every selector at the same price: the best that it can do for a mean MACs budget."""

from collections.abc import Sequence

import numpy as np

from datasets.errors import InputError
from selection.contract import Selector
from selection.fixed import Fixed
from selection.judge import best_fixed
from selection.oracle import Oracle
from selection.random_choice import RandomChoice
from selection.scored import Scored
from selection.search import front_of, ladders


def choose(
    name: str,
    calibration: Scored,
    budget: float,
    ways: Sequence[str] = (),
    longest: int = 3,
) -> Selector:
    """The most accurate selector of that name within a budget, on calibration images.

    Args:
        budget: mean MACs of one image.
        ways: of cascade or deferral, as `search.WAYS` names them.
    Raises:
        InputError: an unknown name, or nothing that cheap.
    """
    if budget < calibration.macs[0]:
        raise InputError(
            f"a budget of {budget:,.0f} MACs; the cheapest rung, "
            f"{calibration.rungs[0]}, takes {calibration.macs[0]:,}. Raise it."
        )
    if name == "fixed":
        return Fixed(best_fixed(calibration, budget))
    if name == "random":
        return RandomChoice(calibration.rungs, _weights(calibration.macs, budget))
    if name == "oracle":
        return Oracle(calibration.rungs)
    if name == "learned":
        return _learned(calibration, budget)
    if name == "cascade":
        return _climber(calibration, budget, ways or ("top1", "margin"), longest)
    if name == "deferral":
        return _climber(calibration, budget, ways or ("deferral",), longest)
    raise InputError(
        f"selector {name!r} is unknown; expected fixed, random, cascade, deferral, "
        "learned or oracle."
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
    calibration: Scored, budget: float, ways: Sequence[str], longest: int
) -> Selector:
    best: tuple[int, float, Selector] | None = None
    for ladder in ladders(calibration, longest):
        for way in ways:
            template, _, front = front_of(way, calibration.ladder(ladder))
            index = int(np.searchsorted(front.mean_macs, budget, side="right")) - 1
            if index < 0:
                continue
            right, macs = int(front.right[index]), float(front.mean_macs[index])
            if best is None or (right, -macs) > (best[0], -best[1]):
                thresholds = tuple(float(t) for t in front.thresholds[index])
                best = (right, macs, template.with_thresholds(thresholds))
    if best is None:
        raise InputError("a climb needs two rungs or more. Sweep more resolutions.")
    return best[2]


def _learned(calibration: Scored, budget: float) -> Selector:
    from selection.fit_learned import fit_learned, prices

    selector = fit_learned(calibration)
    priced = prices(selector, calibration)
    within = np.flatnonzero(priced.macs <= budget)
    if not within.size:
        raise InputError(
            f"a budget of {budget:,.0f} MACs does not pay for the look. Raise it."
        )
    index = within[np.argmax(priced.accuracy[within])]
    return selector.with_price(float(priced.prices[index]))
