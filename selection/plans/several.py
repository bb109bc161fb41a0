"""Several variants of one network certified at once: which lose at most so much.

Fixed-sequence testing as in `certify`: on the images that search each variant gets a
chance to pass; those that are worth it are tested in the order of their chances on the
images that certify, each at the full level, until one fails. The chance that any that
passed breaks the limit is at most 1 - confidence, however many they are; so whatever is
then chosen among them, by any cost, is covered.

Not worth a test is what another variant, or the reference, beats in its chance and in
every cost: nobody would choose it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from datasets.errors import InputError
from selection.arrays import Bools, Float64s, Ints
from selection.plans.bound import Flips, certifies
from selection.plans.certify import Certificate, certificate, check_limits
from selection.plans.outlook import Outlook
from selection.scored import check_labelled
from selection.split import parted

_SAME = 1e-9


@dataclass(frozen=True)
class Limits:
    """What is to be certified, and how sure."""

    max_drop_points: float = 1.0
    confidence: float = 0.95
    search_part: float = 0.3  # of the images; above 1: so many
    seed: int = 0  # of the split into those that search and those that certify

    def check(self) -> None:
        """InputError where one is out of range."""
        check_limits(self.max_drop_points, self.confidence)
        if self.search_part <= 0 or self.search_part == 1:
            raise InputError(
                "search_part",
                f"{self.search_part:g}",
                "a part between 0 and 1, such as 0.3, or a number of images above 1",
            )

    def parts(self, ids: tuple[str, ...]) -> tuple[Ints, Ints]:
        """(rows of the images that search, rows of those that certify).

        Raises:
            InputError: there would be none of either.
        """
        try:
            return parted(ids, self.search_part, self.seed)
        except InputError as error:
            raise InputError(
                "search_part",
                f"{self.search_part:g}",
                "at least one image on each side",
                "Use more images.",
                f"cannot split {len(ids)} images",
            ) from error


@dataclass(frozen=True, eq=False, kw_only=True)
class Candidate:
    """One variant: its answers, and what it costs."""

    name: str
    answers: Ints  # (n,) over all images
    costs: tuple[float, ...]  # each a part of the reference's, which are all 1


@dataclass(frozen=True, kw_only=True)
class Tested:
    """What became of one variant."""

    name: str
    costs: tuple[float, ...]
    chance: float  # to pass, by the images that search
    place: int | None  # in the sequence, from 1; None: not worth a test
    tested: bool  # False: one before it failed, or it is not in the sequence
    certificate: Certificate  # of its own; certified where it passed

    @property
    def certified(self) -> bool:
        return self.certificate.certified


@dataclass(frozen=True, kw_only=True)
class Several:
    """All of them, in the order given, and what they were tested on."""

    tested: tuple[Tested, ...]
    searching: Ints  # rows of the images that search
    certifying: Ints  # rows of those that certify
    limits: Limits

    def cheapest(self, cost: int) -> Tested | None:
        """The certified one that costs least; None: none costs less than all of it."""
        passed = [one for one in self.tested if one.certified and one.costs[cost] < 1]
        return min(passed, key=lambda one: (one.costs[cost], -one.chance), default=None)

    def nearest(self, cost: int) -> Tested | None:
        """The cheaper one still, not certified, that more images would certify."""
        best = self.cheapest(cost)
        least = best.costs[cost] if best else 1.0
        open_ones = [
            tested
            for tested in self.tested
            if not tested.certified
            and tested.costs[cost] < least
            and tested.certificate.images_needed is not None
        ]
        return min(
            open_ones,
            key=lambda one: one.certificate.images_needed or np.inf,
            default=None,
        )


def certify_several(
    candidates: Sequence[Candidate],
    reference: Ints,
    labels: Ints,
    ids: tuple[str, ...],
    limits: Limits,
) -> Several:
    """Searches on some images, certifies on the others.

    Args:
        reference: (n,) answers that the drop is measured against.
        ids: of the images: they decide which of them search.
    Raises:
        InputError: limits out of range, an image without a label, too few images.
    """
    limits.check()
    check_labelled(labels, "a certificate of a compressed network")
    searching, certifying = limits.parts(ids)
    limit, confidence = limits.max_drop_points / 100, limits.confidence
    chances = _chances(
        candidates, reference, labels, searching, certifying.size, limit, confidence
    )
    order = _sequence(candidates, chances)
    records: dict[int, tuple[bool, bool]] = {}  # row -> (tested, passed)
    going = True
    for row in order:
        seen = _flips(candidates[row].answers, reference, labels, certifying)
        passed = going and certifies(seen, limit, confidence)
        records[row] = going, passed
        going = passed
    tested = sum(reached for reached, _ in records.values())
    return Several(
        tested=tuple(
            Tested(
                name=candidate.name,
                costs=candidate.costs,
                chance=float(chances[row]),
                place=order.index(row) + 1 if row in records else None,
                tested=records.get(row, (False, False))[0],
                certificate=certificate(
                    _flips(candidate.answers, reference, labels, certifying),
                    limits.max_drop_points,
                    confidence,
                    records.get(row, (False, False))[1],
                    tested,
                ),
            )
            for row, candidate in enumerate(candidates)
        ),
        searching=searching,
        certifying=certifying,
        limits=limits,
    )


def _right(answers: Ints, labels: Ints) -> Bools:
    return np.asarray(answers == labels)


def _flips(answers: Ints, reference: Ints, labels: Ints, rows: Ints) -> Flips:
    here, base = _right(answers, labels)[rows], _right(reference, labels)[rows]
    return Flips(
        int((base & ~here).sum()),
        int((here & ~base).sum()),
        rows.size,
        int((answers != reference)[rows].sum()),
    )


def _chances(
    candidates: Sequence[Candidate],
    reference: Ints,
    labels: Ints,
    rows: Ints,
    images: int,
    limit: float,
    confidence: float,
) -> Float64s:
    """Of each to pass on so many other images: a normal approximation."""
    seen = [_flips(one.answers, reference, labels, rows) for one in candidates]
    columns = np.array(
        [[one.lost, one.won, one.differing] for one in seen], np.float64
    ).reshape(len(seen), 3)
    lost, won, differ = columns.T / max(rows.size, 1)
    outlook = Outlook(
        lost=lost,
        won=won,
        differ=differ,
        macs=np.zeros(len(seen)),
        images=rows.size,
        family=(),
    )
    return outlook.power(images, limit, confidence)


def _sequence(
    candidates: Sequence[Candidate],
    chances: Float64s,
) -> list[int]:
    """Rows of those worth a test, the likeliest to pass first."""
    widths = {len(one.costs) for one in candidates}
    if len(widths) > 1:
        raise InputError("candidates", f"of {sorted(widths)} costs", "as many each")
    worth = [
        row
        for row, candidate in enumerate(candidates)
        if any(cost < 1 for cost in candidate.costs)
        and not any(
            _beats(candidates[other], chances[other], candidate, chances[row])
            for other in range(len(candidates))
            if other != row
        )
    ]
    return sorted(worth, key=lambda row: (-chances[row], candidates[row].costs))


def _beats(own: Candidate, chance: float, other: Candidate, least: float) -> bool:
    """Likelier to pass, no dearer in any cost, and better in one of these."""
    pairs = list(zip(own.costs, other.costs, strict=True))
    if chance < least - _SAME or any(mine > theirs for mine, theirs in pairs):
        return False
    return chance > least + _SAME or any(mine < theirs for mine, theirs in pairs)
