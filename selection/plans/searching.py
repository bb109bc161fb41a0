"""What plans promise on the images that search: ladders climbed in each way asked."""

from selection.arrays import Scores
from selection.belief import belief
from selection.plans.naive import learned_at_prices
from selection.plans.order import expected_saving, steps_of
from selection.plans.outlook import Outlook, outlook_of, outlook_of_list
from selection.plans.request import Request
from selection.plans.search import FIRST_WAYS, LEARNED, climber, ladders
from selection.scored import Scored
from selection.selectors.fixed import Fixed

_LADDERS = 12  # that are climbed in every way: those that promise most at first


def outlooks(searching: Scored, request: Request, images: int) -> list[Outlook]:
    """Every ladder climbed in the first ways, the best ones in all; single rungs too.

    Args:
        images: that will certify.
    """
    beliefs = belief(searching)
    column = searching.index(request.reference)
    reference = searching.answers[:, column]
    rungs = [Fixed(rung) for rung in searching.rungs if rung != request.reference]
    tried = [outlook_of_list(rungs, searching, reference, beliefs, ("fixed",))]
    if LEARNED in request.ways:
        looking = learned_at_prices(searching)
        family = (*searching.rungs, LEARNED)
        tried.append(outlook_of_list(looking, searching, reference, beliefs, family))
    climbs = [way for way in request.ways if way != LEARNED]
    first = [way for way in climbs if way in FIRST_WAYS] or climbs
    worth: dict[tuple[str, ...], float] = {}
    for ladder in ladders(searching, request.longest):
        for way in first:
            outlook = _outlook(searching, ladder, way, column, beliefs)
            hoped = _promise(outlook, searching.macs[column], images, request)
            worth[ladder] = max(worth.get(ladder, 0.0), hoped)
            tried.append(outlook)
    best = sorted(worth, key=lambda ladder: -worth[ladder])[:_LADDERS]
    further = [way for way in climbs if way not in first]
    tried += [
        _outlook(searching, ladder, way, column, beliefs)
        for ladder in best
        for way in further
    ]
    return [outlook for outlook in tried if outlook.macs.size]


def _outlook(
    searching: Scored, ladder: tuple[str, ...], way: str, column: int, beliefs: Scores
) -> Outlook:
    part = searching.ladder(ladder)
    template, confidences = climber(way, part, beliefs)
    reference = searching.answers[:, column]
    return outlook_of(template, confidences, part, reference, beliefs, way)


def _promise(
    outlook: Outlook, reference_macs: float, images: int, request: Request
) -> float:
    limit = request.max_drop_points / 100
    return expected_saving(
        steps_of(outlook, reference_macs, images, limit, request.confidence)
    )
