"""A bundle is sound only if LiteRT opens and runs it; what dies of it dies alone."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convert import trial
from convert.bundle import open_bundle, write_bundle
from convert.foreign.importing import ForeignChoice, import_bundle
from convert.sound import sound_bundle
from convert.trial import Net, tried
from convert.untrusted.tflite_file import read_tflite
from datasets.errors import InputError
from tests.convert import tiny_bundle
from tests.convert.tiny_tflite import Maker, _code, classifier


def _bundle(folder: Path, maker: Maker) -> Path:
    """A bundle of this file, as far as its bytes alone can tell."""
    manifest, files = tiny_bundle.with_model(maker.packed())
    return write_bundle(folder, manifest, files).folder


def _unrunnable(place: int) -> Maker:
    """One subgraph's mean goes over an axis that its picture has not."""
    maker = classifier((8, 16))
    axes = maker.buffer(np.array([1, 7], np.int32).tobytes())
    maker.model.subgraphs[place].tensors[1].buffer = axes
    return maker


def test_a_whole_bundle_is_sound(tmp_path: Path) -> None:
    assert sound_bundle(tiny_bundle.write(tmp_path / "b")) == open_bundle(
        tmp_path / "b"
    )


@pytest.mark.parametrize(("place", "rung"), [(0, "tiny@8"), (1, "tiny@16")])
def test_every_signature_is_run(tmp_path: Path, place: int, rung: str) -> None:
    folder = _bundle(tmp_path / "b", _unrunnable(place))
    line = rf"tiny\.tflite: {rung}: LiteRT (does not run it|dies of it)"
    with pytest.raises(InputError, match=line):
        sound_bundle(folder)


def test_a_signature_that_no_rung_names_is_run_too(tmp_path: Path) -> None:
    manifest, files = tiny_bundle.with_model(_unrunnable(1).packed())
    alone = replace(
        manifest,
        rungs=manifest.rungs[:1],
        selector={"kind": "fixed", "ladder": ["tiny@8"]},
    )
    folder = write_bundle(tmp_path / "b", alone, files).folder
    with pytest.raises(InputError, match="signature 'r16': LiteRT"):
        sound_bundle(folder)


def _child(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "child.py"
    path.write_text('print(\'{"event": "begin", "net": 0}\', flush=True)\n' + text)
    monkeypatch.setattr(trial, "_CHILD", path)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("import os; os.abort()", r"x\.tflite: r: LiteRT dies of it \(SIGABRT\)"),
        ("import os; os.kill(os.getpid(), 11)", r"dies of it \(SIGSEGV\)"),
        ("import time; time.sleep(60)", r"r does not end within 2 s"),
        ("raise SystemExit(3)", r"does not run it \(exit code 3\)"),
    ],
)
def test_what_ends_the_child_ends_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, line: str
) -> None:
    _child(tmp_path, text, monkeypatch)
    start = time.monotonic()
    with pytest.raises(InputError, match=line):
        tried(
            tmp_path / "x.tflite",
            [Net(label="r", signature="", subgraph=0, images=np.zeros((1, 1)))],
            seconds=2,
        )
    assert time.monotonic() - start < 30


def test_its_memory_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture of 1 GiB of floats, where 600 MB of addresses are allowed."""
    maker = classifier((8,))
    maker.model.subgraphs[0].tensors[0].shape = np.array([1, 9000, 9000, 3], np.int32)
    path = tmp_path / "x.tflite"
    path.write_bytes(maker.packed())
    monkeypatch.setattr(trial, "_BYTES", 600 << 20)
    with pytest.raises(InputError, match=r"LiteRT (does not run it|dies of it)"):
        tried(path, [Net(label="r", signature="r8", subgraph=0, images=None)])


def _operation(code: int, custom: str = "") -> bytes:
    maker = classifier((8,))
    one = _code(code)
    if code == 32:  # the fields that converters fill of a custom one
        one.deprecatedBuiltinCode, one.customCode = 32, custom
    maker.model.operatorCodes[0] = one
    return maker.packed()


@pytest.mark.parametrize(
    ("code", "custom", "line"),
    [
        (118, "", "x: operation IF runs other subgraphs"),
        (119, "", "x: operation WHILE runs other subgraphs"),
        (32, "edgetpu-custom-op", "operation edgetpu-custom-op runs on an Edge TPU"),
        (32, "FlexErf", "operation FlexErf is TensorFlow's Erf, which LiteRT has not"),
        (32, "TFLite_Detection_PostProcess", "TFLite_Detection_PostProcess is a cust"),
        (32, "a\nb", "operation a_b is a custom one"),
    ],
)
def test_operations_that_no_runtime_runs_are_named(
    tmp_path: Path, code: int, custom: str, line: str
) -> None:
    content = _operation(code, custom)
    with pytest.raises(InputError, match=line):
        read_tflite(content, "x")
    (tmp_path / "x.tflite").write_bytes(content)
    with pytest.raises(InputError, match=line.removeprefix("x: ")):
        import_bundle(tmp_path / "x.tflite", tmp_path / "b", ForeignChoice())
    manifest, files = tiny_bundle.with_model(content)
    with pytest.raises(InputError, match=line.removeprefix("x: ")):
        write_bundle(tmp_path / "c", manifest, files)


def test_a_custom_operation_that_nothing_uses_is_none() -> None:
    maker = classifier((8,))
    one = _code(32)
    one.customCode = "edgetpu-custom-op"
    maker.model.operatorCodes.append(one)
    assert read_tflite(maker.packed(), "x").graphs[0].parameters == 20
