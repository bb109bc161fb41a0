"""The best plan under a budget of MACs, its drop bounded."""

from dataclasses import replace

import numpy as np

from datasets.errors import InputError
from selection.contract import Selector
from selection.plans.asking import Standing
from selection.plans.bound import upper_bound
from selection.plans.family import family_of
from selection.plans.known import Known, compared
from selection.plans.outlook import Outlook
from selection.plans.planning import Plan, hollow_warning, parts_of, plan_of
from selection.plans.request import Request
from selection.plans.searching import outlooks
from selection.scored import Scored


def plan_under_budget(calibration: Scored, request: Request, max_macs: float) -> Plan:
    """The most accurate plan of the search half under a budget, its drop bounded.

    One plan is tested, so its exact bound stands as it is: `max_drop_points` of the
    certificate is that bound. All labels that are there are read.

    Raises:
        InputError: no rung is so cheap.
    """
    searching, certifying = parts_of(calibration, request)
    chosen = _best_within(outlooks(searching, request, certifying.images), max_macs)
    if chosen is None:
        raise InputError(
            "max_macs",
            f"{max_macs:,.0f}",
            f"{calibration.macs[0]:,} or more, the cost of the cheapest rung, "
            f"{calibration.rungs[0]}",
            "Raise it, or sweep a smaller resolution.",
        )
    family = family_of(
        [chosen],
        certifying,
        request.reference,
        request.max_drop_points,
        request.confidence,
        searching,
        1,
    )
    known = Known(certifying.labels.copy())
    seen = compared(family.reference_answers, family.answers[0], known)
    bound = 100 * upper_bound(seen.at_worst(), request.confidence)
    family = replace(family, max_drop_points=bound)
    plan = plan_of(family, Standing(1, 1, 1, ()), known)
    record = replace(
        plan.certificate,
        images_at_least=None,
        images_needed=None,
        labels_needed=None,
        labels_used=int((seen.differ & certifying.labelled).sum()),
        warning=hollow_warning(calibration, request.reference),
    )
    return replace(plan, certificate=record, index=0)


def _best_within(seen: list[Outlook], max_macs: float) -> Selector | None:
    """The smallest expected drop, then the cheapest."""
    best: tuple[float, float, Selector] | None = None
    for outlook in seen:
        drop = np.where(outlook.macs <= max_macs, outlook.lost - outlook.won, np.inf)
        index = int(drop.argmin())
        nearest = (float(drop.flat[index]), float(outlook.macs.flat[index]))
        if np.isfinite(nearest[0]) and (best is None or nearest < best[:2]):
            best = (*nearest, outlook.selector(index))
    return None if best is None else best[2]
