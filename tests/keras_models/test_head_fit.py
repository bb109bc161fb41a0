"""The fitted head is scikit-learn's, stays where there is nothing to learn, and is
one for all resolutions or declined."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from datasets.errors import InputError
from keras_models.adapting.head_choice import (
    HeadFit,
    Labelled,
    fit_head,
    parted,
    parts,
    per_class,
)
from keras_models.adapting.head_trial import Draws, label_trials
from keras_models.head_fit import Features, Head, Ints, fitted, losses


def _features(count: int, seed: int, noise: float = 1.0) -> tuple[Features, Ints]:
    """Three classes around three means in eight dimensions, none centred."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    means = np.random.default_rng(7).normal(1.0, 1.0, (3, 8))
    features = means[labels] + noise * random.normal(size=(count, 8))
    return features.astype(np.float32), labels.astype(np.int64)


def _none(units: int, bias: bool = True) -> Head:
    zero = np.zeros(units, np.float32)
    return Head(np.zeros((8, units), np.float32), zero if bias else None)


@pytest.mark.parametrize("strength", [1e-3, 0.1])
@pytest.mark.parametrize("bias", [True, False])
def test_from_nothing_it_is_scikit_learns_logistic_regression(
    strength: float, bias: bool
) -> None:
    """Its C is over the sum of losses: 1 / (n * strength * mean square)."""
    features, labels = _features(90, 1)
    own = fitted(features, labels, _none(3, bias), strength)
    spread = strength * float(np.mean(features.astype(float) ** 2))
    reference = LogisticRegression(
        C=1 / (90 * spread), fit_intercept=bias, tol=1e-8, max_iter=5000
    ).fit(features, labels)
    others, _ = _features(50, 2)
    expected = reference.predict_log_proba(others)
    np.testing.assert_allclose(own.log_scores(others), expected, atol=3e-3)


def test_one_unit_is_the_binary_logistic_regression() -> None:
    features, labels = _features(90, 1)
    two = labels > 0
    own = fitted(features, two.astype(np.int64), _none(1), 0.01)
    assert own.kernel.shape == (8, 1)
    spread = 0.01 * float(np.mean(features.astype(float) ** 2))
    reference = LogisticRegression(C=1 / (90 * spread), tol=1e-8, max_iter=5000)
    expected = reference.fit(features, two).predict_log_proba(features)
    np.testing.assert_allclose(own.log_scores(features), expected, atol=3e-3)


def test_a_strong_penalty_keeps_the_trained_kernel() -> None:
    features, labels = _features(60, 1)
    trained = fitted(features, labels, _none(3), 0.01)
    others, theirs = _features(60, 5, noise=3.0)
    again = fitted(others, theirs, trained, 1e6)
    np.testing.assert_allclose(again.kernel, trained.kernel, atol=1e-4)
    free = fitted(others, theirs, trained, 1e-4)
    assert np.abs(free.kernel - trained.kernel).max() > 0.1


def _labelled(count: int, seed: int, shift: float) -> Labelled:
    """Native features, and those of a lower resolution that lie elsewhere."""
    features, labels = _features(count, seed, noise=0.7)
    moved = np.roll(features, 1, axis=1) * 0.5 + shift
    return Labelled({24: features, 16: moved.astype(np.float32)}, labels)


def _trained() -> Head:
    features, labels = _features(300, 11, noise=0.7)
    return fitted(features, labels, _none(3), 1e-3)


def test_one_head_serves_both_resolutions_and_does_not_hurt_the_native_one() -> None:
    found = fit_head(_labelled(240, 1, 0.5), _labelled(120, 2, 0.5), _trained())
    native, lower = found.outcomes
    assert (native.resolution, lower.resolution) == (24, 16)
    assert lower.accepted
    assert lower.right_after > lower.right_before + 0.2
    assert lower.gain > 2 * lower.gain_error
    if native.accepted:
        assert native.right_after >= native.right_before
        assert native.loss_after <= native.loss_before
    assert found.accepted == tuple(o.resolution for o in found.outcomes if o.accepted)
    judged = _labelled(300, 3, 0.5)
    before, after = (
        losses(head, judged.features[16], judged.labels).mean()
        for head in (_trained(), found.head)
    )
    assert after < before / 2


def test_where_nothing_is_to_be_won_the_lower_resolution_declines() -> None:
    """The trained head is the best for the held-out pictures themselves already."""
    random = np.random.default_rng(0)
    fit, held = _labelled(60, 1, 0.5), _labelled(90, 2, 0.5)
    noise = Labelled(fit.features, random.permutation(fit.labels))
    both = np.concatenate(list(held.features.values()))
    best = fitted(both, np.tile(held.labels, 2), _none(3), 1e-5)
    found = fit_head(noise, held, best)
    assert found.accepted in ((), (24,))
    assert found.outcomes[1].gain <= 2 * found.outcomes[1].gain_error


def test_every_class_needs_a_picture_and_ten_decide() -> None:
    fit, held = _labelled(60, 1, 0.0), _labelled(60, 2, 0.0)
    two = fit.take(np.flatnonzero(fit.labels > 0))
    with pytest.raises(InputError, match="1 of the 3 classes have no picture"):
        fit_head(two, held, _trained())
    with pytest.raises(InputError, match="8 held-out pictures; expected at least 10"):
        fit_head(fit, held.take(np.arange(8)), _trained())
    with pytest.raises(InputError, match="a class has 20 pictures only"):
        parts(fit, None, 21, 0.3, 0)


def test_parts_hold_the_same_part_of_every_class_out() -> None:
    labels = np.repeat([0, 1, 2], [40, 20, 10])
    fit, held = parted(labels, 0.3, seed=1)
    assert np.bincount(labels[held]).tolist() == [12, 6, 3]
    assert sorted([*fit, *held]) == list(range(70))
    few, more = (per_class(labels, count, seed=4) for count in (3, 8))
    assert np.bincount(labels[few]).tolist() == [3, 3, 3]
    assert set(few) < set(more)
    assert np.array_equal(more, per_class(labels, 8, seed=4))


def test_no_draw_judges_what_fitted_or_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    """Features carry the number of their picture, so that each can be told."""
    whole = _labelled(120, 1, 0.5)
    for resolution in whole.features:
        whole.features[resolution][:, 0] = np.arange(120)
    used: list[set[int]] = []

    def spied(fit: Labelled, held: Labelled, start: Head) -> HeadFit:
        seen = [*fit.features[24][:, 0], *held.features[24][:, 0]]
        used.append({round(number) for number in seen})
        return fit_head(fit, held, start)

    monkeypatch.setattr("keras_models.adapting.head_trial.fit_head", spied)
    found = label_trials(whole, None, None, _trained(), Draws([10, 14], 2, 0.4, 0))
    assert [(trial.count, trial.resolution) for trial in found] == [
        (10, 24), (10, 16), (10, 24), (10, 16), (14, 24), (14, 16), (14, 24), (14, 16)
    ]  # fmt: skip
    for seen, trial in zip(used, found[::2], strict=True):
        assert not seen & set(trial.rows.tolist())
        assert len(trial.rows) == 60
        assert trial.pictures + trial.held_out == 3 * (trial.count or 0)
