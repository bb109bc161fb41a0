"""What every selector is: it looks at the answers paid for and names the next rung.

One image is decided by `next_rung` (as the phone does), many at once by `paid`
(as every table here does); a test holds the two equal for each entry of the catalogue.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from datasets.errors import InputError
from selection.arrays import Bools, Float64s, Json, Scores
from selection.scored import Scored

NEVER = 2.0  # a threshold above every confidence, which is at most 1
LAST, MEAN = "last", "mean"  # the answer: of the last rung, or of all those paid for


@dataclass(frozen=True)
class Answers:
    """What is known of one image: its name and the scores already paid for."""

    image_id: str
    scores: Mapping[str, Scores] = field(default_factory=dict)  # rung -> (classes,)
    look: Float64s | None = None  # (features,) of the thumbnail, for `learned`
    label: int | None = None  # for `oracle` alone


class Selector(Protocol):
    """The contract. `answer` is LAST or MEAN; `own_macs` is charged for every image."""

    @property
    def ladder(self) -> tuple[str, ...]: ...
    @property
    def own_macs(self) -> int: ...
    @property
    def answer(self) -> str: ...

    def next_rung(self, answers: Answers) -> str | None:
        """The rung to run next; None: keep what was answered."""

    def paid(self, scored: Scored) -> Bools:
        """(n, rungs of the ladder): which rungs run on each image."""

    def to_json(self) -> Json:
        """All that is needed to decide again, bit for bit."""


def check_thresholds(thresholds: tuple[float, ...], rungs: int) -> None:
    """One threshold in [0, 1] for each rung but the last, or NEVER.

    Raises:
        InputError: another number of them, or one out of range.
    """
    if len(thresholds) != rungs - 1:
        raise InputError(
            "thresholds", len(thresholds), f"one for each of {rungs} rungs but the last"
        )
    for value in thresholds:
        if not (0 <= value <= 1 or value == NEVER):
            raise InputError(
                "thresholds",
                value,
                f"a confidence in 0..1 ({NEVER:g} never stops there)",
            )


def check_answer(answer: str) -> None:
    """LAST or MEAN.

    Raises:
        InputError: another word.
    """
    if answer not in (LAST, MEAN):
        raise InputError("answer", f"{answer!r}", f"{LAST} or {MEAN}")


def climbed(stops: Bools) -> Bools:
    """(n, rungs - 1) whether a rung's answer would end the climb -> (n, rungs) paid."""
    going = np.cumprod(~stops, axis=1, dtype=bool)
    return np.concatenate([np.ones((len(stops), 1), bool), going], axis=1)


def first_unpaid(ladder: Iterable[str], answers: Answers) -> str | None:
    """The lowest rung that has not answered."""
    return next((rung for rung in ladder if rung not in answers.scores), None)


class Climber(Protocol):
    """A ladder climbed until the last answer is sure enough."""

    @property
    def ladder(self) -> tuple[str, ...]: ...

    @property
    def thresholds(self) -> tuple[float, ...]: ...

    def confidences(self, scores: tuple[NDArray[np.float32], ...]) -> Float64s: ...


def next_of_climb(climber: Climber, answers: Answers) -> str | None:
    """The lowest rung not yet paid, unless the last answer is sure enough."""
    rung = first_unpaid(climber.ladder, answers)
    if rung is None or rung == climber.ladder[0]:
        return rung
    seen = climber.ladder.index(rung)
    scores = tuple(answers.scores[name][None] for name in climber.ladder[:seen])
    sure = climber.confidences(scores)[0, -1] >= climber.thresholds[seen - 1]
    return None if sure else rung
