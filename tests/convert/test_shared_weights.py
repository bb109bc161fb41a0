"""Shared weights: every signature gives the bits of its own file, weights once."""

from types import SimpleNamespace

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from convert import shared_weights
from convert.image_input import entrance
from convert.quantising.corrections import Rounded
from convert.quantising.quantise import FloatRung, with_litert
from convert.quantising.ranges import seen_by
from convert.quantising.recipes import RECIPES
from convert.quantising.rounding import rounded_for
from convert.running import Runner
from convert.shared_weights import merged
from convert.to_tflite import FloatFiles, signature_name
from keras_models.loading import ModelChoice, load
from tests.convert.small import pixels

SIDES = (96, 80, 64, 48, 32)
MOST = {"float32": 1.06, "float16": 1.06, "dynamic_int8": 1.4, "full_int8": 1.4}
Files = dict[tuple[str, int], bytes]


@pytest.fixture(scope="module")
def files() -> Files:
    """small_resnet by five resolutions and four recipes."""
    source = load(ModelChoice(model="small_resnet", weights="glyphs"))
    floats = FloatFiles(source)
    found = {}
    chosen: Rounded = {}
    for resolution in SIDES:
        content = floats.at(resolution)
        images = entrance("tf").images(pixels(4, resolution))
        chosen = chosen or rounded_for(content, images)
        seen = seen_by(content, images)
        one = FloatRung(
            content=content,
            signature=signature_name(resolution),
            images=images,
            seen=seen,
            rounding=chosen,
        )
        for name in MOST:
            found[name, resolution] = with_litert(one, RECIPES[name])
    return found


@pytest.mark.parametrize("name", MOST)
def test_every_signature_gives_the_bits_of_its_own_file(
    files: Files, name: str
) -> None:
    shared = merged([files[name, resolution] for resolution in SIDES])
    for resolution in SIDES:
        signature = signature_name(resolution)
        for image in entrance("tf").images(pixels(2, resolution, seed=resolution)):
            own = Runner(files[name, resolution], signature).scores(image)
            assert np.array_equal(Runner(shared, signature).scores(image), own)


@pytest.mark.parametrize("name", MOST)
def test_five_resolutions_are_hardly_larger_than_one(files: Files, name: str) -> None:
    shared = merged([files[name, resolution] for resolution in SIDES])
    assert len(shared) <= MOST[name] * max(
        len(files[name, resolution]) for resolution in SIDES
    )


@pytest.mark.parametrize("name", MOST)
def test_buffers_lie_on_multiples_of_16_bytes(files: Files, name: str) -> None:
    model = schema.Model.GetRootAs(
        merged([files[name, resolution] for resolution in SIDES]), 0
    )
    for place in range(model.BuffersLength()):
        buffer = model.Buffers(place)
        if buffer.DataLength():
            assert buffer._tab.Vector(buffer._tab.Offset(4)) % 16 == 0
        assert (buffer.Offset(), buffer.Size()) == (0, 0)


def test_the_first_file_is_subgraph_0(files: Files) -> None:
    shared = merged([files["float32", resolution] for resolution in SIDES[::-1]])
    interpreter = Interpreter(model_content=shared)
    assert tuple(interpreter.get_input_details()[0]["shape"]) == (1, 32, 32, 3)
    assert list(interpreter.get_signature_list()) == [
        signature_name(resolution) for resolution in sorted(SIDES)
    ]


def test_contents_of_equal_hash_are_kept_apart(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hash that is always the same: bytes decide."""
    same = SimpleNamespace(sha256=lambda _: SimpleNamespace(digest=lambda: b""))
    expected = merged([files["full_int8", resolution] for resolution in SIDES])
    monkeypatch.setattr(shared_weights, "hashlib", same)
    assert merged([files["full_int8", resolution] for resolution in SIDES]) == expected
