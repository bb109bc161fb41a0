"""What is refused at the door, each in one line."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from datasets.errors import InputError
from selection.plans.naive import candidates
from selection.plans.request import Request
from selection.plans.search import LEARNED, ladders
from selection.replay import replay
from selection.scored import Scored, from_stored
from selection.selectors.cascade import Cascade
from selection.selectors.fixed import Fixed
from tests.selection.synthetic import scored as table

DATA = table(images=6)
FIRST = Fixed(DATA.rungs[0])


@dataclass(frozen=True, kw_only=True)
class _Rung:
    macs: int
    ids: tuple[str, ...]
    labels: NDArray[np.int64]
    scores: NDArray[np.float32]
    fingerprint: str = "f"


def _stored(data: Scored = DATA) -> dict[str, _Rung]:
    return {
        name: _Rung(macs=macs, ids=data.ids, labels=data.labels, scores=scores)
        for name, macs, scores in zip(data.rungs, data.macs, data.scores, strict=True)
    }


def test_stored_rungs_are_sorted_by_cost() -> None:
    found = from_stored(dict(reversed(_stored().items())))
    assert found.rungs == DATA.rungs
    np.testing.assert_array_equal(found.right, DATA.right)


def test_equally_costly_rungs_stay_but_share_no_ladder() -> None:
    """As a rung and the same network adapted do; every selector runs over both."""
    data = table()
    stored = _stored(data)
    twin, original = "small@64-adapted", data.rungs[1]
    stored[twin] = replace(stored[original], scores=data.scores[2])
    both = from_stored(stored)
    assert both.rungs == (DATA.rungs[0], original, twin, DATA.rungs[2])
    found = list(ladders(both, 3))
    assert any(twin in ladder for ladder in found)
    assert any(original in ladder for ladder in found)
    assert not any({twin, original} <= set(ladder) for ladder in found)
    request = Request(
        reference=DATA.rungs[2],
        max_drop_points=8.0,
        confidence=0.9,
        ways=("top1", LEARNED),
    )
    looked = replace(both, looks=data.looks)
    kinds = {str(one.selector.to_json()["kind"]) for one in candidates(looked, request)}
    assert kinds == {"fixed", "cascade", "learned"}
    for one in candidates(looked, request):
        assert replay(one.selector, looked).mean_macs == pytest.approx(one.macs)


def test_a_ladder_that_does_not_ascend_is_refused() -> None:
    with pytest.raises(InputError, match="does not ascend in cost"):
        from_stored(_stored(), DATA.rungs[::-1])
    with pytest.raises(InputError, match="does not ascend in cost"):
        DATA.ladder(DATA.rungs[::-1])


@pytest.mark.parametrize(
    "other",
    [{"fingerprint": "g"}, {"ids": tuple("abcdef")}],
)
def test_other_images_are_refused(other: dict[str, object]) -> None:
    stored = _stored()
    stored[DATA.rungs[1]] = replace(stored[DATA.rungs[1]], **other)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="different images"):
        from_stored(stored)


def test_an_unknown_rung_is_named() -> None:
    with pytest.raises(InputError, match="large@7 has no scores; expected one of"):
        from_stored(_stored(), ["large@7"])


@pytest.mark.parametrize("label", [-2, 4])
def test_labels_out_of_range_are_refused(label: int) -> None:
    labels = DATA.labels.copy()
    labels[2] = label
    with pytest.raises(InputError, match=r"out of range; expected 0\.\.3"):
        replace(DATA, labels=labels)


def test_an_image_without_a_label_is_neither_right_nor_wrong() -> None:
    labels = DATA.labels.copy()
    labels[2] = -1
    data = replace(DATA, labels=labels)
    assert data.labelled.sum() == 5
    with pytest.raises(InputError, match="1 of 6 images have no label"):
        assert data.right.size
    with pytest.raises(InputError, match="1 of 6 images have no label"):
        assert replay(FIRST, data).right.size
    assert replay(FIRST, data).answers.shape == (6,)


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.1, 7.0])
def test_scores_that_are_no_probabilities_are_refused(value: float) -> None:
    scores = DATA.scores[0].copy()
    scores[3, 1] = value
    with pytest.raises(InputError, match="expected probabilities"):
        replace(DATA, scores=(scores, *DATA.scores[1:]))


def test_no_image_is_refused() -> None:
    with pytest.raises(InputError, match="at least one image"):
        Scored(
            rungs=("a@1",),
            macs=(1,),
            scores=(np.empty((0, 2), np.float32),),
            labels=np.empty(0, int),
            ids=(),
        )


@pytest.mark.parametrize("thresholds", [(1.5, 0.5), (-0.1, 0.5), (np.nan, 0.5), (0.5,)])
def test_thresholds_out_of_range_are_refused(thresholds: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="threshold"):
        Cascade(ladder=DATA.rungs, thresholds=thresholds)
