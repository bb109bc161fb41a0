"""Rules against scikit-learn's own answers."""

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from selection.selectors.deferral import features, squashed
from selection.selectors.fit_deferral import fit_deferral
from selection.selectors.rules import Linear, Trees
from tests.selection.synthetic import scored as table

DATA = table(images=400, rungs=2, seed=5)
EVENT = DATA.right[:, 1] & ~DATA.right[:, 0]
INPUTS = features(DATA.scores[:1])


def test_logistic_rule_is_scikit_learns() -> None:
    scale = INPUTS.std(axis=0)
    standard = (INPUTS - INPUTS.mean(axis=0)) / scale
    theirs = LogisticRegression(C=0.1, tol=1e-10, max_iter=10_000).fit(standard, EVENT)
    (ours,) = fit_deferral(DATA).selector.rules
    assert isinstance(ours, Linear)
    np.testing.assert_allclose(
        ours.score(INPUTS), theirs.decision_function(standard), atol=1e-5
    )


def test_boosted_rule_is_scikit_learns() -> None:
    theirs = GradientBoostingClassifier(
        n_estimators=40, max_depth=2, min_samples_leaf=10, random_state=0
    ).fit(INPUTS, EVENT)
    (ours,) = fit_deferral(DATA, "boosted").selector.rules
    assert isinstance(ours, Trees)
    np.testing.assert_allclose(
        ours.score(INPUTS), theirs.decision_function(INPUTS), atol=1e-9
    )


def test_held_out_confidences_know_less_than_fitted_ones() -> None:
    """Boosted trees fit what they saw: held out, they separate the event less well."""
    fitted = fit_deferral(DATA, "boosted")
    seen = fitted.selector.confidences(DATA.scores)[:, 0]
    unseen = fitted.held_out[:, 0]
    gap = [c[~EVENT].mean() - c[EVENT].mean() for c in (seen, unseen)]
    assert gap[0] > gap[1] > 0


def test_features_by_hand() -> None:
    below = np.array([[0.0625, 0.9375, 0.0]], np.float32)
    here = np.array([[0.75, 0.25, 0.0]], np.float32)
    found = features((below, here))[0]
    expected = [0.9375, 0.0625, 0.0, 0.5, 0.25, 0.875]
    expected += [0.75, 0.25, 0.0, 0.25**0.25, 0.5, 0.5]
    expected += [0.0, 0.25]  # another class; the class from below has 0.25 here
    np.testing.assert_array_equal(found, expected)


def test_squashed_falls_from_one_to_zero() -> None:
    values = squashed(np.array([-1e9, -1.0, 0.0, 1.0, 1e9]))
    np.testing.assert_allclose(values, [1, 0.75, 0.5, 0.25, 0], atol=1e-8)


def test_too_few_events_make_a_constant_rule() -> None:
    few = DATA.take(np.flatnonzero(~EVENT)[:100])
    (rule,) = fit_deferral(few).selector.rules
    assert isinstance(rule, Linear)
    assert set(rule.weights) == {0.0}
