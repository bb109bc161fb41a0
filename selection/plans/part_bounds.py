"""Beyond the mean: the bound for the images that stop at each rung, and for groups.

The plan was chosen by the images that these bounds are computed on, so each of the K
plans of the family is reckoned with: every bound of every plan has the level
(1 - confidence) / (K * parts). All of them together then fail with a chance of at most
1 - confidence, whichever plan is chosen, however many labels were given. A part's size
does not depend on labels, and given its images they are drawn from that part alone.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from selection.arrays import Bools, Json
from selection.plans.bound import upper_bound
from selection.plans.family import Family
from selection.plans.known import Known, compared


@dataclass(frozen=True, kw_only=True)
class PartBound:
    """One part of the images, and the bound of its own drop. Points."""

    part: str
    images: int
    lost: int  # or not known to be otherwise
    won: int
    differ: int
    drop_points: float | None  # None: no image
    bound_points: float  # 100 where there is no image

    def to_json(self) -> Json:
        return asdict(self)


@dataclass(frozen=True)
class PartBounds:
    """Statements that hold together with the confidence of the certificate."""

    what: str  # "rung", "class", or a column of the table
    confidence: float
    parts: tuple[PartBound, ...]

    @property
    def worst(self) -> PartBound:
        """The one with the highest bound."""
        return max(self.parts, key=lambda one: one.bound_points)

    def to_json(self) -> Json:
        return {
            "what": self.what,
            "confidence": self.confidence,
            "parts": [one.to_json() for one in self.parts],
        }


def halt_bounds(family: Family, plan: int, known: Known) -> PartBounds:
    """By the rung that a climb ends at.

    Args:
        plan: place in the family.
    """
    ladder = family.selectors[plan].ladder
    most = max(len(one.ladder) for one in family.selectors)
    inside = {
        rung: np.asarray(family.stops[plan] == step) for step, rung in enumerate(ladder)
    }
    return _bounds(family, plan, known, "rung", inside, most)


def group_bounds(
    family: Family, plan: int, known: Known, what: str, groups: tuple[str, ...]
) -> PartBounds:
    """By a property that every certification image has, whatever its label.

    Args:
        groups: (n,) which group each image is in.
    """
    names = sorted(set(groups))
    column = np.array(groups)
    inside = {name: np.asarray(column == name) for name in names}
    return _bounds(family, plan, known, what, inside, len(names))


def _bounds(
    family: Family,
    plan: int,
    known: Known,
    what: str,
    inside: Mapping[str, Bools],
    parts: int,
) -> PartBounds:
    level = (1 - family.confidence) / (len(family.selectors) * parts)
    here = compared(family.reference_answers, family.answers[plan], known)
    bounds = []
    for name, rows in inside.items():
        if not rows.any():
            bounds.append(_empty(name))
            continue
        seen = here.at_worst(rows)
        bounds.append(
            PartBound(
                part=name,
                images=seen.images,
                lost=seen.lost,
                won=seen.won,
                differ=seen.differing,
                drop_points=100 * seen.drop,
                bound_points=100 * upper_bound(seen, 1 - level),
            )
        )
    return PartBounds(what, family.confidence, tuple(bounds))


def _empty(name: str) -> PartBound:
    return PartBound(
        part=name,
        images=0,
        lost=0,
        won=0,
        differ=0,
        drop_points=None,
        bound_points=100.0,
    )
