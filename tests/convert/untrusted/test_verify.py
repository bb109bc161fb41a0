"""What is sound passes, whatever tool made it; the layouts are those of LiteRT."""

import inspect
import re
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from convert.bundle import described, open_bundle, write_bundle
from convert.manifest import Look, Manifest, Tensor
from convert.untrusted.flatbuffer_layouts import TFLITE
from convert.untrusted.tflite_file import _RUNS_SUBGRAPHS, _TYPES, read_tflite
from convert.untrusted.verify import read_labels
from convert.untrusted.zip_check import zipped_files
from datasets.errors import InputError
from tests.convert import tiny_bundle
from tests.convert.tiny_tflite import classifier
from tests.convert.untrusted.hostile import zipped

_SCALARS = {
    "Bool": "1", "Int8": "1", "Uint8": "1", "Uint16": "2", "Int32": "4", "Uint32": "4",
    "Float32": "4", "Int64": "8", "Uint64": "8",
}  # fmt: skip
_FAR = 0x1234567  # bytes that stand nowhere else in a small file
_VECTORS = {"1": "b", "2": "h", "4": "i", "8": "l"}


def _field(method: str) -> tuple[int, str] | None:
    """(number, kind) that one accessor of LiteRT's generated schema reads."""
    place = re.search(r"_tab\.Offset\((\d+)\)", method)
    if place is None:
        return None
    number = (int(place[1]) - 4) // 2
    if "_tab.Union(" in method:
        return number, "union"
    is_vector, is_table = ".Vector(" in method, "Indirect(" in method
    if is_table:
        name = re.search(r"obj = (\w+)\(\)", method)
        assert name is not None
        return number, f"[{name[1]}]" if is_vector else name[1]
    if "_tab.String(" in method:
        return number, "s"
    scalar = re.search(r"_tab\.Get\([\w.]*number_types\.(\w+?)Flags", method)
    assert scalar is not None
    kind = _SCALARS[scalar[1]]
    return number, _VECTORS[kind] if is_vector else kind


def _fields(table: str) -> dict[int, str]:
    """A table's fields as the generated class reads them, deprecated ones left out."""
    found = {}
    for name, method in inspect.getmembers(getattr(schema, table), inspect.isfunction):
        if not name.endswith(("AsNumpy", "Length", "IsNone")):
            field = _field(inspect.getsource(method))
            if field:
                found[field[0]] = field[1]
    return found


def _ours(kinds: list[str]) -> dict[int, str]:
    return {
        number: "union" if kind.startswith("(") else kind
        for number, kind in enumerate(kinds)
        if kind != "-"
    }


@pytest.mark.parametrize("table", TFLITE.tables)
def test_a_table_has_the_fields_of_litert(table: str) -> None:
    assert _ours(TFLITE.tables[table]) == _fields(table)


@pytest.mark.parametrize("union", TFLITE.unions)
def test_a_union_has_the_kinds_of_litert(union: str) -> None:
    names = {
        number: name
        for name, number in vars(getattr(schema, union)).items()
        if isinstance(number, int) and name != "NONE"
    }
    kinds = TFLITE.unions[union]
    assert len(kinds) == max(names) + 1
    for number, name in names.items():
        assert _ours(kinds[number]) == _fields(name), name


def test_types_and_operations_are_those_of_litert() -> None:
    types = {v: k.lower() for k, v in vars(schema.TensorType).items() if k.isupper()}
    assert {number: name for number, (name, _) in _TYPES.items()} == types
    for number, name in _RUNS_SUBGRAPHS.items():
        assert getattr(schema.BuiltinOperator, name) == number


@pytest.mark.parametrize("dtype", ["float32", "uint8", "int8"])
def test_what_is_read_is_what_the_interpreter_says(dtype: str) -> None:
    content = classifier((8, 16), dtype=dtype).packed()
    graph = read_tflite(content, "x").graphs[0]
    interpreter = Interpreter(model_content=content)
    for held, said in (
        (graph.inputs[0], interpreter.get_input_details()[0]),
        (graph.outputs[0], interpreter.get_output_details()[0]),
    ):
        assert (held.name, held.shape) == (said["name"], tuple(said["shape"]))
        assert np.dtype(held.dtype) == said["dtype"]
        assert (held.scale, held.zero_point) == said["quantization"]
    runner = interpreter.get_signature_runner("r16")
    inputs = list(runner.get_input_details())
    assert list(read_tflite(content, "x").signatures[1].inputs) == inputs
    assert graph.parameters == 5 * 3 + 5


