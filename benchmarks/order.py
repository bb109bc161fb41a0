"""In which order plans are tested: what other orders would have certified.

The scores are those of `reswise drop --run DIR`, DIR given by the environment variable
RESWISE_SCORES, the reference by RESWISE_REFERENCE. On each random split one part
searches without labels, another certifies with all the labels that an order asks for;
every order sees the same plans on the same images. RESWISE_SPLITS says how many splits,
RESWISE_PARTS how many images choose and how many of those search, RESWISE_LIMITS the
limits in points.

`split` tests two families at half the error each; `graphical` does, and gives the half
of a family that passed whole to the other one (Bretz et al. 2009).
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from keras_models.scoring.stored_scores import load_rungs
from selection.plans.family import Family, family_of
from selection.plans.order import CHANCES, Step, order_of_tests
from selection.plans.outlook import Outlook
from selection.plans.planning import parts_of
from selection.plans.request import Request
from selection.plans.searching import outlooks
from selection.scored import Scored, from_stored
from selection.split import split

SPLITS = int(os.environ.get("RESWISE_SPLITS", "20"))
FIRST_SEED = int(os.environ.get("RESWISE_SEED", "500"))
REFERENCE = os.environ.get("RESWISE_REFERENCE", "resnet50_v15@224")
PARTS = tuple(map(int, os.environ.get("RESWISE_PARTS", "1100,300").split(",")))
LIMITS = tuple(map(float, os.environ.get("RESWISE_LIMITS", "1,0").split(",")))
FEW, ONE = (0.98, 0.8, 0.5), (0.8,)
MANY = (0.9995, 0.999, *np.linspace(0.995, 0.3, 20).tolist())


@dataclass(frozen=True, kw_only=True)
class Search:
    """What the images that search have said, and those that certify."""

    seen: list[Outlook]
    searching: Scored
    certifying: Scored
    request: Request

    def steps(
        self,
        chances: Sequence[float] = CHANCES,
        seen: list[Outlook] | None = None,
        confidence: float | None = None,
    ) -> list[Step]:
        """As the tool orders them, but for what is given."""
        asked = self.request
        column = self.searching.index(asked.reference)
        return order_of_tests(
            self.seen if seen is None else seen,
            asked.reference,
            self.searching.macs[column],
            self.certifying.images,
            asked.max_drop_points / 100,
            confidence or asked.confidence,
            chances,
        )

    def family(self, steps: Sequence[Step], confidence: float | None = None) -> Family:
        """Their answers on the certification images."""
        return family_of(
            [step.selector for step in steps],
            self.certifying,
            self.request.reference,
            self.request.max_drop_points,
            confidence or self.request.confidence,
            self.searching,
            0,
        )


Ended = tuple[float, int]  # % of the MACs saved, certified; labels read
Order = Callable[[Search], Ended]


def _tested(search: Search, steps: Sequence[Step]) -> Ended:
    if not steps:
        return 0.0, 0
    family = search.family(steps)
    asked = family.asked(search.certifying.labels)
    return _saved(family, asked.standing.passed), asked.known.said


def _saved(family: Family, passed: int) -> float:
    return max(0.0, family.saved_percent(passed - 1)) if passed else 0.0


def _no_safe_start(search: Search) -> Ended:
    return _tested(search, [step for step in search.steps() if step.chance < 1])


def _two_families(search: Search, passed_on: bool) -> Ended:
    half = (1 + search.request.confidence) / 2
    first = search.steps(confidence=half)
    rest = [one for one in search.seen if not first or one.family != first[-1].family]
    families = [
        search.family(steps, half)
        for steps in (first, search.steps(seen=rest, confidence=half))
        if steps
    ]
    labels = search.certifying.labels
    asked = [family.asked(labels) for family in families]
    passed = [one.standing.passed for one in asked]
    whole = [
        count == len(family.selectors)
        for count, family in zip(passed, families, strict=True)
    ]
    read = {row for one in asked for row in np.flatnonzero(one.known.labels >= 0)}
    if passed_on and len(families) == 2 and any(whole) and not all(whole):
        other = whole.index(False)
        steps = (first, search.steps(seen=rest, confidence=half))[other]
        again = search.family(steps).asked(labels)
        passed[other] = again.standing.passed
        read |= set(np.flatnonzero(again.known.labels >= 0))
    best = [_saved(*pair) for pair in zip(families, passed, strict=True)]
    return max(best, default=0.0), len(read)


ORDERS: dict[str, Order] = {
    "as it is: nine chances, a safe start": lambda search: _tested(
        search, search.steps()
    ),
    "without the safe start": _no_safe_start,
    "three chances": lambda search: _tested(search, search.steps(FEW)),
    "one, at a chance of 0.8": lambda search: _tested(search, search.steps(ONE)),
    "twenty-two chances": lambda search: _tested(search, search.steps(MANY)),
    "split: two families": partial(_two_families, passed_on=False),
    "graphical: two families": partial(_two_families, passed_on=True),
}


def main() -> None:
    """Prints a table of Markdown a limit."""
    folder = Path(os.environ.get("RESWISE_SCORES", "runs/photographs"))
    if not folder.is_dir():
        print(f"order: no scores at {folder}; set RESWISE_SCORES to a --run folder")
        return
    scored = from_stored(load_rungs(folder))
    for limit in LIMITS:
        _table(scored, limit)


def _table(scored: Scored, limit: float) -> None:
    ends: dict[str, list[Ended]] = {name: [] for name in ORDERS}
    for seed in range(FIRST_SEED, FIRST_SEED + SPLITS):
        search = _search(scored, limit, seed)
        for name, order in ORDERS.items():
            ends[name].append(order(search))
    last = FIRST_SEED + SPLITS - 1
    print(
        f"\nlimit {limit:g} points, seeds {FIRST_SEED} to {last}, against {REFERENCE}"
    )
    print("| order | certified | saved %, median (mean; least) | labels, median |")
    print("|---|---:|---:|---:|")
    for name, ended in ends.items():
        saved, labels = np.array(ended, np.float64).T
        print(
            f"| {name} | {(saved > 0).sum()} of {SPLITS} | {np.median(saved):.1f} "
            f"({saved.mean():.1f}; {saved.min():.1f}) | {np.median(labels):.0f} |",
            flush=True,
        )


def _search(scored: Scored, limit: float, seed: int) -> Search:
    calibration, _ = split(scored, PARTS[0], seed)
    request = Request(
        reference=REFERENCE,
        max_drop_points=limit,
        seed=seed,
        search_part=PARTS[1],
        search_labels=False,
    )
    searching, certifying = parts_of(calibration, request)
    seen = outlooks(searching, request, certifying.images)
    return Search(
        seen=seen, searching=searching, certifying=certifying, request=request
    )
