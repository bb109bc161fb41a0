"""A rung at random: the selector that the thesis tabulates (its table 6).

The draw of an image depends on its id and the seed alone, so that order, batches and
machines do not matter: a fraction in [0, 1), hashed as `selection/hashing.py` says; the
first rung whose cumulative weight exceeds it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.errors import InputError
from selection.arrays import Bools, Json
from selection.contract import LAST, Answers
from selection.hashing import fractions, id_hashes
from selection.scored import Scored, check_ladder


@dataclass(frozen=True)
class RandomChoice:
    """Draws one rung for each image; weights need not sum to 1.

    Raises:
        InputError: as many weights as rungs, none negative, one positive: not so.
    """

    ladder: tuple[str, ...]
    weights: tuple[float, ...]
    seed: int = 0
    own_macs: int = 0

    def __post_init__(self) -> None:
        check_ladder(self.ladder)
        weights = np.array(self.weights)
        sound = len(weights) == len(self.ladder) and np.isfinite(weights).all()
        if not sound or weights.min() < 0 or weights.sum() <= 0:
            raise InputError(
                "weights",
                self.weights,
                f"one number of at least 0 for each of {len(self.ladder)} rungs, "
                "not all 0",
            )

    @property
    def answer(self) -> str:
        return LAST

    def next_rung(self, answers: Answers) -> str | None:
        """The rung drawn for this id, until it has answered."""
        drawn = self.ladder[self._places(id_hashes((answers.image_id,)))[0]]
        return None if drawn in answers.scores else drawn

    def paid(self, scored: Scored) -> Bools:
        """(n, rungs): one True a row."""
        return self.paid_by_hash(id_hashes(scored.ids))

    def paid_by_hash(self, hashes: NDArray[np.uint64]) -> Bools:
        """As `paid`, from `id_hashes` computed once for many seeds."""
        return np.asarray(
            np.arange(len(self.ladder))[None, :] == self._places(hashes)[:, None]
        )

    def to_json(self) -> Json:
        return {
            "kind": "random",
            "ladder": list(self.ladder),
            "weights": list(self.weights),
            "seed": self.seed,
        }

    def _places(self, hashes: NDArray[np.uint64]) -> NDArray[np.intp]:
        total = np.cumsum(np.array(self.weights))[
            -1
        ]  # in order: the same bits anywhere
        ends = np.cumsum(np.array(self.weights) / total)
        ends[-1] = 1.0  # whatever rounding made of it
        return np.searchsorted(ends, fractions(hashes, self.seed), side="right")


def random_from_json(facts: Json) -> RandomChoice:
    """What `RandomChoice.to_json` wrote."""
    ladder, weights = facts["ladder"], facts["weights"]
    return RandomChoice(tuple(ladder), tuple(weights), int(facts["seed"]))  # type: ignore[arg-type, call-overload]
