"""Two rungs that agree are a reason to stop: a deferral rule with nothing to fit.

From the second rung on an answer that the rung below gave too is surer than any that it
did not; within either kind the higher probability is the surer. Written as the linear
rules of `selection.deferral`, so that a device repeats it with what it has.
"""

from selection.contract import MEAN, NEVER
from selection.selectors.deferral import TOP, Deferral
from selection.selectors.rules import Linear

_OF_EACH, _OF_PAIRS = TOP + 3, 2  # features, as `selection.deferral.features` has them


def agreement(ladder: tuple[str, ...], answer: str) -> Deferral:
    """The selector over a ladder, thresholds NEVER.

    The rule's score is less the probability, less 1 where the last two rungs agree.
    """
    rules = tuple(_rule(seen, answer) for seen in range(1, len(ladder)))
    return Deferral(ladder, rules, (NEVER,) * len(rules), answer)


def _rule(seen: int, answer: str) -> Linear:
    own = _OF_EACH * seen + _OF_PAIRS * (seen - 1)
    of_mean = _OF_EACH if answer == MEAN and seen > 1 else 0
    weights = [0.0] * (own + of_mean)
    weights[own if of_mean else _OF_EACH * (seen - 1)] = -1.0  # the highest score
    if seen > 1:
        weights[own - _OF_PAIRS] = -1.0  # 1 where the class is that of the rung below
    return Linear(0.0, tuple(weights))
