"""The guarantee: thresholds searched on some images, certified on others.

Learn then test (Angelopoulos et al. 2021, arXiv:2110.01052) with fixed-sequence
testing: plans are put in an order that the certification images had no part in, and
tested one after the other until one fails. All tests are at the full level, and the
chance that any plan that passed breaks the maximum drop is still at most
1 - confidence.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from datasets.errors import InputError
from selection.arrays import Bools, Json
from selection.plans.bound import Flips, certifies, flips, images_needed, upper_bound

ASSUMPTION = (
    "the images to come are exchangeable with the certification images: drawn in the "
    "same way, from the same source, independently of the search"
)


@dataclass(frozen=True)
class Certificate:
    """What is promised, or why not. Drops in points."""

    certified: bool
    max_drop_points: float
    confidence: float
    images: int  # certification images
    lost: int  # of them: the reference right, the plan wrong
    won: int  # the reverse
    drop_points: float  # measured on them
    bound_points: float  # exact one-sided upper bound of the true drop
    plans_tested: int
    images_at_least: int | None  # below this not even a plan without a flip passes
    images_needed: int | None  # at the flip rates seen; None: they are above the limit
    assumption: str = ASSUMPTION
    warning: str = ""  # what makes it hollow, such as a reference that guesses

    def to_json(self) -> Json:
        facts = asdict(self)
        return facts if self.warning else {k: facts[k] for k in facts if k != "warning"}

    def sentence(self) -> str:
        """For reading; what makes it hollow comes first."""
        return f"{self.warning} {self._promised()}".strip()

    def _promised(self) -> str:
        flipped = f"{self.lost} lost, {self.won} won of {self.images}"
        if self.certified:
            return (
                f"CERTIFIED: with {100 * self.confidence:g} % confidence the drop is "
                f"at most {self.max_drop_points:g} points "
                f"(bound {self.bound_points:.2f}; measured {self.drop_points:.2f}: "
                f"{flipped}), if {self.assumption}."
            )
        return (
            f"NOT CERTIFIED at {self.max_drop_points:g} points with "
            f"{100 * self.confidence:g} % confidence: bound {self.bound_points:.2f} "
            f"({flipped}). {self._wanted()}"
        )

    def _wanted(self) -> str:
        if self.images_needed is None:
            return (
                "At the flip rates seen no number of images would do: the measured "
                "drop is not below the limit. Raise --max-drop."
            )
        return (
            f"At the flip rates seen it needs about {self.images_needed:,} "
            f"certification images; under {self.images_at_least:,} no plan passes."
        )


def fixed_sequence(
    reference: Bools, plans: Sequence[Bools], max_drop_points: float, confidence: float
) -> tuple[int, int]:
    """(how many of the plans passed, how many were tested), in their order.

    Args:
        reference: (n,) right answers of the reference on the certification images.
        plans: (n,) of each plan, the safest first; the order must not depend on them.
    """
    check_limits(max_drop_points, confidence)
    for place, plan in enumerate(plans):
        seen = flips(reference, plan)
        if not certifies(seen, max_drop_points / 100, confidence):
            return place, place + 1
    return len(plans), len(plans)


def certificate(
    seen: Flips, max_drop_points: float, confidence: float, certified: bool, tested: int
) -> Certificate:
    """The record of one plan's test, with its bound and the images that are missing."""
    limit = max_drop_points / 100
    lost, won = seen.lost / seen.images, seen.won / seen.images
    return Certificate(
        certified=certified,
        max_drop_points=max_drop_points,
        confidence=confidence,
        images=seen.images,
        lost=seen.lost,
        won=seen.won,
        drop_points=100 * seen.drop,
        bound_points=100 * upper_bound(seen, confidence),
        plans_tested=tested,
        images_at_least=images_needed(0, 0, limit, confidence),
        images_needed=images_needed(lost, won, limit, confidence),
    )


def check_limits(max_drop_points: float, confidence: float) -> None:
    """A drop in (0, 100] points, a confidence above 0.5 and below 1.

    Raises:
        InputError: out of range.
    """
    if not 0 < max_drop_points <= 100:
        raise InputError(
            f"--max-drop {max_drop_points:g}: expected points above 0 and up to 100; "
            "no finite number of images certifies a drop of 0."
        )
    if not 0.5 < confidence < 1:
        raise InputError(
            f"--confidence {confidence:g}: expected above 0.5 and below 1, such as "
            "0.95."
        )
