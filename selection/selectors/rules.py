"""Small rules on features that a device repeats bit for bit: a line, or trees.

Linear: float64, total = intercept, then total += weight * feature in the features'
order, each product rounded (no fused multiply-add). Trees: a feature, rounded to
float32, at most its threshold goes left; the values of the leaves are added in order.
"""

from dataclasses import asdict, dataclass

import numpy as np

from datasets.errors import InputError
from selection.arrays import Float64s, Json


@dataclass(frozen=True)
class Linear:
    """intercept + weights . features."""

    intercept: float
    weights: tuple[float, ...]

    def score(self, features: Float64s) -> Float64s:
        """(n, features) -> (n,)."""
        total = np.full(len(features), self.intercept)
        for place, weight in enumerate(self.weights):
            total = total + weight * features[:, place]
        return total

    def to_json(self) -> Json:
        return {"rule": "linear", **asdict(self)}


@dataclass(frozen=True, kw_only=True)
class Tree:
    """Nodes by number, the root first; a leaf has feature -1."""

    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    value: tuple[float, ...]

    def score(self, features: Float64s) -> Float64s:
        """(n, features) -> (n,) values of the leaves reached."""
        narrow = features.astype(np.float32).astype(np.float64)
        node = np.zeros(len(features), np.int64)
        feature, threshold = np.array(self.feature), np.array(self.threshold)
        left, right = np.array(self.left), np.array(self.right)
        rows = np.arange(len(features))
        while (inner := feature[node] >= 0).any():
            goes_left = narrow[rows, feature[node]] <= threshold[node]
            node = np.where(inner, np.where(goes_left, left[node], right[node]), node)
        return np.array(self.value)[node]


@dataclass(frozen=True)
class Trees:
    """intercept + the sum of the trees."""

    intercept: float
    trees: tuple[Tree, ...]

    def score(self, features: Float64s) -> Float64s:
        total = np.full(len(features), self.intercept)
        for tree in self.trees:
            total = total + tree.score(features)
        return total

    def to_json(self) -> Json:
        return {"rule": "trees", **asdict(self)}


Rule = Linear | Trees


def rule_from_json(facts: Json) -> Rule:
    """What `to_json` wrote.

    Raises:
        InputError: another kind of rule.
    """
    if facts.get("rule") == "linear":
        return Linear(float(facts["intercept"]), tuple(facts["weights"]))  # type: ignore[arg-type]
    if facts.get("rule") == "trees":
        trees = facts["trees"]
        made = tuple(_tree(tree) for tree in trees)  # type: ignore[attr-defined]
        return Trees(float(facts["intercept"]), made)  # type: ignore[arg-type]
    raise InputError("rule", repr(facts.get("rule")), "linear or trees")


def _tree(facts: Json) -> Tree:
    columns = ("feature", "threshold", "left", "right", "value")
    return Tree(**{name: tuple(facts[name]) for name in columns})  # type: ignore[arg-type]
