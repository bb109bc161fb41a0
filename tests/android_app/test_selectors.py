"""The app's Java selectors, compiled by a plain JDK, choose as Python's do.

Skipped where there is no JDK.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from selection.contract import LAST, MEAN, NEVER, Selector
from selection.replay import replay
from selection.scored import Scored
from selection.selectors.cascade import Cascade
from selection.selectors.deferral import Deferral, features
from selection.selectors.fit_deferral import BOOSTED, LOGISTIC, fit_deferral
from selection.selectors.fit_learned import fit_learned
from selection.selectors.fixed import Fixed
from selection.selectors.random_choice import RandomChoice
from selection.selectors.rules import Tree, Trees
from tests.android_app.module import java
from tests.selection.synthetic import scored as table

pytestmark = pytest.mark.checkout

NAMES = ("Łódź/ř.jpg", "𝄞 and 🦉", "", 'a"b\\c\n', "IMG 1.JPG")
IMAGES = 300


def _data(classes: int, quantised: bool) -> Scored:
    """Scores of three rungs; quantised ones have many equal values."""
    data = table(images=IMAGES, classes=classes, seed=classes)
    ids = (*NAMES, *data.ids[len(NAMES) :])
    scores = data.scores
    if quantised:
        scores = tuple((np.rint(one * 256) / 256).astype(np.float32) for one in scores)
    return replace(data, ids=ids, scores=scores)


def _selectors(data: Scored) -> list[Selector]:
    ladder = data.rungs
    # of the exact confidences, thresholds that some answers meet to the last bit
    met = tuple(float(one.max(axis=1)[7]) for one in data.scores[:2])
    made: list[Selector] = [
        Fixed(ladder[1]),
        RandomChoice(ladder, (1.0, 2.5, 0.7), seed=3),
        RandomChoice(ladder, (0.0, 1.0, 0.0), seed=-(2**40)),
        Cascade(ladder=ladder[:1], thresholds=()),
        Cascade(ladder=ladder, thresholds=met),
        Cascade(ladder=ladder, thresholds=(NEVER, 0.0)),
    ]
    for answer in (LAST, MEAN):
        made += [
            Cascade(
                ladder=ladder,
                thresholds=(0.613, 0.718),
                confidence="top1",
                answer=answer,
            ),
            Cascade(
                ladder=ladder,
                thresholds=(0.327, 0.419),
                confidence="margin",
                answer=answer,
            ),
            Cascade(
                ladder=ladder,
                thresholds=(0.3127, 0.4129),
                confidence="entropy",
                answer=answer,
            ),
            Cascade(
                ladder=ladder,
                thresholds=(0.7123, 0.8131),
                confidence="calibrated",
                answer=answer,
                temperatures=(1.37, 0.73),
            ),
            *(
                fit_deferral(data, rule, answer).selector.with_thresholds((0.74, 0.81))
                for rule in (LOGISTIC, BOOSTED)
            ),
        ]
    learned = fit_learned(data)
    return [*made, _narrow(data), learned.with_price(0.3), learned.with_price(0.0)]


def _narrow(data: Scored) -> Selector:
    """A tree whose threshold lies between a feature and its float32: it must round."""
    wide = features(data.scores[:1])[:, 3]
    row = int(np.argmax(wide.astype(np.float32).astype(np.float64) - wide))
    between = (wide[row] + float(np.float32(wide[row]))) / 2
    tree = Tree(
        feature=(3, -1, -1),
        threshold=(between, 0.0, 0.0),
        left=(1, 0, 0),
        right=(2, 0, 0),
        value=(0.0, -9.0, 9.0),
    )
    selector = Deferral(data.rungs[:2], (Trees(0.0, (tree,)),), (0.5,))
    assert wide[row] <= between < np.float32(wide[row])
    assert selector.paid(data)[row, 1]  # rounded it goes right, and climbs
    return selector


def _cases(data: Scored, selectors: list[Selector]) -> dict[str, Any]:
    assert data.looks is not None
    images = [
        {
            "id": name.encode().hex(),
            "look": data.looks[row].tolist(),
            "scores": {
                rung: scores[row].tolist()
                for rung, scores in zip(data.rungs, data.scores, strict=True)
            },
        }
        for row, name in enumerate(data.ids)
    ]
    return {"selectors": [one.to_json() for one in selectors], "images": images}


def _expected(data: Scored, selector: Selector) -> list[str]:
    """As Java prints it: the rungs run, and the class answered."""
    done = replay(selector, data)
    ladder = np.array(done.ladder)
    return [
        f"{','.join(ladder[paid])} {scores.argmax()}"
        for paid, scores in zip(done.paid, done.scores, strict=True)
    ]


def _closest(data: Scored, selector: Selector) -> float:
    """How near a confidence through log, pow or exp comes to its threshold."""
    if not isinstance(selector, Cascade) or selector.confidence in ("top1", "margin"):
        return 1.0
    found = selector.confidences(data.scores)
    return float(np.abs(found - np.array(selector.thresholds)).min())


@pytest.mark.parametrize("quantised", [False, True], ids=["float", "256ths"])
@pytest.mark.parametrize("many", [2, 40])
def test_java_chooses_as_python_does_for_every_image(
    tmp_path: Path, many: int, quantised: bool
) -> None:
    data = _data(many, quantised)
    selectors = _selectors(data)
    assert {str(one.to_json()["kind"]) for one in selectors} == {
        "fixed", "random", "cascade", "deferral", "learned"
    }  # fmt: skip
    assert min(_closest(data, one) for one in selectors) > 1e-9
    path = tmp_path / "cases.json"
    path.write_text(json.dumps(_cases(data, selectors)), encoding="utf-8")
    lines = java("selectors", path).splitlines()
    assert len(lines) == len(selectors) * IMAGES
    climbs = set()
    for place, selector in enumerate(selectors):
        found = lines[place * IMAGES : (place + 1) * IMAGES]
        assert found == _expected(data, selector), selector.to_json()["kind"]
        climbs |= {line.split()[0] for line in found}
    assert len(climbs) >= 5  # the cases tell the selectors apart
