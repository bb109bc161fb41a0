"""Plans tested in order with the labels there are, and which label is asked for next.

An image whose label is not known counts as lost, so at every moment the p-value of a
plan is at least the one that all labels would give (`selection/bound.py`: for given
images it rises with the losses and falls with the wins). A plan that passes early
passes with all labels too; one that would fail with every open image won fails with all
labels too. The outcome is that of the fixed sequence with all labels, whatever is asked
and whenever one looks or stops; stopping early can only end it at an earlier plan.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from selection.arrays import Float64s, Ints
from selection.plans.bound import certifies
from selection.plans.known import Compared, Known, compared


@dataclass(frozen=True)
class Standing:
    """How far a sequence of plans has come."""

    passed: int  # plans, from the first
    tested: int  # plans of which the outcome is known
    reachable: int  # plans that pass if every open label falls their way
    open: tuple[int, ...]  # rows whose labels may change it, the best one first

    @property
    def settled(self) -> bool:
        """No label can change which plan it is."""
        return not self.open


def standing(
    reference: Ints,
    plans: Sequence[Ints],
    known: Known,
    limit: float,
    confidence: float,
    hopes: Sequence[Float64s],
    further: bool = True,
) -> Standing:
    """The sequence with what is known now.

    Args:
        reference: (n,) answers of the reference rung.
        plans: (n,) answers of each plan, the first to be tested first.
        limit: largest true drop, a fraction.
        hopes: per plan (n,) how likely its answer is right where answers differ, less
            how likely the reference's is: the highest is asked first.
        further: also look at how far labels could bring it; else no further than the
            first plan that is open.
    """
    passed, reachable, blocked = 0, 0, False
    for plan, hope in zip(plans, hopes, strict=True):
        here = compared(reference, plan, known)
        if not blocked and certifies(here.at_worst(), limit, confidence):
            passed, reachable = passed + 1, reachable + 1
            continue
        if not certifies(here.at_best(), limit, confidence):
            tested = passed if blocked else passed + 1
            break
        if not blocked:
            blocked, waiting = True, open_rows(here, hope)
        reachable += 1
        if not further:
            tested = passed
            break
    else:
        tested = passed
    return Standing(passed, tested, reachable, waiting if blocked else ())


def open_rows(here: Compared, hope: Float64s) -> tuple[int, ...]:
    """Whose labels would say more, those that the plan most likely wins first."""
    rows = np.flatnonzero(here.open)
    return tuple(int(row) for row in rows[np.argsort(-hope[rows], kind="stable")])


def asked(
    reference: Ints,
    plans: Sequence[Ints],
    labels: Ints,
    limit: float,
    confidence: float,
    hopes: Sequence[Float64s],
    stop: Callable[[Standing, Known], bool] | None = None,
) -> tuple[Standing, Known]:
    """The same with labels that are there: each is read only when it is its turn.

    Labels that are UNLABELLED stay open.

    Args:
        stop: looks before the first label and after each; True ends the asking.
    """
    known = Known.nothing(len(labels))
    missing: set[int] = set()
    while True:
        here = standing(reference, plans, known, limit, confidence, hopes, False)
        row = next((row for row in here.open if row not in missing), None)
        if (stop is not None and stop(here, known)) or row is None:
            here = standing(reference, plans, known, limit, confidence, hopes)
            return here, known
        if labels[row] < 0:
            missing.add(row)
        else:
            known.labels[row] = labels[row]
