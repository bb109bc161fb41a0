"""Climbs until an answer is sure. After Streeter 2018, arXiv:1802.07697."""

from dataclasses import dataclass, replace

import numpy as np

from datasets.errors import InputError
from selection.arrays import Bools, Float64s, Json, Scores
from selection.confidence import CALIBRATED, NAMES, confidence, running_mean
from selection.contract import (
    LAST,
    MEAN,
    Answers,
    check_answer,
    check_thresholds,
    climbed,
    next_of_climb,
)
from selection.scored import Scored, check_ladder


@dataclass(frozen=True, kw_only=True)
class Cascade:
    """Stops at the first rung whose confidence is at least its threshold.

    With the answer MEAN the confidence too is that of the mean so far. Reading a
    softmax is free: own_macs is 0.

    Raises:
        InputError: thresholds, temperatures, confidence or answer out of range.
    """

    ladder: tuple[str, ...]
    thresholds: tuple[float, ...]
    confidence: str = "top1"
    answer: str = LAST
    temperatures: tuple[float, ...] = ()  # one a rung but the last, for "calibrated"
    own_macs: int = 0

    def __post_init__(self) -> None:
        check_ladder(self.ladder)
        check_thresholds(self.thresholds, len(self.ladder))
        check_answer(self.answer)
        if self.confidence not in NAMES:
            raise InputError(
                "confidence", f"{self.confidence!r}", f"one of {', '.join(NAMES)}"
            )
        needed = len(self.ladder) - 1 if self.confidence == CALIBRATED else 0
        if len(self.temperatures) != needed or min(self.temperatures, default=1) <= 0:
            raise InputError(
                "temperatures",
                self.temperatures,
                f"{needed} positive numbers for confidence {self.confidence} and "
                f"{len(self.ladder)} rungs",
            )

    def confidences(self, scores: tuple[Scores, ...]) -> Float64s:
        """(n, rungs given but the ladder's last), in [0, 1].

        Args:
            scores: per rung (n, classes), the ladder's first ones in its order.
        """
        seen = scores[: len(self.ladder) - 1]
        if self.answer == MEAN:
            seen = running_mean(seen)
        temperatures = self.temperatures or (1.0,) * len(seen)
        columns = [
            confidence(self.confidence, own, temperature)
            for own, temperature in zip(seen, temperatures, strict=False)
        ]
        return np.stack(columns, axis=1)

    def with_thresholds(self, thresholds: tuple[float, ...]) -> "Cascade":
        return replace(self, thresholds=thresholds)

    def next_rung(self, answers: Answers) -> str | None:
        """The lowest rung not yet paid, unless the last answer is sure enough."""
        return next_of_climb(self, answers)

    def paid(self, scored: Scored) -> Bools:
        """(n, rungs)."""
        if len(self.ladder) == 1:
            return np.ones((scored.images, 1), bool)
        confidences = self.confidences(scored.ladder(self.ladder).scores)
        return climbed(confidences >= np.array(self.thresholds))

    def to_json(self) -> Json:
        return {
            "kind": "cascade",
            "ladder": list(self.ladder),
            "confidence": self.confidence,
            "answer": self.answer,
            "thresholds": list(self.thresholds),
            "temperatures": list(self.temperatures),
        }


def cascade_from_json(facts: Json) -> Cascade:
    """What `Cascade.to_json` wrote."""
    return Cascade(
        ladder=tuple(facts["ladder"]),  # type: ignore[arg-type]
        thresholds=tuple(facts["thresholds"]),  # type: ignore[arg-type]
        confidence=str(facts["confidence"]),
        answer=str(facts["answer"]),
        temperatures=tuple(facts["temperatures"]),  # type: ignore[arg-type]
    )
