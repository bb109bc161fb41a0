"""What may be planned: ladders times ways to climb them, each with its exact front."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from datasets.errors import InputError
from selection.arrays import Bools, Float64s, Scores
from selection.belief import belief
from selection.confidence import CALIBRATED, fit_temperature
from selection.contract import LAST, NEVER
from selection.plans.front import Front, exact_front
from selection.replay import stop_answers
from selection.scored import Scored, check_labelled
from selection.selectors.agreement import agreement
from selection.selectors.cascade import Cascade
from selection.selectors.deferral import Deferral

Climber = Cascade | Deferral
WAYS = (
    "top1",
    "margin",
    "entropy",
    "calibrated",
    "top1-mean",
    "margin-mean",
    "deferral",
    "deferral-boosted",
    "deferral-mean",
    "agreement",
    "agreement-mean",
)
FIRST_WAYS = ("top1", "top1-mean")  # of every ladder; the others of the best ones
DEFAULT_WAYS = (*FIRST_WAYS, "margin", "margin-mean")
LEARNED = "learned"  # no climb: one rung a picture, of all rungs


def climber(
    way: str, scored: Scored, beliefs: Scores | None = None
) -> tuple[Climber, Float64s]:
    """A way of climbing these rungs, thresholds NEVER, and confidences to search on.

    Args:
        beliefs: (n, classes) of `belief` over all rungs; None: over these.
    Raises:
        InputError: an unknown way.
    """
    if way not in WAYS:
        raise InputError("ways", f"{way!r}", f"some of {', '.join(WAYS)}, {LEARNED}")
    name, _, variant = way.partition("-")
    answer = "mean" if variant == "mean" else LAST
    if name == "agreement":
        agreeing = agreement(scored.rungs, answer)
        return agreeing, agreeing.confidences(scored.scores)
    if name == "deferral":
        from selection.selectors.fit_deferral import BOOSTED, LOGISTIC, fit_deferral

        rule = BOOSTED if variant == "boosted" else LOGISTIC
        fitted = fit_deferral(scored, rule, answer, beliefs=beliefs)
        return fitted.selector, fitted.held_out
    temperatures: tuple[float, ...] = ()
    if name == CALIBRATED:
        likely = belief(scored) if beliefs is None else beliefs
        labels = likely.argmax(axis=1)
        temperatures = tuple(fit_temperature(s, labels) for s in scored.scores[:-1])
    never = (NEVER,) * (len(scored.rungs) - 1)
    cascade = Cascade(
        ladder=scored.rungs,
        thresholds=never,
        confidence=name,
        answer=answer,
        temperatures=temperatures,
    )
    return cascade, cascade.confidences(scored.scores)


def right_by_stop(scored: Scored, answer: str) -> Bools:
    """(n, rungs): whether a climb that ends at a rung is answered right."""
    check_labelled(scored.labels, "accuracy")
    return np.asarray(stop_answers(scored, answer) == scored.labels[:, None])


def front_of(way: str, scored: Scored) -> tuple[Climber, Float64s, Front]:
    """One way over exactly these rungs: template, confidences searched on, front."""
    template, confidences = climber(way, scored)
    right = right_by_stop(scored, template.answer)
    front = exact_front(confidences, right, scored.macs, template.own_macs)
    return template, confidences, front


def ladders(scored: Scored, longest: int) -> Iterator[tuple[str, ...]]:
    """Two rungs up to `longest` (at most 3), each costlier than the one before."""
    cost = dict(zip(scored.rungs, scored.macs, strict=True))
    for count in range(2, min(longest, 3) + 1):
        for rungs in combinations(scored.rungs, count):
            if len({cost[rung] for rung in rungs}) == count:
                yield rungs
