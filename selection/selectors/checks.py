"""A selector read from a file fits together: its numbers are such, every walk ends."""

import math
from typing import Any

from datasets.errors import InputError
from datasets.limits import MOST_RUNGS
from selection.contract import MEAN, Selector
from selection.selectors.deferral import TOP, Deferral
from selection.selectors.learned import Learned
from selection.selectors.rules import Linear, Rule, Tree

_OF_EACH, _OF_PAIRS = (
    TOP + 3,
    2,
)  # features, as `selection.selectors.deferral.features` has them
_WORDS = ("kind", "ladder", "confidence", "answer", "rule")
_MOST_TEXT = 200


def check_leaves(facts: Any, key: str = "") -> None:
    """Words where words belong, finite numbers in all other places.

    Raises:
        TypeError, ValueError: something else.
    """
    if isinstance(facts, dict):
        for name, value in facts.items():
            check_leaves(value, name)
    elif isinstance(facts, list | tuple):
        if key == "ladder" and not 1 <= len(facts) <= MOST_RUNGS:
            raise ValueError(f"a ladder of {len(facts)} rungs, not 1..{MOST_RUNGS}")
        for value in facts:
            check_leaves(value, key)
    elif key in _WORDS:
        if not isinstance(facts, str) or not 0 < len(facts) <= _MOST_TEXT:
            raise TypeError(f"{key} is {str(facts)[:40]!r}, no short text")
    elif isinstance(facts, bool) or not isinstance(facts, int | float):
        raise TypeError(f"{key} is {str(facts)[:40]!r}, no number")
    elif not math.isfinite(facts):
        raise ValueError(f"{key} is {facts}, no finite number")


def check_parts(selector: Selector) -> None:
    """Rules, trees and layers have the sizes that they are used with.

    Raises:
        InputError: they do not.
    """
    if isinstance(selector, Deferral):
        _check_rules(selector)
    if isinstance(selector, Learned):
        _check_layers(selector)


def _check_rules(selector: Deferral) -> None:
    for seen, rule in enumerate(selector.rules, start=1):
        features = _features(seen, selector.answer)
        if isinstance(rule, Linear) and len(rule.weights) != features:
            raise InputError.of(
                f"rule {seen}", f"has {len(rule.weights)} weights", str(features)
            )
        for tree in _trees(rule):
            _check_tree(tree, features, seen)


def _features(seen: int, answer: str) -> int:
    """How many features there are after so many rungs; see `deferral.seen_features`."""
    of_mean = _OF_EACH if answer == MEAN and seen > 1 else 0
    return _OF_EACH * seen + _OF_PAIRS * (seen - 1) + of_mean


def _trees(rule: Rule) -> tuple[Tree, ...]:
    return () if isinstance(rule, Linear) else rule.trees


def _check_tree(tree: Tree, features: int, rule: int) -> None:
    """Children come after their parent, so that every walk ends in a leaf."""
    nodes = len(tree.feature)
    columns = (tree.threshold, tree.left, tree.right, tree.value)
    if not nodes or any(len(column) != nodes for column in columns):
        raise InputError.of(f"rule {rule}", "a tree whose columns differ in length")
    for node, feature in enumerate(tree.feature):
        if feature >= features:
            raise InputError.of(
                f"rule {rule}", f"has a tree that reads feature {feature} of {features}"
            )
        for child in (tree.left[node], tree.right[node]):
            if feature >= 0 and not node < child < nodes:
                raise InputError.of(
                    f"rule {rule}",
                    f"has a tree whose node {node} leads to node {child}",
                    f"a later one of {nodes}",
                )


def _check_layers(selector: Learned) -> None:
    inputs = len(selector.layers[0].weights)
    for number, layer in enumerate(selector.layers, start=1):
        outputs = len(layer.biases)
        if len(layer.weights) != inputs or any(
            len(row) != outputs for row in layer.weights
        ):
            raise InputError.of(
                f"layer {number} of the learned selector",
                f"no matrix of {inputs} by {outputs}",
            )
        inputs = outputs
