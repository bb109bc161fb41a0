"""A manifest's selector may be run: it decides among the rungs there are, and ends."""

from itertools import pairwise

from convert.manifest import Rung
from datasets.errors import BundleError, InputError
from selection.arrays import Json
from selection.contract import MEAN, Selector
from selection.selectors.catalogue import CATALOGUE, from_json
from selection.selectors.deferral import TOP, Deferral
from selection.selectors.learned import Learned
from selection.selectors.rules import Linear, Rule, Tree

_OF_EACH, _OF_PAIRS = (
    TOP + 3,
    2,
)  # features, as `selection.selectors.deferral.features` has them


def check_selector(facts: Json, rungs: tuple[Rung, ...], where: str) -> Selector:
    """The selector of a manifest.

    Raises:
        InputError: rungs that are not there or do not ascend in MACs, or numbers that
            do not fit together.
    """
    try:
        selector = from_json(facts)
        if not CATALOGUE[str(facts["kind"])].runs:
            raise BundleError.of(
                facts["kind"], "it reads the labels, so no device runs it"
            )
        _check_ladder(selector.ladder, rungs)
        if isinstance(selector, Deferral):
            _check_rules(selector)
        if isinstance(selector, Learned):
            _check_layers(selector)
    except InputError as error:
        raise BundleError.around(f"{where}: selector", error) from None
    return selector


def _check_ladder(ladder: tuple[str, ...], rungs: tuple[Rung, ...]) -> None:
    macs = {rung.rung: rung.macs for rung in rungs}
    for rung in ladder:
        if rung not in macs:
            raise BundleError.of(
                f"rung {rung}", "is not in the bundle", f"one of {', '.join(macs)}"
            )
    for lower, upper in pairwise(ladder):
        if macs[lower] >= macs[upper]:
            raise BundleError.of(
                "its ladder",
                "does not ascend in MACs: "
                f"{lower} has {macs[lower]:,}, {upper} {macs[upper]:,}",
            )


def _check_rules(selector: Deferral) -> None:
    for seen, rule in enumerate(selector.rules, start=1):
        features = _features(seen, selector.answer)
        if isinstance(rule, Linear) and len(rule.weights) != features:
            raise BundleError.of(
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
        raise BundleError.of(f"rule {rule}", "a tree whose columns differ in length")
    for node, feature in enumerate(tree.feature):
        if feature >= features:
            raise BundleError.of(
                f"rule {rule}", f"has a tree that reads feature {feature} of {features}"
            )
        for child in (tree.left[node], tree.right[node]):
            if feature >= 0 and not node < child < nodes:
                raise BundleError.of(
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
            raise BundleError.of(
                f"layer {number} of the learned selector",
                f"no matrix of {inputs} by {outputs}",
            )
        inputs = outputs
