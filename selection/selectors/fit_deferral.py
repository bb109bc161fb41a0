"""Trains the rules of `deferral` on the stored scores of calibration images."""

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier

from datasets.errors import InputError
from selection.arrays import Float64s, Ints, Scores
from selection.belief import belief, believed
from selection.contract import LAST, NEVER
from selection.replay import stop_answers
from selection.scored import Scored
from selection.selectors.deferral import Deferral, seen_features, squashed
from selection.selectors.rules import Linear, Rule, Tree, Trees

LOGISTIC, BOOSTED = "logistic", "boosted"
FOLDS = 5
_PENALTY = 10.0  # on half the squared weights of standardised features
_NEWTON_STEPS = 25
_LEAST_EVENTS = 5  # with fewer a rule would learn noise: it stays constant


@dataclass(frozen=True, eq=False)
class Fitted:
    """The selector, and what it says of images that it was not fitted on.

    Thresholds are to be searched on `held_out`: each image's confidences come from
    rules fitted on the other folds.
    """

    selector: Deferral
    held_out: Float64s  # (n, rungs - 1)


def fit_deferral(
    scored: Scored,
    rule: str = LOGISTIC,
    answer: str = LAST,
    seed: int = 0,
    beliefs: Scores | None = None,
) -> Fitted:
    """One rule for each rung but the last, thresholds all NEVER.

    Where an image has no label, the event is as likely as the last rung's answer.

    Args:
        scored: the ladder's rungs alone.
        beliefs: (n, classes) of `belief` over all rungs; None: over the ladder's.
    Raises:
        InputError: one rung only, or another kind of rule.
    """
    if len(scored.rungs) < 2 or rule not in (LOGISTIC, BOOSTED):
        raise InputError(
            "rule",
            rule,
            f"{LOGISTIC} or {BOOSTED}, and two rungs or more",
            fault=f"over {len(scored.rungs)} rungs",
        )
    answers = stop_answers(scored, answer)
    last = answers[:, -1]
    sure = believed(belief(scored) if beliefs is None else beliefs, last)
    fold = np.random.default_rng(seed).permutation(scored.images) % FOLDS
    rules, columns = [], []
    for seen in range(1, len(scored.rungs)):
        inputs = seen_features(scored.scores[:seen], answer)
        event = np.where(last != answers[:, seen - 1], sure, 0.0)
        rules.append(_fit(rule, inputs, event))
        columns.append(squashed(_held_out(rule, inputs, event, fold)))
    never = (NEVER,) * len(rules)
    selector = Deferral(scored.rungs, tuple(rules), never, answer)
    return Fitted(selector, np.stack(columns, axis=1))


def _held_out(rule: str, inputs: Float64s, event: Float64s, fold: Ints) -> Float64s:
    scores = np.empty(len(inputs))
    for number in range(FOLDS):
        inside = fold == number
        if inside.any():
            scores[inside] = _fit(rule, inputs[~inside], event[~inside]).score(
                inputs[inside]
            )
    return scores


def _fit(rule: str, inputs: Float64s, event: Float64s) -> Rule:
    if min(event.sum(), (1 - event).sum()) < _LEAST_EVENTS:
        rate = (event.sum() + 1) / (len(event) + 2)
        weights = (0.0,) * inputs.shape[1]
        return Linear(float(np.log(rate / (1 - rate))), weights)
    return _logistic(inputs, event) if rule == LOGISTIC else _boosted(inputs, event)


def _logistic(inputs: Float64s, event: Float64s) -> Linear:
    mean, scale = inputs.mean(axis=0), inputs.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    fitted = _newton((inputs - mean) / scale, event)
    weights = fitted[1:] / scale
    intercept = float(fitted[0] - weights @ mean)
    return Linear(intercept, tuple(float(weight) for weight in weights))


def _newton(inputs: Float64s, event: Float64s) -> Float64s:
    """Penalised maximum likelihood, intercept first and free of the penalty."""
    wide = np.concatenate([np.ones((len(inputs), 1)), inputs], axis=1)
    penalty = np.full(wide.shape[1], _PENALTY)
    penalty[0] = 1e-9
    weights = np.zeros(wide.shape[1])
    weights[0] = np.log(event.mean() / (1 - event.mean()))
    for _ in range(_NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-(wide @ weights)))
        slope = wide.T @ (event - chance) - penalty * weights
        curve = (wide.T * (chance * (1 - chance))) @ wide + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        weights = weights + step * min(1.0, 2.0 / (np.abs(step).max() + 1e-12))
        if np.abs(step).max() < 1e-10:
            break
    return weights


def _boosted(inputs: Float64s, event: Float64s) -> Trees:
    model = GradientBoostingClassifier(
        n_estimators=40,
        max_depth=2,
        learning_rate=0.1,
        subsample=1.0,
        min_samples_leaf=10,
        random_state=0,
    )
    # an image whose event is only likely counts as both, in parts
    twice = np.concatenate([inputs, inputs])
    told = np.repeat([True, False], len(event))
    weight = np.concatenate([event, 1 - event])
    kept = weight > 0
    model.fit(twice[kept], told[kept], sample_weight=weight[kept])
    rate = event.mean()  # the model starts from the logit of the event's rate
    trees = tuple(
        _tree(estimator.tree_, model.learning_rate)
        for estimator in model.estimators_[:, 0]
    )
    return Trees(float(np.log(rate / (1 - rate))), trees)


def _tree(tree: object, rate: float) -> Tree:
    leaf = tree.children_left < 0  # type: ignore[attr-defined]
    return Tree(
        feature=tuple(np.where(leaf, -1, tree.feature).tolist()),  # type: ignore[attr-defined]
        threshold=tuple(np.where(leaf, 0.0, tree.threshold).tolist()),  # type: ignore[attr-defined]
        left=tuple(np.where(leaf, 0, tree.children_left).tolist()),  # type: ignore[attr-defined]
        right=tuple(np.where(leaf, 0, tree.children_right).tolist()),  # type: ignore[attr-defined]
        value=tuple((rate * tree.value[:, 0, 0]).tolist()),  # type: ignore[attr-defined]
    )
