"""One rung for every image: what a table of resolutions measures."""

from dataclasses import dataclass

import numpy as np

from selection.arrays import Bools, Json
from selection.contract import LAST, Answers
from selection.scored import Scored, check_ladder


@dataclass(frozen=True)
class Fixed:
    """Always the same rung."""

    rung: str
    own_macs: int = 0

    @property
    def ladder(self) -> tuple[str, ...]:
        return (self.rung,)

    @property
    def answer(self) -> str:
        return LAST

    def next_rung(self, answers: Answers) -> str | None:
        """The rung, until it has answered."""
        return None if self.rung in answers.scores else self.rung

    def paid(self, scored: Scored) -> Bools:
        """(n, 1), all True."""
        return np.ones((scored.images, 1), bool)

    def to_json(self) -> Json:
        return {"kind": "fixed", "ladder": [self.rung]}


def fixed_from_json(facts: Json) -> Fixed:
    """What `Fixed.to_json` wrote."""
    ladder: tuple[str, ...] = tuple(facts["ladder"])  # type: ignore[arg-type]
    check_ladder(ladder)
    return Fixed(ladder[0])
