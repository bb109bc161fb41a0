"""The cheapest plan whose accuracy drop is certified, or the best under a budget.

A part of the calibration images search, with labels or without; what was found is put
in an order (`selection/order.py`), and that family is fixed before a label of the other
part is read. The other images certify, by the labels of those on which answers differ.
"""

from dataclasses import asdict, dataclass, replace

import numpy as np

from keras_models.accuracy import no_better_than_chance
from selection.arrays import Bools, Json
from selection.contract import Selector
from selection.plans.asking import Standing
from selection.plans.certify import Certificate, certificate, check_limits
from selection.plans.family import Family, LabelStep, family_of
from selection.plans.known import Known, compared
from selection.plans.order import order_of_tests
from selection.plans.outlook import Outlook
from selection.plans.part_bounds import PartBounds, group_bounds, halt_bounds
from selection.plans.request import Request
from selection.plans.searching import outlooks
from selection.scored import Scored
from selection.selectors.fixed import Fixed
from selection.split import split


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A selector and what is promised of it."""

    selector: Selector
    certificate: Certificate
    reference: str
    search_images: int
    candidates: int  # thresholds considered for the sequence
    macs: float  # mean of one image on the certification images
    family: Family
    index: int | None  # in the family; None: the reference itself
    halts: PartBounds | None = None  # the bound for the images that stop at each rung
    groups: tuple[PartBounds, ...] = ()
    label_steps: tuple[LabelStep, ...] = ()  # what was certified after how many labels

    def to_json(self) -> Json:
        """What `convert` and `bench` take."""
        facts: Json = {
            "format": 1,
            "kind": "plan",
            "reference": self.reference,
            "selector": self.selector.to_json(),
            "own_macs": self.selector.own_macs,
            "mean_macs": self.macs,
            "search_images": self.search_images,
            "candidates": self.candidates,
            "certificate": self.certificate.to_json(),
            "family_sha256": self.family.sha256,
            "family_place": self.index,
        }
        if self.halts is not None and self.index is not None:
            facts["halts"] = self.halts.to_json()
            stops = self.family.stops[self.index]
            counts = np.bincount(stops, minlength=len(self.selector.ladder))
            facts["certified_stops"] = counts.tolist()
        if self.label_steps:
            facts["label_steps"] = [asdict(step) for step in self.label_steps]
        if self.groups:
            facts["groups"] = [one.to_json() for one in self.groups]
        return facts


def certified_plan(calibration: Scored, request: Request) -> Plan:
    """The cheapest plan that passes; where none does, the safest, not certified.

    Where what passes, or is safest, costs more than the reference, it is the reference
    itself, which loses nothing against itself.
    Labels that are there are read when they are asked for, and no others.

    Raises:
        InputError: limits out of range, the reference is not stored, too few images to
            split.
    """
    searching, certifying = parts_of(calibration, request)
    family = searched_family(searching, certifying, request)
    return tested_plan(family, calibration, certifying, request.max_labels)[0]


def tested_plan(
    family: Family, calibration: Scored, certifying: Scored, most: int | None
) -> tuple[Plan, Known]:
    """The plan by the labels that are there, each read when it is asked for.

    Args:
        most: labels that are read at most; None: as long as one can change the plan.
    """
    asked = family.asked(certifying.labels, most)
    plan = plan_of(family, asked.standing, asked.known)
    record = replace(
        plan.certificate, warning=hollow_warning(calibration, family.reference)
    )
    made = replace(plan, certificate=record, label_steps=asked.steps)
    return made, asked.known


def grouped(plan: Plan, known: Known, groups: dict[str, tuple[str, ...]]) -> Plan:
    """The same with the bounds of groups.

    Args:
        groups: per name the group of each certification image.
    """
    if plan.index is None:
        return plan
    bounds = tuple(
        group_bounds(plan.family, plan.index, known, name, column)
        for name, column in groups.items()
    )
    return replace(plan, groups=bounds)


def hollow(right: Bools, scored: Scored, reference: str) -> str:
    """What to say first of a plan whose reference guesses; "" where it does not.

    Args:
        right: (n,) answers of the reference.
    """
    classes = scored.scores[0].shape[1]
    if said := no_better_than_chance(right, scored.labels, classes):
        return f"HOLLOW: {reference} itself is {said}."
    return ""


def hollow_warning(scored: Scored, reference: str) -> str:
    """The same of the images that have labels; without any there is nothing to say."""
    if not scored.labelled.any():
        return ""
    labelled = scored.take(np.flatnonzero(scored.labelled))
    return hollow(labelled.right[:, labelled.index(reference)], labelled, reference)


def parts_of(calibration: Scored, request: Request) -> tuple[Scored, Scored]:
    """(images that search, images that certify); labels taken away where asked."""
    check_limits(request.max_drop_points, request.confidence)
    calibration.index(request.reference)
    searching, certifying = split(calibration, request.search_part, request.seed)
    if not request.search_labels:
        searching = searching.unlabelled()
    return searching, certifying


def searched_family(searching: Scored, certifying: Scored, request: Request) -> Family:
    """The plans to test, in their order; the labels that certify stay unread."""
    images, limit = certifying.images, request.max_drop_points / 100
    seen = outlooks(searching, request, images)
    reference_macs = searching.macs[searching.index(request.reference)]
    steps = order_of_tests(
        seen, request.reference, reference_macs, images, limit, request.confidence
    )
    selectors = [one.selector for one in steps]
    if not selectors:
        selectors = [_safest(seen, images, reference_macs, request)]
    return family_of(
        selectors,
        certifying,
        request.reference,
        request.max_drop_points,
        request.confidence,
        searching,
        sum(one.macs.size for one in seen),
    )


def _safest(
    seen: list[Outlook], images: int, reference_macs: float, request: Request
) -> Selector:
    """Where nothing is likely to pass: the cheaper plan that comes nearest."""
    limit = request.max_drop_points / 100
    chances = [
        np.where(
            outlook.macs < reference_macs,
            outlook.power(images, limit, request.confidence),
            -1.0,
        )
        for outlook in seen
    ]
    if max(float(outlook.max()) for outlook in chances) < 0:
        return Fixed(request.reference)
    best = max(range(len(seen)), key=lambda index: float(chances[index].max()))
    return seen[best].selector(int(chances[best].argmax()))


def plan_of(family: Family, here: Standing, known: Known) -> Plan:
    """The plan as the labels known so far have it."""
    index = max(here.passed - 1, 0)
    seen = compared(family.reference_answers, family.answers[index], known)
    used = known.said
    dearer = family.macs[index] >= family.reference_macs
    if dearer and family.max_drop_points >= 0:
        return _reference_itself(family, here, known)
    record = certificate(
        seen.at_worst(),
        family.max_drop_points,
        family.confidence,
        here.passed > 0,
        max(here.tested, 1),
        int(seen.open.sum()),
        used,
        not here.settled,
    )
    return Plan(
        selector=family.selectors[index],
        certificate=record,
        reference=family.reference,
        search_images=family.search_images,
        candidates=family.candidates,
        macs=family.macs[index],
        family=family,
        index=index,
        halts=halt_bounds(family, index, known),
    )


def _reference_itself(family: Family, here: Standing, known: Known) -> Plan:
    own = family.reference_answers
    nothing = compared(own, own, Known.nothing(len(own)))
    record = certificate(
        nothing.at_worst(),
        family.max_drop_points,
        family.confidence,
        True,
        here.tested,
        0,
        known.said,
        not here.settled,
    )
    needed = _images_for_less(family, known)
    return Plan(
        selector=Fixed(family.reference),
        certificate=replace(record, bound_points=0.0, images_needed=needed),
        reference=family.reference,
        search_images=family.search_images,
        candidates=family.candidates,
        macs=family.reference_macs,
        family=family,
        index=None,
    )


def _images_for_less(family: Family, known: Known) -> int | None:
    """How many images the first plan that costs less would take; None: there is none.

    At the flip rates seen, which are an estimate.
    """
    own = family.reference_answers
    for answers, macs in zip(family.answers, family.macs, strict=True):
        if macs < family.reference_macs:
            seen = compared(own, answers, known)
            return certificate(
                seen.at_worst(),
                family.max_drop_points,
                family.confidence,
                False,
                0,
                int(seen.open.sum()),
                known.said,
            ).images_needed
    return None
