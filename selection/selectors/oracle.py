"""The bound: the cheapest rung that is right. It reads the labels, so it cannot run."""

from dataclasses import dataclass

import numpy as np

from datasets.errors import InputError
from selection.arrays import Bools, Json
from selection.contract import LAST, Answers
from selection.scored import Scored, check_ladder


@dataclass(frozen=True)
class Oracle:
    """Pays the smallest rung that is right, else the smallest; knows without trying."""

    ladder: tuple[str, ...]
    own_macs: int = 0

    def __post_init__(self) -> None:
        check_ladder(self.ladder)

    @property
    def answer(self) -> str:
        return LAST

    def next_rung(self, answers: Answers) -> str | None:
        """Tries rungs upward for the first right one; `paid` charges that one alone.

        Raises:
            InputError: the label is not known.
        """
        if answers.label is None:
            raise InputError.of("oracle", "needs labels; it is a bound, never a choice")
        for rung in self.ladder:
            if rung not in answers.scores:
                return rung
            if int(answers.scores[rung].argmax()) == answers.label:
                return None
        return None

    def paid(self, scored: Scored) -> Bools:
        """(n, rungs): one True a row."""
        right = scored.ladder(self.ladder).right
        # where none is right, argmax is 0: the cheapest is wrong for least
        return np.asarray(
            np.arange(len(self.ladder))[None, :] == right.argmax(axis=1)[:, None]
        )

    def to_json(self) -> Json:
        return {"kind": "oracle", "ladder": list(self.ladder)}


def oracle_from_json(facts: Json) -> Oracle:
    """What `Oracle.to_json` wrote."""
    return Oracle(tuple(facts["ladder"]))  # type: ignore[arg-type]
