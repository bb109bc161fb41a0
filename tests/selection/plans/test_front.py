"""The exact front against every tuple tried one by one, ties included."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.errors import InputError
from selection.arrays import Bools, Float64s
from selection.plans.front import exact_front
from selection.plans.grid import evaluate_grid

MACS = (3, 10, 25)


def _outcome(
    thresholds: tuple[float, ...], confidences: Float64s, right: Bools
) -> tuple[int, int]:
    """(MACs, right answers), image by image and rung by rung."""
    total = answered = 0
    for sure, hits in zip(confidences, right, strict=True):
        rung = 0
        total += MACS[0]
        while rung < len(thresholds) and sure[rung] < thresholds[rung]:
            rung += 1
            total += MACS[rung]
        answered += int(hits[rung])
    return total, answered


def _brute_force(confidences: Float64s, right: Bools) -> list[tuple[int, int]]:
    axes = [np.append(np.unique(column), 2.0) for column in confidences.T]
    points = {_outcome(pair, confidences, right) for pair in product(*axes)}
    front: list[tuple[int, int]] = []
    for cost, answered in sorted(points, key=lambda point: (point[0], -point[1])):
        if not front or answered > front[-1][1]:
            front.append((cost, answered))
    return front


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.integers(2, 3).flatmap(
        lambda rungs: st.lists(
            st.tuples(
                st.tuples(*[st.integers(0, 5)] * (rungs - 1)),
                st.tuples(*[st.booleans()] * rungs),
            ),
            min_size=1,
            max_size=12,
        )
    )
)
def test_front_equals_brute_force(
    rows: list[tuple[tuple[int, ...], tuple[bool, ...]]],
) -> None:
    confidences = np.array([row[0] for row in rows]) / 5
    right = np.array([row[1] for row in rows])
    front = exact_front(confidences, right, MACS[: right.shape[1]])
    found = list(zip(front.macs.tolist(), front.right.tolist(), strict=True))
    assert found == _brute_force(confidences, right)
    for index, point in enumerate(found):
        thresholds = tuple(front.thresholds[index])
        assert _outcome(thresholds, confidences, right) == point


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("levels", [20, 10**6])
def test_many_tiles_equal_all_pairs(seed: int, levels: int) -> None:
    """300 images: dozens of tiles, 90,000 pairs, evaluated as one table of masks."""
    random = np.random.default_rng(seed)
    difficulty = random.random(300)
    chances = np.array([0.9, 1.0, 1.15]) - 0.7 * difficulty[:, None]
    right = random.random((300, 3)) < chances
    noise = random.normal(size=(300, 2)) * 0.2
    sure = np.clip(1 - difficulty[:, None] + noise, 0, 1)
    confidences = np.floor(sure * levels) / levels
    front = exact_front(confidences, right, MACS)

    axes = [np.append(np.unique(column), 2.0) for column in confidences.T]
    climbs = confidences[:, 0, None] < axes[0]
    tops = (confidences[:, 1, None] < axes[1]).astype(int)
    second = climbs.astype(int).T @ tops
    gains = (right.astype(int)[:, 1] - right[:, 0]) @ climbs
    further = (right[:, 2].astype(int) - right[:, 1])[:, None] * tops
    answered = right[:, 0].sum() + gains[:, None] + climbs.astype(int).T @ further
    cost = 300 * MACS[0] + climbs.sum(axis=0)[:, None] * MACS[1] + second * MACS[2]
    best: dict[int, int] = {}
    for price, count in zip(
        cost.ravel().tolist(), answered.ravel().tolist(), strict=True
    ):
        best[price] = max(best.get(price, -1), count)
    expected: list[tuple[int, int]] = []
    for price in sorted(best):
        if not expected or best[price] > expected[-1][1]:
            expected.append((price, best[price]))
    found = zip(front.macs.tolist(), front.right.tolist(), strict=True)
    assert list(found) == expected


def test_own_macs_are_charged_for_every_image() -> None:
    confidences, right = (
        np.array([[0.5], [0.9]]),
        np.array([[False, True], [True, True]]),
    )
    front = exact_front(confidences, right, (3, 10), own_macs=100)
    assert front.macs.tolist() == [2 * 103, 2 * 103 + 10]
    assert front.thresholds.tolist() == [[0.0], [0.9]]


def test_four_rungs_are_refused() -> None:
    with pytest.raises(InputError, match="two or three"):
        exact_front(np.zeros((2, 3)), np.ones((2, 4), bool), (1, 2, 3, 4))


@pytest.mark.parametrize("rungs", [2, 3])
def test_grid_equals_one_tuple_after_another(rungs: int) -> None:
    random = np.random.default_rng(rungs)
    confidences = (
        random.integers(0, 11, (60, rungs - 1)) / 10
    )  # some on the grid itself
    right = random.random((60, rungs)) < 0.6
    axes = tuple(np.linspace(0, 1, count) for count in (6, 11))[: rungs - 1]
    grid = evaluate_grid(axes, confidences, right, MACS[:rungs])
    for place in np.ndindex(grid.right.shape):
        pair = tuple(float(axis[i]) for axis, i in zip(axes, place, strict=True))
        expected = _outcome(pair, confidences, right)
        assert (int(grid.macs[place]), int(grid.right[place])) == expected
    np.testing.assert_allclose(grid.shares.sum(axis=0), 1)


def test_a_grid_that_does_not_ascend_is_refused() -> None:
    with pytest.raises(InputError, match="ascend"):
        evaluate_grid(
            (np.array([0.5, 0.5]),), np.zeros((2, 1)), np.ones((2, 2), bool), (1, 2)
        )
