"""Which plans are tested, and in which order: one family, a few steps, safest first.

Every test must pass for the next one to count, so what is gained by a further step is
what it saves times the chance that it passes. Plans of one ladder, climbed in one way,
stop for sets of images that lie in one another: their tests pass or fail together, and
their labels are the same ones. So the family that promises the greatest saving is
taken, at a few chances of passing. Before it comes a plan that hardly ever answers
otherwise, which keeps a bad guess from costing everything: it would likely pass even if
every answer that differs were lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from selection.arrays import Float64s
from selection.contract import LAST, Selector
from selection.plans.outlook import Outlook

CHANCES = (0.9995, 0.995, 0.98, 0.95, 0.9, 0.8, 0.65, 0.5, 0.35)  # of the steps
_ALIKE = (0.8,)  # of the one before them, by agreement alone: labels then add wins
_NEAR = 0.005  # the highest chance
_STEP = 0.01  # of the reference's MACs: a smaller gain is not worth a test


@dataclass(frozen=True, kw_only=True)
class Step:
    """A plan to test, and what is expected of it."""

    selector: Selector
    chance: float  # that it is certified
    saved: float  # of the reference's MACs
    differ: float  # of the images: how many labels it may take
    family: tuple[str, ...]


def order_of_tests(
    outlooks: Sequence[Outlook],
    reference: str,
    reference_macs: float,
    images: int,
    limit: float,
    confidence: float,
    chances: Sequence[float] = CHANCES,
) -> list[Step]:
    """The plans to test, ever cheaper; empty where none can be certified.

    Args:
        images: that will certify.
        limit: largest true drop, a fraction.
        chances: of passing, at each of which the cheapest plan is a step.
    """
    seen = [
        _seen(outlook, reference_macs, images, limit, confidence)
        for outlook in outlooks
    ]
    families = [_steps([outlook], chances) for outlook in seen]
    best = max(families, key=expected_saving, default=[])
    own_top = [outlook for outlook in seen if _ends_at(outlook[0], reference)]
    alike = [
        (outlook, outlook.power(images, limit, confidence, alike=True), saved)
        for outlook, _, saved in own_top
    ]
    first = best[0].saved if best else np.inf
    return [
        *(
            replace(outlook, chance=1.0)
            for outlook in _at(alike, _ALIKE)
            if outlook.saved < first - _STEP
        ),
        *best,
    ]


def expected_saving(steps: Sequence[Step]) -> float:
    """Each step adds its saving if it passes and all before it do."""
    total, before, chance = 0.0, 0.0, 1.0
    for step in steps:
        chance = min(chance, step.chance)
        total += chance * (step.saved - before)
        before = step.saved
    return total


_Seen = tuple[Outlook, Float64s, Float64s]  # its powers, its savings


def steps_of(
    outlook: Outlook,
    reference_macs: float,
    images: int,
    limit: float,
    confidence: float,
) -> list[Step]:
    """The steps that one family would be tested at."""
    seen = _seen(outlook, reference_macs, images, limit, confidence)
    return _steps([seen], CHANCES)


def _seen(
    outlook: Outlook,
    reference_macs: float,
    images: int,
    limit: float,
    confidence: float,
) -> _Seen:
    power = outlook.power(images, limit, confidence)
    return outlook, power, np.asarray(1 - outlook.macs / reference_macs)


def _steps(seen: Sequence[_Seen], chances: Sequence[float]) -> list[Step]:
    """At each chance the cheapest plan, near the highest chance that there is first."""
    highest = (
        float(np.where(saved > _STEP, power, 0.0).max()) for _, power, saved in seen
    )
    top = max(highest, default=0.0) - _NEAR
    return _at(seen, (top, *(one for one in chances if one < top)))


def _at(seen: Sequence[_Seen], chances: Sequence[float]) -> list[Step]:
    """At each chance the cheapest plan; one that saves little more is left out."""
    steps: list[Step] = []
    for chance in chances:
        best: Step | None = None
        for outlook, power, saved in seen:
            within = np.where(power >= chance, saved, -1.0)
            index = int(within.argmax())
            if within.flat[index] > (best.saved if best else 0.0):
                best = _step(outlook, power, saved, index)
        if best and best.saved > (steps[-1].saved + _STEP if steps else 0.0):
            steps.append(best)
    return steps


def _step(outlook: Outlook, power: Float64s, saved: Float64s, index: int) -> Step:
    return Step(
        selector=outlook.selector(index),
        chance=float(power.flat[index]),
        saved=float(saved.flat[index]),
        differ=float(outlook.differ.flat[index]),
        family=outlook.family,
    )


def _ends_at(outlook: Outlook, reference: str) -> bool:
    """Whether a climb that never stops early gives the reference's own answers."""
    template = outlook.template
    if template is None or template.answer != LAST:
        return False
    return template.ladder[-1] == reference
