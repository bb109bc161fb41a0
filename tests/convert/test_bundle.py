"""A bundle is written whole or not at all, and opened checked."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from convert.bundle import described, open_bundle, write_bundle
from convert.manifest import MANIFEST_FILE
from datasets.errors import InputError
from selection.selectors.cascade import Cascade
from tests.convert import tiny_bundle


def test_what_is_written_is_opened_again(tmp_path: Path) -> None:
    files, manifest = tiny_bundle.contents(), tiny_bundle.manifest()
    made = write_bundle(tmp_path / "deep" / "bundle", manifest, files)
    again = open_bundle(str(tmp_path / "deep" / "bundle"))
    assert again == made
    assert again.manifest == manifest
    assert again.selector == Cascade(ladder=("tiny@8", "tiny@16"), thresholds=(0.5,))
    assert again.labels == tuple(f"class {number}" for number in range(5))
    assert again.size_bytes == sum(map(len, files.values()))
    assert again.class_offset == 0
    assert again.path("tiny.tflite").read_bytes() == files["tiny.tflite"]
    assert sorted(p.name for p in again.folder.parent.iterdir()) == ["bundle"]
    assert os.stat(again.folder).st_mode & 0o777 == 0o755


def test_the_model_of_a_bundle_runs(tmp_path: Path) -> None:
    bundle = open_bundle(tiny_bundle.write(tmp_path / "b"))
    rung = bundle.manifest.rungs[1]
    interpreter = Interpreter(str(bundle.path(rung.file)))
    runner = interpreter.get_signature_runner(rung.signature)
    image = np.zeros(rung.input.shape, rung.input.dtype)
    scores = runner(**{rung.input.name: image})[rung.output.name]
    np.testing.assert_allclose(scores, 0.2, atol=1e-6)  # no bias: all classes equal


def test_a_file_that_is_not_declared_is_not_of_the_bundle(tmp_path: Path) -> None:
    folder = tiny_bundle.write(tmp_path / "b")
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"declares no file .notes\.txt"):
        open_bundle(folder).path("notes.txt")


def test_files_are_copied_from_paths(tmp_path: Path) -> None:
    source = tmp_path / "source.tflite"
    source.write_bytes(tiny_bundle.contents()["tiny.tflite"])
    files = tiny_bundle.contents() | {"tiny.tflite": source}
    assert described(files) == tiny_bundle.manifest().files
    write_bundle(tmp_path / "b", tiny_bundle.manifest(), files)
    assert (tmp_path / "b" / "tiny.tflite").read_bytes() == source.read_bytes()


def test_what_would_be_refused_is_not_written(tmp_path: Path) -> None:
    files = tiny_bundle.contents() | {"labels.txt": b"one\n"}
    manifest = replace(tiny_bundle.manifest(), files=described(files))
    with pytest.raises(InputError, match=r"b/labels\.txt: 1 lines for 5 classes"):
        write_bundle(tmp_path / "b", manifest, files)
    assert list(tmp_path.iterdir()) == []
    endless = replace(tiny_bundle.manifest(), measured={"x": float("nan")})
    with pytest.raises(InputError, match="finite numbers"):
        write_bundle(tmp_path / "b", endless, tiny_bundle.contents())
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_missing_among_those_given(tmp_path: Path) -> None:
    files = tiny_bundle.contents()
    del files["labels.txt"]
    with pytest.raises(InputError, match=r"b/labels\.txt cannot be opened"):
        write_bundle(tmp_path / "b", tiny_bundle.manifest(), files)


def test_a_new_bundle_replaces_the_old_and_leaves_other_files(tmp_path: Path) -> None:
    folder = tiny_bundle.write(tmp_path / "b")
    (folder / "report.md").write_text("mine")
    old = {"old.bin": b"1"} | tiny_bundle.contents()
    write_bundle(folder, tiny_bundle.manifest(old), old)
    assert (folder / "old.bin").exists()
    tiny_bundle.write(folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "labels.txt", MANIFEST_FILE, "report.md", "tiny.tflite"
    ]  # fmt: skip
    assert (folder / "report.md").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_a_broken_old_bundle_is_replaced(tmp_path: Path) -> None:
    folder = tiny_bundle.write(tmp_path / "b")
    (folder / MANIFEST_FILE).write_text("{")
    assert open_bundle(tiny_bundle.write(folder)).manifest.name == "tiny"


def test_what_is_no_bundle_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="holds files that are no bundle"):
        tiny_bundle.write(tmp_path / "b")
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="exists and is no folder"):
        tiny_bundle.write(tmp_path / "file")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="exists and is no folder"):
        tiny_bundle.write(tmp_path / "link")


@pytest.mark.parametrize("fault", ["write", "rename"])
def test_a_fault_leaves_the_old_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    folder = tiny_bundle.write(tmp_path / "b")
    before = (folder / MANIFEST_FILE).read_text()
    rename = os.rename

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    def torn(source: Path, target: Path) -> None:
        if Path(target) == folder and "old" not in Path(source).name:
            raise OSError(5, "Input/output error")
        rename(source, target)

    if fault == "write":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(os, "rename", torn)
    changed = replace(tiny_bundle.manifest(), name="other")
    with pytest.raises(OSError, match=r"No space left|Input/output"):
        write_bundle(folder, changed, tiny_bundle.contents())
    monkeypatch.undo()
    assert (folder / MANIFEST_FILE).read_text() == before
    assert open_bundle(folder).manifest.name == "tiny"
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_no_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", Path(__file__)):
        with pytest.raises(InputError, match="no folder; expected a bundle"):
            open_bundle(path)


def test_the_class_offset_is_told(tmp_path: Path) -> None:
    measured = {"class_offset": 1}
    manifest = replace(tiny_bundle.manifest(), measured=measured)
    made = write_bundle(tmp_path / "b", manifest, tiny_bundle.contents())
    assert made.class_offset == 1
    facts = json.loads((made.folder / MANIFEST_FILE).read_text())
    assert facts["measured"] == measured
