"""Accuracies and intervals against libraries and published examples."""

import numpy as np
import pytest
from sklearn.metrics import top_k_accuracy_score

from keras_models.accuracy import (
    correct,
    no_better_than_chance,
    paired_drop,
    wilson,
)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_top_k_equals_scikit_learn(k: int) -> None:
    generator = np.random.default_rng(3)
    scores = generator.random((200, 7)).astype(np.float32)
    labels = generator.integers(0, 7, 200)
    expected = top_k_accuracy_score(labels, scores, k=k, labels=np.arange(7))
    assert correct(scores, labels, k).mean() == pytest.approx(expected)


def test_ties_go_to_the_first_class() -> None:
    flat = np.full((2, 4), 0.25, np.float32)
    assert correct(flat, np.array([0, 1])).tolist() == [True, False]
    assert correct(flat, np.array([0, 1]), k=2).tolist() == [True, True]


def test_wilson_published_example() -> None:
    """Newcombe 1998, Statistics in Medicine 17, table I: 81 of 263."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_an_interval_of_no_image_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one image"):
        wilson(0, 0)


def test_drop_counts_flips() -> None:
    reference = np.array([1, 1, 1, 1, 0, 0, 0, 1, 1, 1], bool)
    here = np.array([0, 0, 0, 1, 1, 0, 0, 1, 1, 1], bool)
    drop = paired_drop(reference, here)
    assert drop.points == pytest.approx(20.0)
    assert drop.low < 20.0 < drop.high
    # Exact binomial of 3 against 1 flips, by hand: 2 * (1 + 4) / 2**4.
    assert drop.mcnemar_p == pytest.approx(2 * 5 / 16)


def test_drop_interval_by_hand() -> None:
    """Bonett-Price: p12~ = 6/102, p21~ = 2/102, n + 2 = 102; z = 1.959964."""
    reference = np.zeros(100, bool)
    here = np.zeros(100, bool)
    reference[:5] = True
    here[5:6] = True
    one, other = 6 / 102, 2 / 102
    error = 1.959964 * np.sqrt((one + other - (one - other) ** 2) / 102)
    drop = paired_drop(reference, here)
    assert drop.low == pytest.approx(100 * (one - other - error), abs=1e-4)
    assert drop.high == pytest.approx(100 * (one - other + error), abs=1e-4)


def test_no_flips_still_leave_a_width() -> None:
    same = np.ones(50, bool)
    drop = paired_drop(same, same.copy())
    assert (drop.points, drop.mcnemar_p) == (0.0, 1.0)
    assert drop.low < 0 < drop.high


def test_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(5)
    covered = 0
    for _ in range(400):
        flips = generator.choice([1, -1, 0], 300, p=[0.06, 0.02, 0.92])
        drop = paired_drop(flips == 1, flips == -1)
        covered += drop.low <= 4.0 <= drop.high
    assert covered / 400 == pytest.approx(0.95, abs=0.035)


def test_other_images_are_refused() -> None:
    with pytest.raises(ValueError, match="same images"):
        paired_drop(np.ones(3, bool), np.ones(4, bool))


def test_no_drop_is_beyond_all_images() -> None:
    """Five of five lost: 123 points stood there once."""
    drop = paired_drop(np.ones(5, bool), np.zeros(5, bool))
    assert (drop.points, drop.high) == (100.0, 100.0)
    assert paired_drop(np.zeros(5, bool), np.ones(5, bool)).low == -100.0


@pytest.mark.parametrize(
    ("right", "labels", "classes", "hollow"),
    [
        (25, [0, 1, 2, 3] * 25, 4, True),  # a quarter of 100 in four classes
        (33, [0, 1, 2, 3] * 25, 4, True),  # Wilson 24.6..42.7
        (34, [0, 1, 2, 3] * 25, 4, False),  # 25.5..43.7
        (90, [0] * 90 + [1] * 10, 2, True),  # always the commonest
        (3, [0, 1, 2] * 1, 1000, False),
    ],
)
def test_chance_is_told(
    right: int, labels: list[int], classes: int, hollow: bool
) -> None:
    answers = np.arange(len(labels)) < right
    said = no_better_than_chance(answers, np.array(labels), classes)
    assert bool(said) == hollow
    assert not hollow or f"{right} of {len(labels)} images right" in said
