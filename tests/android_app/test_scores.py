"""What a rung's `scores` says of its output, the app reads as Python does."""

import json
from pathlib import Path

import numpy as np
import pytest

from android_bench.inputs import pack
from android_bench.interpreter import rung_scores
from convert.bundle import open_bundle
from datasets.catalogue import open_dataset
from tests.android_app.conftest import Benched
from tests.android_app.kinds import IMPORTED, KINDS, PICTURES, judged

pytestmark = pytest.mark.checkout
SCORED = [*(kind for kind in KINDS if len(KINDS[kind]) > 3), *IMPORTED]


@pytest.mark.parametrize("kind", SCORED)
def test_scores_are_those_of_python(
    kind: str, benched: Benched, pictures: Path, tmp_path: Path
) -> None:
    """Not the class alone: what a logit or one unit becomes, picture by picture."""
    bundle, lines = benched(kind)
    manifest = open_bundle(bundle).manifest
    inputs = pack(open_dataset(f"folder:{pictures}", None, None), manifest, tmp_path)
    answer = manifest.selector.get("answer")
    by_rung = np.stack([rung_scores(bundle, one, inputs) for one in manifest.rungs])
    places = {name: place for place, name in enumerate(inputs.ids)}
    images = [json.loads(line) for line in lines.read_text().splitlines()]
    images = [image for image in images if image["event"] == "image"]
    assert len(images) == PICTURES
    seen = set()
    for image in images:
        paid = by_rung[image["rungs"], places[image["id"]]]
        expected = paid.mean(axis=0) if answer == "mean" else paid[-1]
        for place, score in image["top"]:
            assert score == pytest.approx(float(expected[place]), abs=1e-6)
        assert len(image["top"]) == min(5, expected.size)
        seen.add(image["top"][0][0])
    assert len(seen) > 1  # the pictures are of several classes


def test_classes_are_counted_from_the_bundles_offset(
    benched: Benched, pictures: Path, tmp_path: Path
) -> None:
    """The app answers with the model's classes; those of the data set begin at 1."""
    bundle, lines = benched("imported, class 0 the background")
    assert open_bundle(bundle).class_offset == 1
    assert judged(bundle, pictures, lines, tmp_path) == 0
    facts = json.loads((tmp_path / "app" / "app.json").read_text())
    images = [json.loads(line) for line in lines.read_text().splitlines()]
    right = [
        image["top"][0][0] == int(image["id"].split("/")[0].removeprefix("class ")) + 1
        for image in images
        if image["event"] == "image"
    ]
    assert facts["line"]["right"] == sum(right) > 0
