"""The same plan over many random splits: what a certificate costs, and spares."""

from dataclasses import dataclass, replace

from selection.contract import Selector
from selection.plans.naive import naive_plan
from selection.plans.planning import certified_plan
from selection.plans.request import Request
from selection.replay import replay
from selection.scored import Scored
from selection.split import split


@dataclass(frozen=True)
class Outcome:
    """One plan of one split, on the images that chose nothing."""

    certified: bool
    saved_percent: float  # of the reference's MACs
    drop_points: float
    labels: int = 0  # that the certificate asked for


@dataclass(frozen=True)
class Outcomes:
    """Per split: the naive plan over two-rung cascades, over everything, certified."""

    cascade: tuple[Outcome, ...]
    naive: tuple[Outcome, ...]
    certified: tuple[Outcome, ...]


def repeat_splits(
    scored: Scored, request: Request, splits: int, part: float
) -> Outcomes:
    """Plans anew on each split, of seeds request.seed, request.seed + 1, ...

    Args:
        part: of the images that choose (search, and certify where asked).
    """
    cascade, naive, certified = [], [], []
    for number in range(splits):
        own = replace(request, seed=request.seed + number)
        calibration, test = split(scored, part, own.seed)
        plain = replace(own, ways=("top1",), longest=2)
        cascade.append(_outcome(naive_plan(calibration, plain), test, own))
        naive.append(_outcome(naive_plan(calibration, own), test, own))
        plan = certified_plan(calibration, own)
        told = _outcome(plan.selector, test, own)
        certified.append(
            replace(
                told,
                certified=plan.certificate.certified,
                labels=plan.certificate.labels_used or 0,
            )
        )
    return Outcomes(tuple(cascade), tuple(naive), tuple(certified))


def _outcome(selector: Selector, test: Scored, request: Request) -> Outcome:
    done = replay(selector, test)
    column = test.index(request.reference)
    drop = test.right[:, column].mean() - done.accuracy
    saved = 1 - done.mean_macs / test.macs[column]
    return Outcome(False, 100 * float(saved), 100 * float(drop))
