"""The guarantee: thresholds searched on some images, certified on others.

Learn then test (Angelopoulos et al. 2021, arXiv:2110.01052) with fixed-sequence
testing: plans are put in an order that the certification images had no part in, and
tested one after the other until one fails (`selection/asking.py`). All tests are at the
full level, and the chance that any plan that passed breaks the maximum drop is still at
most 1 - confidence. An image on which plan and reference answer alike counts 0 whatever
its label is; one on which they differ counts as lost while it has none.
"""

from dataclasses import asdict, dataclass

from datasets.errors import InputError
from selection.arrays import Json
from selection.plans.bound import Flips, images_needed, upper_bound

ASSUMPTION = (
    "the images to come are exchangeable with the certification images: drawn in the "
    "same way, from the same source, independently of the search"
)


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What is promised, or why not. Drops in points."""

    certified: bool
    max_drop_points: float
    confidence: float
    images: int  # certification images, labelled or not
    lost: int  # of them: the reference right, the plan wrong; or not known otherwise
    won: int  # the reverse
    drop_points: float  # measured on them, what is not known counted as lost
    bound_points: float  # exact one-sided upper bound of the true drop of this plan
    plans_tested: int
    images_at_least: int | None  # below this not even a plan without a flip passes
    images_needed: int | None  # at the flip rates seen; None: they are above the limit
    assumption: str = ASSUMPTION
    differ: int | None = None  # images on which the plan and the reference differ
    unlabelled: int | None = None  # of those: no label, so counted as lost
    labels_used: int | None = None  # read for all the plans tested
    labels_needed: int | None = None  # of images_needed, those that need a label
    labels_may_help: bool = False  # labels that are missing may change this
    warning: str = ""  # what makes it hollow, such as a reference that guesses

    def to_json(self) -> Json:
        facts = asdict(self)
        return facts if self.warning else {k: facts[k] for k in facts if k != "warning"}

    @property
    def by_agreement_alone(self) -> bool:
        """No label was read: what is bounded is how often the answers differ."""
        return self.labels_used == 0 and bool(self.differ)

    def sentence(self) -> str:
        """For reading; what makes it hollow comes first."""
        return f"{self.warning} {self._promised()}".strip()

    def _promised(self) -> str:
        flipped = f"{self._flipped()} of {self.images}"
        if self.certified:
            return (
                f"CERTIFIED: with {100 * self.confidence:g} % confidence the drop is "
                f"at most {self.max_drop_points:g} points "
                f"(bound {self.bound_points:.2f}; measured {self.drop_points:.2f}: "
                f"{flipped}), if {self.assumption}.{self._labels()}{self._further()}"
            )
        return (
            f"NOT CERTIFIED at {self.max_drop_points:g} points with "
            f"{100 * self.confidence:g} % confidence: bound {self.bound_points:.2f} "
            f"({flipped}). {self._wanted()}{self._labels()}"
        )

    def _flipped(self) -> str:
        said = f"{self.lost} lost, {self.won} won"
        if self.unlabelled:
            said += f", {self.unlabelled} of the lost for want of a label"
        return said

    def _labels(self) -> str:
        if self.differ is None or self.labels_used is None:
            return ""
        if self.by_agreement_alone:
            return (
                f" No label was read: this bounds how often the answers differ "
                f"({self.differ} of {self.images}), which no drop exceeds."
            )
        return (
            f" The answers differ on {self.differ} images; {self.labels_used} labels "
            "were read."
        )

    def _further(self) -> str:
        return (
            " Further labels may certify a cheaper plan."
            if self.labels_may_help
            else ""
        )

    def _wanted(self) -> str:
        if self.labels_may_help:
            return (
                "Labels are missing, and what has none counts as lost: `reswise "
                "label` asks for those that may change this."
            )
        least = (
            ""
            if self.images_at_least is None
            else f"; under {self.images_at_least:,} no plan passes"
        )
        if self.images_needed is None:
            return (
                "At the flip rates seen no number of images would do: the measured "
                f"drop is not below the limit{least}. Raise --max-drop."
            )
        labels = (
            ""
            if self.labels_needed is None
            else f", {max(0, self.images_needed - self.images):,} more, with about "
            f"{self.labels_needed:,} labels in all"
        )
        return (
            f"At the flip rates seen it needs about {self.images_needed:,} "
            f"certification images{labels}{least}."
        )


def certificate(
    seen: Flips,
    max_drop_points: float,
    confidence: float,
    certified: bool,
    tested: int,
    unlabelled: int | None = None,
    labels_used: int | None = None,
    may_help: bool = False,
) -> Certificate:
    """The record of one plan's test, with its bound and the images that are missing.

    Args:
        seen: what is not known counted as lost.
        unlabelled: how many images that is; None: of old, all have labels.
        labels_used: read for all plans.
        may_help: whether further labels may change the outcome.
    """
    limit = max_drop_points / 100
    lost, won = _rates(seen, unlabelled or 0)
    differ = seen.differing / seen.images
    needed = images_needed(lost, won, limit, confidence, differ)
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
        images_needed=needed,
        differ=None if labels_used is None else seen.differing,
        unlabelled=unlabelled,
        labels_used=labels_used,
        labels_needed=None
        if needed is None or labels_used is None
        else int(-(-needed * seen.differing // seen.images)),
        labels_may_help=may_help,
    )


def _rates(seen: Flips, unlabelled: int) -> tuple[float, float]:
    """Of losses and wins, those without a label shared out as those that have one."""
    labelled = seen.differing - unlabelled
    scale = seen.differing / labelled if labelled else 1.0
    known = seen.lost - unlabelled if labelled else seen.lost
    return known * scale / seen.images, seen.won * scale / seen.images


def check_limits(max_drop_points: float, confidence: float) -> None:
    """A drop in [-100, 100] points, a confidence above 0.5 and below 1.

    Raises:
        InputError: out of range.
    """
    if not -100 <= max_drop_points <= 100:
        raise InputError(
            "max_drop",
            f"{max_drop_points:g}",
            "points from -100 (a gain) to 100, such as 1, 0 or -0.5",
        )
    if not 0.5 < confidence < 1:
        raise InputError(
            "confidence", f"{confidence:g}", "above 0.5 and below 1, such as 0.95"
        )
