"""A learned rule decides after each rung whether the climb is worth its price.

The features are the scores already paid for; the rule scores "the ladder's last rung is
right and this answer is not". Only + - * / sqrt and comparisons are used, so that C
with IEEE doubles (and -ffp-contract=off) gives the same bits.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from datasets.errors import InputError
from selection.arrays import Bools, Float64s, Json, Scores
from selection.confidence import running_mean
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
from selection.selectors.rules import Linear, Rule, rule_from_json

TOP = 3  # sorted scores of each rung that are features


def features(scores: tuple[Scores, ...]) -> Float64s:
    """(n, 6 x rungs seen + 2 x (rungs seen - 1)), in this order.

    For each rung, the lowest first: its TOP highest scores p1 >= p2 >= p3 (0 where
    there are two classes); the fourth root of 1 - p1; the square root of p2; p1 - p2.
    Then for each rung but the lowest: 1 if its class is that of the rung below, else 0;
    its score of that class.
    """
    columns: list[Float64s] = []
    for one in scores:
        columns += _sorted_features(one)
    for below, here in pairwise(scores):
        before = below.argmax(axis=1)
        columns.append((here.argmax(axis=1) == before).astype(np.float64))
        columns.append(here[np.arange(len(here)), before].astype(np.float64))
    return np.stack(columns, axis=1)


def _sorted_features(scores: Scores) -> list[Float64s]:
    count = min(TOP, scores.shape[1])
    top = -np.sort(-np.partition(scores, -count, axis=1)[:, -count:], axis=1)
    wide = np.zeros((len(scores), TOP))
    wide[:, :count] = np.clip(top.astype(np.float64), 0, 1)
    first, second = wide[:, 0], wide[:, 1]
    unsure = np.sqrt(np.sqrt(1 - first))
    return [*wide.T, unsure, np.sqrt(second), first - second]


@dataclass(frozen=True)
class Deferral:
    """Stops where the gain hoped for is too small.

    The confidence is 0.5 - 0.5 g / (1 + |g|) of the rule's score g: in (0, 1), high
    where climbing promises little.

    Raises:
        InputError: not one rule for each rung but the last, or thresholds out of range.
    """

    ladder: tuple[str, ...]
    rules: tuple[Rule, ...]
    thresholds: tuple[float, ...]
    answer: str = LAST

    def __post_init__(self) -> None:
        check_ladder(self.ladder)
        check_thresholds(self.thresholds, len(self.ladder))
        check_answer(self.answer)
        if len(self.rules) != len(self.ladder) - 1:
            raise InputError(
                "rules",
                len(self.rules),
                f"one for each of {len(self.ladder)} rungs but the last",
            )

    @property
    def own_macs(self) -> int:
        """Multiplications of all linear rules; trees only compare and add."""
        linear = (rule for rule in self.rules if isinstance(rule, Linear))
        return sum(len(rule.weights) for rule in linear)

    def confidences(self, scores: tuple[Scores, ...]) -> Float64s:
        """(n, rungs given but the ladder's last), in (0, 1).

        Args:
            scores: per rung (n, classes), the ladder's first ones in its order.
        """
        count = min(len(scores), len(self.rules))
        columns = []
        for seen in range(1, count + 1):
            score = self.rules[seen - 1].score(
                seen_features(scores[:seen], self.answer)
            )
            columns.append(squashed(score))
        return np.stack(columns, axis=1)

    def with_thresholds(self, thresholds: tuple[float, ...]) -> "Deferral":
        return replace(self, thresholds=thresholds)

    def next_rung(self, answers: Answers) -> str | None:
        """The lowest rung not yet paid, unless it promises too little."""
        return next_of_climb(self, answers)

    def paid(self, scored: Scored) -> Bools:
        """(n, rungs)."""
        confidences = self.confidences(scored.ladder(self.ladder).scores)
        return climbed(confidences >= np.array(self.thresholds))

    def to_json(self) -> Json:
        return {
            "kind": "deferral",
            "ladder": list(self.ladder),
            "answer": self.answer,
            "thresholds": list(self.thresholds),
            "rules": [rule.to_json() for rule in self.rules],
        }


def seen_features(scores: tuple[Scores, ...], answer: str) -> Float64s:
    """`features`; with the answer MEAN followed by those of the mean so far."""
    own = features(scores)
    if answer != MEAN or len(scores) == 1:
        return own
    return np.concatenate([own, features((running_mean(scores)[-1],))], axis=1)


def squashed(score: Float64s) -> Float64s:
    """A rule's score as a confidence: falls from 1 to 0 as the score rises."""
    return np.asarray(0.5 - 0.5 * score / (1 + np.abs(score)))


def deferral_from_json(facts: Json) -> Deferral:
    """What `Deferral.to_json` wrote."""
    rules = facts["rules"]
    return Deferral(
        tuple(facts["ladder"]),  # type: ignore[arg-type]
        tuple(rule_from_json(rule) for rule in rules),  # type: ignore[attr-defined]
        tuple(facts["thresholds"]),  # type: ignore[arg-type]
        str(facts["answer"]),
    )
