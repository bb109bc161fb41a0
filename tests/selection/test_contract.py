"""One contract for every selector: one image equals many, JSON gives the same again."""

import json
from collections.abc import Callable

import numpy as np
import pytest

from datasets.errors import InputError
from selection.arrays import Scores
from selection.contract import Answers, Selector
from selection.replay import replay, run_one
from selection.scored import Scored
from selection.selectors.cascade import Cascade
from selection.selectors.catalogue import CATALOGUE, from_json
from selection.selectors.fit_deferral import fit_deferral
from selection.selectors.fit_learned import fit_learned
from selection.selectors.fixed import Fixed
from selection.selectors.oracle import Oracle
from selection.selectors.random_choice import RandomChoice
from tests.selection.synthetic import scored as table

DATA = table(images=150)
LADDER = DATA.rungs


def _deferral(rule: str, answer: str) -> Selector:
    fitted = fit_deferral(DATA, rule, answer)
    return fitted.selector.with_thresholds((0.75, 0.8))


MAKERS: dict[str, Callable[[], Selector]] = {
    "fixed": lambda: Fixed(LADDER[1]),
    "random": lambda: RandomChoice(LADDER, (1.0, 2.0, 1.0), seed=3),
    "cascade": lambda: Cascade(ladder=LADDER, thresholds=(0.7, 0.8)),
    "cascade of one rung": lambda: Cascade(ladder=LADDER[:1], thresholds=()),
    "cascade margin mean": lambda: Cascade(
        ladder=LADDER, thresholds=(0.4, 0.5), confidence="margin", answer="mean"
    ),
    "cascade entropy": lambda: Cascade(
        ladder=LADDER, thresholds=(0.4, 0.5), confidence="entropy"
    ),
    "cascade calibrated": lambda: Cascade(
        ladder=LADDER,
        thresholds=(0.7, 0.8),
        confidence="calibrated",
        answer="last",
        temperatures=(1.5, 0.7),
    ),
    "deferral": lambda: _deferral("logistic", "last"),
    "deferral boosted": lambda: _deferral("boosted", "last"),
    "deferral mean": lambda: _deferral("logistic", "mean"),
    "learned": lambda: fit_learned(DATA).with_price(0.3),
    "oracle": lambda: Oracle(LADDER),
}


def test_every_entry_of_the_catalogue_is_here() -> None:
    assert {name.split()[0] for name in MAKERS} == set(CATALOGUE)


@pytest.mark.parametrize("name", MAKERS)
def test_one_image_after_the_other_equals_all_at_once(name: str) -> None:
    selector = MAKERS[name]()
    done = replay(selector, DATA)
    for row in range(DATA.images):
        answer, climb = run_one(selector, _answers(DATA, row), _runner(DATA, row))
        paid = tuple(np.array(done.ladder)[done.paid[row]])
        if name == "oracle":  # it tries upward; the bound pays for the right one alone
            right = [r for r in LADDER if DATA.right[row, LADDER.index(r)]]
            assert paid == ((right or list(LADDER))[0],)
            assert climb == LADDER[: len(climb)]
            continue
        np.testing.assert_array_equal(answer, done.scores[row])
        assert paid == climb
        cost = sum(DATA.macs[LADDER.index(rung)] for rung in climb)
        assert done.macs[row] == cost + selector.own_macs


@pytest.mark.parametrize("name", MAKERS)
def test_json_gives_the_same_decisions(name: str) -> None:
    selector = MAKERS[name]()
    again = from_json(json.loads(json.dumps(selector.to_json())))
    assert again == selector
    np.testing.assert_array_equal(again.paid(DATA), selector.paid(DATA))


@pytest.mark.parametrize("name", MAKERS)
def test_order_of_the_images_is_no_matter(name: str) -> None:
    selector = MAKERS[name]()
    backwards = DATA.take(np.arange(DATA.images)[::-1])
    np.testing.assert_array_equal(selector.paid(backwards)[::-1], selector.paid(DATA))


@pytest.mark.parametrize(
    "facts",
    [{}, {"kind": "guess"}, {"kind": "cascade"}, {"kind": "fixed", "ladder": 3},
     {"kind": "deferral", "ladder": ["a@1", "b@2"], "rules": [{"rule": "x"}],
      "thresholds": [0.5], "answer": "last"}],
)  # fmt: skip
def test_json_that_is_not_whole_is_refused(facts: dict[str, object]) -> None:
    with pytest.raises(InputError):
        from_json(facts)


def _answers(scored: Scored, row: int) -> Answers:
    assert scored.looks is not None
    return Answers(
        scored.ids[row], look=scored.looks[row], label=int(scored.labels[row])
    )


def _runner(scored: Scored, row: int) -> Callable[[str], Scores]:
    return lambda rung: scored.scores[scored.index(rung)][row]
