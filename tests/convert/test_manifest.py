"""The manifest's JSON, its schema and its dataclasses say the same."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from convert import manifest as words
from convert.manifest import Manifest, manifest_from_json
from convert.untrusted.schema import read_manifest, schema
from datasets.errors import InputError
from datasets.strict_json import parse
from selection.confidence import NAMES
from selection.selectors.catalogue import CATALOGUE
from tests.convert import tiny_bundle
from tests.convert.untrusted.test_fuzz import STARTS


def _text(manifest: Manifest) -> bytes:
    return json.dumps(manifest.to_json()).encode()


def test_it_reads_as_it_was_written() -> None:
    manifest = tiny_bundle.manifest()
    assert manifest_from_json(json.loads(_text(manifest))) == manifest
    assert read_manifest(_text(manifest), "x") == manifest


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("facts", STARTS, ids=lambda f: f["selector"]["kind"])
def test_a_stock_validator_takes_good_manifests(facts: Any) -> None:
    """As other languages' libraries will: none of our own keywords is needed."""
    Draft202012Validator(schema()).validate(facts)


@pytest.mark.parametrize(
    ("record", "part"),
    [
        (words.Manifest, schema()),
        (words.Rung, schema()["$defs"]["rung"]),
        (words.Tensor, schema()["$defs"]["tensor"]),
        (words.Preprocessing, schema()["$defs"]["preprocessing"]),
        (words.Look, schema()["$defs"]["look"]),
        (words.File, schema()["properties"]["files"]["items"]),
    ],
)
def test_the_schema_has_the_fields_of_the_records(
    record: Any, part: dict[str, Any]
) -> None:
    names = {one.name for one in fields(record)}
    optional = {"scores"} & names  # left out where it is as usual
    assert set(part["properties"]) == names == set(part["required"]) | optional
    assert part["additionalProperties"] is False


def test_the_schema_has_the_selectors_and_confidences_that_run() -> None:
    selector = schema()["$defs"]["selector"]
    running = [name for name, entry in CATALOGUE.items() if entry.runs]
    assert selector["properties"]["kind"]["enum"] == running
    cascade = next(
        one["then"]["properties"]
        for one in selector["allOf"]
        if one["if"]["properties"]["kind"]["const"] == "cascade"
    )
    assert cascade["confidence"]["enum"] == list(NAMES)


def test_the_format_is_the_schemas() -> None:
    assert schema()["properties"]["format"]["const"] == words.FORMAT


@pytest.mark.parametrize("version", [0, 2, 99, "1", None, 1.0, True, [1]])
def test_another_format_is_told_before_anything_else(version: object) -> None:
    facts = {"format": version, "everything": "else", "is": "different"}
    with pytest.raises(InputError, match=r"this version of reswise reads format 1\. "):
        read_manifest(json.dumps(facts).encode(), "x")


def test_dataclasses_hold_whole_numbers_whole() -> None:
    facts = json.loads(_text(tiny_bundle.manifest()))
    facts["rungs"][0]["input"]["shape"] = [1.0, 8, 8, 3]
    with pytest.raises(InputError, match=r"shape\[0\] is 1\.0; expected type"):
        read_manifest(json.dumps(facts).encode(), "x")


def test_strings_may_hold_brackets_and_quotes() -> None:
    """Depth is counted outside strings."""
    text = json.dumps({"a": "[" * 1000, "b": '"[\\"{'})
    assert parse(text.encode(), "x") == json.loads(text)
    assert parse(b"[" * 32 + b"]" * 32, "x")
    with pytest.raises(InputError, match="deeper than 32"):
        parse(b"[" * 33 + b"]" * 33, "x")


def test_measured_may_say_anything_that_can_be_shown() -> None:
    measured = {"parity": [{"agreement": 0.99, "on": "Fotos größer\nals"}], "n": None}
    manifest = replace(tiny_bundle.manifest(), measured=measured)
    assert read_manifest(_text(manifest), "x").measured == measured
