"""Thousands of broken manifests and .tflite files: refused in one line, or sound.

Nothing but InputError may come out, and nothing may hang: hypothesis gives each example
a deadline. The examples are the same in every run.
"""

import copy
import json
import struct
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convert.bundle import described, open_bundle
from convert.foreign.importing import ForeignChoice, import_bundle
from convert.manifest import MANIFEST_FILE, Json, Manifest
from convert.untrusted.manifest_check import check_manifest
from convert.untrusted.schema import read_manifest
from convert.untrusted.tflite_file import read_tflite
from convert.untrusted.zip_check import zipped_files
from datasets.errors import InputError
from datasets.strict_json import parse
from tests.convert import tiny_bundle
from tests.convert.tiny_tflite import classifier
from tests.convert.untrusted.hostile import zipped

# far above what one takes, so that a machine with other work fails nothing
DEADLINE = timedelta(seconds=20)


def thousands(examples: int) -> settings:
    """Settings of one fuzz test."""
    return settings(
        max_examples=examples,
        deadline=DEADLINE,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


GOOD: Json = json.loads(json.dumps(tiny_bundle.manifest().to_json()))
LEARNED: Json = {
    "kind": "learned", "ladder": ["tiny@8", "tiny@16"], "costs": [0.5, 1.0],
    "price": 0.1, "layers": [{"weights": [[0.0, 0.0]] * 21, "biases": [0.0, 0.0]}],
}  # fmt: skip
DEFERRAL: Json = {
    "kind": "deferral", "ladder": ["tiny@8", "tiny@16"], "answer": "mean",
    "thresholds": [0.5],
    "rules": [{"rule": "trees", "intercept": 0.0, "trees": [
        {"feature": [0, -1, -1], "threshold": [0.5, 0.0, 0.0], "left": [1, 0, 0],
         "right": [2, 0, 0], "value": [0.0, 1.0, 2.0]}]}],
}  # fmt: skip
RANDOM: Json = {"kind": "random", "ladder": ["tiny@8"], "weights": [1.0], "seed": 3}
STARTS = [GOOD, *(GOOD | {"selector": one} for one in (LEARNED, DEFERRAL, RANDOM))]
MODEL = classifier((8, 16)).packed()
FOREIGN = classifier((8,), dtype="uint8").packed()
WITH_ZIP = zipped({"labels.txt": tiny_bundle.LABELS})(MODEL)

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**25), 10**25),
    st.sampled_from([-1, 0, 1, 2, 3, 255, 256, 2**31, 2**53, 2**63, 2**64]),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        ["", "../x", "/dev/zero", "tiny@8", "tiny.tflite", "mean", "\ud800"]
    ),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(max_size=8), inner, max_size=4),
    ),
    max_leaves=8,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of everything inside a JSON value."""
    found = [path] if path else []
    steps = value.items() if isinstance(value, dict) else enumerate(value)
    for step, inner in steps:
        found.append((*path, step))
        if isinstance(inner, dict | list):
            found += _places(inner, (*path, step))
    return found


@st.composite
def manifests(draw: Callable[..., Any]) -> Any:
    """A good manifest with one to three things replaced, removed, added or swapped."""
    facts = copy.deepcopy(draw(st.sampled_from(STARTS)))
    for _ in range(draw(st.integers(1, 3))):
        places = _places(facts)
        path = places[draw(st.integers(0, len(places) - 1))]
        holder = facts
        for step in path[:-1]:
            holder = holder[step]
        deed = draw(st.sampled_from(["replace", "replace", "remove", "add", "repeat"]))
        if deed == "replace":
            holder[path[-1]] = draw(values)
        elif deed == "remove":
            del holder[path[-1]]
        elif isinstance(holder, dict):
            holder[draw(st.text(max_size=8))] = draw(values)
        elif deed == "repeat":
            holder += holder * draw(st.integers(1, 40))
        else:
            holder.insert(path[-1], draw(values))
        if not facts:
            break
    return facts


def _accepted(act: Callable[[], object]) -> bool:
    """Whether it was accepted; a refusal is one line, and anything else is raised."""
    line = ""
    try:
        act()
    except InputError as error:
        line = str(error)
        line.encode()  # a terminal can show it
    assert "\n" not in line
    return not line


def _read(content: bytes) -> Manifest:
    manifest = read_manifest(content, "manifest.json")
    check_manifest(manifest, "manifest.json")
    return manifest


@thousands(1200)
@given(manifests())
def test_a_manifest_with_anything_in_it(facts: Any) -> None:
    content = json.dumps(facts).encode("utf-8", "surrogatepass")
    if _accepted(lambda: _read(content)):
        json.dumps(_read(content).to_json(), allow_nan=False)


@thousands(800)
@given(st.data())
def test_the_bytes_of_a_manifest_changed(data: st.DataObject) -> None:
    content = bytearray(json.dumps(GOOD).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = min(len(content), start + data.draw(st.integers(0, 30)))
        content[start:end] = data.draw(st.binary(max_size=12))
    _accepted(lambda: _read(bytes(content)))


@thousands(300)
@given(values)
def test_any_json_is_read_as_python_reads_it_or_refused(value: Any) -> None:
    text = json.dumps(value)
    if _accepted(lambda: parse(text.encode(), "x")):
        assert parse(text.encode(), "x") == json.loads(text)


@st.composite
def models(draw: Callable[..., Any], start: bytes = MODEL) -> bytes:
    """Bits flipped, offsets rewritten, parts spliced, the end cut off."""
    content = bytearray(start)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(content) - 5))
        deed = draw(st.sampled_from(["flip", "offset", "far", "splice", "cut", "head"]))
        if deed == "flip":
            content[place] ^= 1 << draw(st.integers(0, 7))
        elif deed == "offset":  # near: back into the file
            near = draw(st.integers(0, len(content)))
            content[place : place + 4] = struct.pack("<I", near)
        elif deed == "far":
            far = draw(st.sampled_from([2**31 - 1, 2**31, 2**32 - 1, 2**30, 2**16]))
            content[place : place + 4] = struct.pack("<I", far)
        elif deed == "splice":
            other = draw(st.integers(0, len(content) - 1))
            length = draw(st.integers(1, 200))
            content[place : place + length] = content[other : other + length]
        elif deed == "cut":
            del content[max(place, 8) :]
        else:
            content[:4] = struct.pack("<I", draw(st.integers(0, 2**32 - 1)))
        if len(content) < 12:
            break
    return bytes(content)


@thousands(2500)
@given(models())
def test_a_broken_model(content: bytes) -> None:
    if _accepted(lambda: read_tflite(content, "x.tflite")):
        held = read_tflite(content, "x.tflite")
        assert all(len(s.inputs) <= 64 for s in held.signatures)
        assert max(len(graph.inputs) for graph in held.graphs) <= 64


@thousands(800)
@given(models(WITH_ZIP))
def test_a_broken_zip_behind_a_model(content: bytes) -> None:
    _accepted(lambda: zipped_files(content, "x.tflite"))


@thousands(250)
@given(models(), st.sampled_from(["float32", "uint8"]))
def test_a_bundle_with_a_broken_model(content: bytes, dtype: str) -> None:
    """Sizes and hashes right, so that what is inside is looked at."""
    files = tiny_bundle.contents() | {"tiny.tflite": content}
    manifest = replace(tiny_bundle.manifest(), files=described(files))
    facts = json.loads(json.dumps(manifest.to_json()))
    facts["rungs"][0]["input"]["dtype"] = dtype
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, held in files.items():
            (folder / file).write_bytes(held)
        (folder / MANIFEST_FILE).write_text(json.dumps(facts))
        _accepted(lambda: open_bundle(folder))


@thousands(400)
@given(models(FOREIGN))
def test_a_broken_model_to_be_imported(content: bytes) -> None:
    """What is accepted is counted by another reader, and written."""
    with tempfile.TemporaryDirectory() as name:
        path, labels = Path(name) / "mobilenet.tflite", Path(name) / "labels.txt"
        path.write_bytes(content)
        labels.write_bytes(tiny_bundle.LABELS)
        choice = ForeignChoice(labels=labels)
        if _accepted(lambda: import_bundle(path, Path(name) / "b", choice)):
            assert open_bundle(Path(name) / "b").manifest.measured["imported"]
        else:
            assert not (Path(name) / "b").exists()


def test_the_starts_are_good() -> None:
    """Else the mutations would show nothing but the first fault."""
    for facts in STARTS:
        assert _read(json.dumps(facts).encode()).name == "tiny"
    assert zipped_files(WITH_ZIP, "x") == {"labels.txt": tiny_bundle.LABELS}
    assert len(read_tflite(WITH_ZIP, "x").graphs) == 2
