"""The C selectors decide as `selection` does, on the same scores, for every image."""

from pathlib import Path

import numpy as np
import pytest

from selection.confidence import NAMES
from selection.contract import NEVER, Selector
from selection.replay import replay
from selection.scored import Scored
from selection.selectors.agreement import agreement
from selection.selectors.cascade import Cascade
from selection.selectors.deferral import Deferral, seen_features
from selection.selectors.fixed import Fixed
from selection.selectors.learned import Dense, Learned
from selection.selectors.random_choice import RandomChoice
from selection.selectors.rules import Linear, Rule, Tree, Trees
from selection.selectors.thumbnail import FEATURES
from tests.android_bench import compiled
from tests.android_bench.scored_scripts import (
    Scores,
    run_well,
    rung_names,
    write_script,
)

IMAGES = 600
RUNGS = 3
LADDER = rung_names(RUNGS)
IDS = tuple(f"picture {number}" for number in range(IMAGES))


def _scores(classes: int) -> tuple[Scores, ...]:
    """Probabilities of every sharpness; equal ones and zeros among them."""
    random = np.random.default_rng(classes)
    found = []
    for _ in range(RUNGS):
        sharp = random.uniform(0.1, 12, size=(IMAGES, 1))
        logits = np.exp(sharp * random.normal(size=(IMAGES, classes)))
        one = (logits / logits.sum(axis=1, keepdims=True)).astype(np.float32)
        one[::7] = np.round(one[::7] * 8) / 8
        found.append(one)
    return tuple(found)


def _scored(scores: tuple[Scores, ...]) -> Scored:
    labels = np.zeros(IMAGES, np.int64)
    return Scored(rungs=LADDER, macs=(1, 2, 3), scores=scores, labels=labels, ids=IDS)


def _on_images(selector: Cascade | Deferral, scores: tuple[Scores, ...]) -> Selector:
    """With two images' own confidences for thresholds, where rounding would show."""
    first, second = selector.confidences(scores).T
    low = np.sort(first)[IMAGES // 2]
    return selector.with_thresholds((low, np.sort(second[first < low])[IMAGES // 4]))


def _decides_alike(
    selector: Selector, scores: tuple[Scores, ...], folder: Path
) -> None:
    script = write_script(folder, selector, scores, IDS)
    runner = compiled.host_runner().files["runner"]
    results = run_well(runner, script, compiled.fake_library())
    expected = replay(selector, _scored(scores))
    for item, paid, answer in zip(
        results.items, expected.paid, expected.scores, strict=True
    ):
        # a script counts the rungs of its ladder
        assert item.rungs == tuple(np.flatnonzero(paid)), item
        assert item.top[0][0] == answer.argmax()
        assert np.float32(item.top[0][1]) == answer.max()
    ends = expected.paid.sum(axis=0)
    assert ends.min() > 0  # each rung was run for some image


@pytest.mark.parametrize("classes", [2, 5, 100])
@pytest.mark.parametrize("answer", ["last", "mean"])
@pytest.mark.parametrize("confidence", NAMES)
def test_cascades(confidence: str, answer: str, classes: int, tmp_path: Path) -> None:
    scores = _scores(classes)
    temperatures = (0.7, 1.9) if confidence == "calibrated" else ()
    never = Cascade(
        ladder=LADDER,
        thresholds=(NEVER, NEVER),
        confidence=confidence,
        answer=answer,
        temperatures=temperatures,
    )
    _decides_alike(_on_images(never, scores), scores, tmp_path)


def _rules(kind: str, scores: tuple[Scores, ...], answer: str) -> tuple[Rule, ...]:
    random = np.random.default_rng(4)
    rules: list[Rule] = []
    for seen in (1, 2):
        features = seen_features(scores[:seen], answer)
        width = features.shape[1]
        if kind == "linear":
            rules.append(Linear(0.1, tuple(random.normal(size=(width,)).tolist())))
            continue
        trees = []
        for _ in range(20):
            places = random.integers(width, size=3)
            # thresholds that are features of images themselves, rounded to float32
            cuts = features[random.integers(IMAGES, size=3), places].astype(np.float32)
            feature = (*places.tolist(), -1, -1, -1, -1)
            threshold = (*cuts.astype(float).tolist(), 0.0, 0.0, 0.0, 0.0)
            left, right = (1, 3, 5, 0, 0, 0, 0), (2, 4, 6, 0, 0, 0, 0)
            values = (0.0, 0.0, 0.0, *random.normal(size=4).tolist())
            trees.append(
                Tree(
                    feature=feature,
                    threshold=threshold,
                    left=left,
                    right=right,
                    value=values,
                )
            )
        rules.append(Trees(-0.2, tuple(trees)))
    return tuple(rules)


@pytest.mark.parametrize("answer", ["last", "mean"])
@pytest.mark.parametrize("kind", ["linear", "trees"])
@pytest.mark.parametrize("classes", [2, 40])
def test_deferral_rules(kind: str, answer: str, classes: int, tmp_path: Path) -> None:
    scores = _scores(classes)
    rules = _rules(kind, scores, answer)
    never = Deferral(LADDER, rules, (NEVER, NEVER), answer)
    _decides_alike(_on_images(never, scores), scores, tmp_path)


@pytest.mark.parametrize("answer", ["last", "mean"])
@pytest.mark.parametrize("classes", [2, 5, 100])
def test_two_rungs_that_agree(answer: str, classes: int, tmp_path: Path) -> None:
    scores = _scores(classes)
    _decides_alike(_on_images(agreement(LADDER, answer), scores), scores, tmp_path)


def test_the_draws_of_random(tmp_path: Path) -> None:
    _decides_alike(RandomChoice(LADDER, (1, 2, 3), seed=11), _scores(5), tmp_path)


def test_fixed(tmp_path: Path) -> None:
    scores = _scores(5)
    script = write_script(tmp_path, Fixed(LADDER[1]), scores, IDS)
    runner = compiled.host_runner().files["runner"]
    results = run_well(runner, script, compiled.fake_library())
    assert results.top1.tolist() == scores[1].argmax(axis=1).tolist()
    assert {item.rungs for item in results.items} == {(0,)}


def test_learned_takes_the_rung_of_highest_worth(tmp_path: Path) -> None:
    """Chances come from the look's net; the choice among them is the runner's."""
    random = np.random.default_rng(0)
    eighths = random.integers(9, size=(IMAGES, RUNGS)) / 8  # ties
    chances = eighths.astype(np.float32)
    layer = Dense(((0.0,) * RUNGS,) * FEATURES, (0.0,) * RUNGS)
    selector = Learned(LADDER, (0.25, 0.5, 1.0), (layer,), price=0.5)
    script = write_script(tmp_path, selector, _scores(5), IDS, chances=chances)
    runner = compiled.host_runner().files["runner"]
    results = run_well(runner, script, compiled.fake_library())
    worth = chances.astype(float) - 0.5 * np.array([0.25, 0.5, 1.0])
    assert [item.rungs[0] for item in results.items] == worth.argmax(axis=1).tolist()