def test_a_quantised_bundle_is_sound(tmp_path: Path) -> None:
    files = tiny_bundle.contents()
    files["tiny.tflite"] = classifier((8, 16), dtype="int8").packed()
    manifest = tiny_bundle.manifest(files)
    rungs = tuple(
        replace(
            rung,
            input=replace(rung.input, dtype="int8", scale=1 / 128, zero_point=0),
            output=replace(rung.output, dtype="int8", scale=1 / 256, zero_point=-128),
        )
        for rung in manifest.rungs
    )
    bundle = write_bundle(tmp_path / "b", replace(manifest, rungs=rungs), files)
    assert bundle.manifest.rungs[0].input.scale == 1 / 128
    wrong = tuple(
        replace(rung, input=replace(rung.input, scale=1 / 127)) for rung in rungs
    )
    with pytest.raises(InputError, match=r"scale 0\.0078\d+ in the manifest, 0\.00781"):
        write_bundle(tmp_path / "c", replace(manifest, rungs=wrong), files)


def test_the_learned_selector_and_its_look_are_sound(tmp_path: Path) -> None:
    layers = [{"weights": [[0.0, 0.1]] * 21, "biases": [0.0, 0.2]}]
    learned = {
        "kind": "learned", "ladder": ["tiny@8", "tiny@16"], "costs": [0.5, 1.0],
        "price": 0.25, "layers": layers,
    }  # fmt: skip
    look = Look(
        file="look.tflite",
        signature="r48",
        subgraph=0,
        input=Tensor(name="x", dtype="float32", shape=(1, 48, 48, 3)),
        output=Tensor(name="y", dtype="float32", shape=(1, 2)),
    )
    files = tiny_bundle.contents()
    files["look.tflite"] = classifier((48,), classes=2).packed()
    manifest = replace(tiny_bundle.manifest(files), selector=learned, look=look)
    assert write_bundle(tmp_path / "b", manifest, files).manifest.look == look
    three = classifier((48,), classes=3).packed()
    files["look.tflite"] = three
    wrong = replace(manifest, files=described(files))
    with pytest.raises(InputError, match=r"look: output: shape \(1, 2\) in the man"):
        write_bundle(tmp_path / "c", wrong, files)


def test_a_file_without_signatures_is_sound(tmp_path: Path) -> None:
    manifest, files = _unsigned()
    assert write_bundle(tmp_path / "b", manifest, files).manifest == manifest


def _unsigned() -> tuple[Manifest, dict[str, bytes]]:
    content = classifier((8, 16), signatures=False).packed()
    manifest, files = tiny_bundle.with_model(content)
    rungs = tuple(
        replace(
            rung,
            signature="",
            input=replace(rung.input, name="image"),
            output=replace(rung.output, name="scores"),
        )
        for rung in manifest.rungs
    )
    return replace(manifest, rungs=rungs), files


def test_metadata_behind_the_model_is_sound(tmp_path: Path) -> None:
    content = zipped({"labels.txt": tiny_bundle.LABELS})(classifier((8, 16)).packed())
    assert zipped_files(content, "x") == {"labels.txt": tiny_bundle.LABELS}
    manifest, files = tiny_bundle.with_model(content)
    assert open_bundle(write_bundle(tmp_path / "b", manifest, files).folder)


def test_a_buffer_behind_the_flatbuffer_is_looked_at() -> None:
    """Large models keep buffers behind the tables, by offset and size."""
    maker = classifier((8,))
    weights = bytes(maker.model.buffers[2].data)
    maker.model.buffers[2].data = None
    maker.model.buffers[2].offset = _FAR
    maker.model.buffers[2].size = len(weights)
    draft = maker.packed()
    with pytest.raises(InputError, match=f"60 bytes at {_FAR} lie outside"):
        read_tflite(draft, "x")
    sound = draft.replace(struct.pack("<Q", _FAR), struct.pack("<Q", len(draft)))
    assert read_tflite(sound + weights, "x").graphs[0].parameters == 20


@pytest.mark.parametrize(
    "text", [b"a\nb\nc", b"a\nb\nc\n", b"a\r\nb\r\nc\r\n", b"a\n\nc\n"]
)
def test_labels_are_read_as_any_editor_leaves_them(text: bytes) -> None:
    lines = read_labels(text, 3, "x")
    assert (lines[0], lines[2], len(lines)) == ("a", "c", 3)


def test_hundreds_of_files_that_hold_too_many_bytes_are_not_read(
    tmp_path: Path,
) -> None:
    """The sum is refused by what the manifest says: the files need not exist."""
    files: dict[str, Any] = tiny_bundle.contents()
    many = tuple(replace(one, size_bytes=1 << 30) for one in described(files)) * 3
    named = tuple(replace(one, file=f"f{i}") for i, one in enumerate(many))
    manifest = replace(tiny_bundle.manifest(), files=named)
    with pytest.raises(InputError, match="expected at most 4,294,967,296"):
        write_bundle(tmp_path / "b", manifest, files)
    assert not list(tmp_path.iterdir())
