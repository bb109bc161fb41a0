"""What is to be converted: from flags, and from a plan."""

import json
from pathlib import Path
from typing import Any

import pytest

from convert.wanted import plan_file, wanted_from_flags, wanted_from_plan
from datasets.errors import InputError
from datasets.preprocessing import Preprocessing
from selection.arrays import Json
from selection.selectors.cascade import Cascade
from tests.convert.small import network, pretrained

WAY = Preprocessing(1.0)
ONE = pretrained(network(), "tf", "one")
TWO = pretrained(network(1), "caffe", "two")


def _plan(folder: Path, ladder: list[str], **more: Any) -> Path:
    selector = Cascade(
        ladder=tuple(ladder), thresholds=(0.8,) * (len(ladder) - 1)
    ).to_json()
    path = folder / "plan.json"
    path.write_text(json.dumps({"selector": selector, **more}))
    return path


def test_flags_give_every_model_at_every_resolution_the_native_first() -> None:
    wanted = wanted_from_flags([TWO, ONE], [16, 48, 32], WAY, None)
    assert [rung.rung for rung in wanted.rungs] == [
        "two@32", "two@48", "two@16", "one@32", "one@48", "one@16",
    ]  # fmt: skip
    assert wanted.selector == {"kind": "fixed", "ladder": ["two@32"]}
    assert [source.name for source in wanted.sources] == ["two", "one"]


def test_without_the_native_resolution_the_largest_comes_first() -> None:
    wanted = wanted_from_flags([ONE], [16, 24], WAY, None)
    assert wanted.selector["ladder"] == ["one@24"]


def test_a_plan_says_rungs_models_and_crops(tmp_path: Path) -> None:
    said = {
        "rung": "two@32",
        "crop": "0.75",
        "interpolation": "bicubic",
        "antialias": False,
        "weights_sha256": TWO.weights_sha256,
        "normalisation": "caffe",
    }
    ladder = ["one@16/crop0.875", "one@24", "two@32"]
    wanted = wanted_from_plan(_plan(tmp_path, ladder, rungs=[said]), [ONE, TWO], WAY)
    ways = {rung.rung: rung.preprocessing for rung in wanted.rungs}
    assert ways == {
        "one@16": Preprocessing(0.875),
        "one@24": WAY,
        "two@32": Preprocessing(0.75, "bicubic", False),
    }
    assert wanted.selector["ladder"] == ["one@16", "one@24", "two@32"]


@pytest.mark.parametrize(
    ("ladder", "rungs", "message"),
    [
        (["three@32", "one@16"], [], "`model` gives one, two"),
        (["one", "two@32"], [], "is no rung"),
        (["one@16/crop0.5", "one@16"], [], "at two crops"),
        (["one@16"], [{"rung": "one@16", "weights_sha256": "0" * 64}], "planned with"),
        (["one@16"], [{"rung": "one@16", "normalisation": "torch"}], "planned with"),
        (["one@16"], [{"rung": "one@16", "crop": "7"}], "crop"),
    ],
)
def test_other_plans_are_refused(
    tmp_path: Path, ladder: list[str], rungs: list[Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        wanted_from_plan(_plan(tmp_path, ladder, rungs=rungs), [ONE, TWO], WAY)


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"selector": 3}', "{}"])
def test_what_is_no_plan_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text)
    with pytest.raises(InputError, match="expected"):
        wanted_from_plan(path, [ONE], WAY)
    with pytest.raises(InputError, match="No such file"):
        plan_file(tmp_path / "none.json").object()


def test_models_must_differ_in_name_and_agree_in_classes() -> None:
    with pytest.raises(InputError, match="different names"):
        wanted_from_flags([ONE, ONE], [32], WAY, None)
    other = pretrained(network(classes=7), "tf", "seven")
    with pytest.raises(InputError, match="one number of classes"):
        wanted_from_flags([ONE, other], [32], WAY, None)


def test_a_selector_of_other_rungs_is_refused() -> None:
    selector: Json = {"kind": "fixed", "ladder": ["one@99"]}
    with pytest.raises(InputError, match="climbs one@99"):
        wanted_from_flags([ONE], [32], WAY, selector)
