"""A file that leaves its input's size open becomes a rung of the size asked for."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from convert.bundle import Bundle, described, write_bundle
from convert.foreign.importing import ForeignChoice, import_bundle
from convert.sound import pictures, sound_bundle
from datasets.errors import InputError
from tests.convert import tiny_bundle
from tests.convert.tiny_tflite import Maker, convolutional

LABELS = "a\nb\nc\nd\ne\n"


def _imported(folder: Path, content: bytes, **said: Any) -> Bundle:
    path = folder / "mobilenet.tflite"
    path.write_bytes(content)
    (folder / "labels.txt").write_text(LABELS)
    said.setdefault("labels", folder / "labels.txt")
    return import_bundle(path, folder / "b", ForeignChoice(**said))


def _free(signatures: bool = True) -> Maker:
    maker = convolutional(None)
    if not signatures:
        maker.model.signatureDefs = []
    return maker


def test_it_asks_for_a_resolution(tmp_path: Path) -> None:
    """Not a rung of one pixel that counts 128 MACs."""
    with pytest.raises(InputError, match=r"size of its input open; .*`resolution=R`"):
        _imported(tmp_path, _free().packed())
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("signatures", [True, False])
@pytest.mark.parametrize("resolution", [16, 21])
def test_it_is_written_for_that_size(
    tmp_path: Path, resolution: int, signatures: bool
) -> None:
    bundle = _imported(tmp_path, _free(signatures).packed(), resolution=resolution)
    (rung,) = bundle.manifest.rungs
    assert (rung.rung, rung.input.shape) == (
        f"mobilenet@{resolution}",
        (1, resolution, resolution, 3),
    )
    half = (resolution + 1) // 2  # a stride of 2 over same padding
    assert rung.macs == half * half * 3 * 3 * 3 * 4 + 4 * 5
    assert sound_bundle(bundle.folder)
    image = pictures(resolution, 1)
    fixed = Interpreter(str(bundle.path(rung.file)))
    fixed.allocate_tensors()
    details = fixed.get_input_details()[0]
    assert list(details["shape_signature"]) == [1, resolution, resolution, 3]
    fixed.set_tensor(details["index"], image)
    fixed.invoke()
    own = Interpreter(str(tmp_path / "mobilenet.tflite"))
    own.resize_tensor_input(0, [1, resolution, resolution, 3])
    own.allocate_tensors()
    own.set_tensor(0, image)
    own.invoke()
    one, other = (
        each.get_tensor(each.get_output_details()[0]["index"]) for each in (fixed, own)
    )
    np.testing.assert_allclose(one, other, atol=1e-6)
    assert one.max() > 0.3


def test_its_labels_stay_behind_it(tmp_path: Path) -> None:
    packed = io.BytesIO(_free().packed())
    with zipfile.ZipFile(packed, "a") as file:
        file.writestr("labels.txt", LABELS)
    bundle = _imported(tmp_path, packed.getvalue(), resolution=16, labels=None)
    assert bundle.labels == ("a", "b", "c", "d", "e")
    with zipfile.ZipFile(bundle.path("mobilenet.tflite")) as file:
        assert file.read("labels.txt").decode() == LABELS


def test_a_file_of_one_size_takes_no_other(tmp_path: Path) -> None:
    content = convolutional(16).packed()
    with pytest.raises(InputError, match="the file takes 16 pixels and no others"):
        _imported(tmp_path, content, resolution=24)
    bundle = _imported(tmp_path, content, resolution=16)
    assert bundle.path("mobilenet.tflite").read_bytes() == content


def test_a_free_batch_alone_is_left_as_it_is(tmp_path: Path) -> None:
    maker = convolutional(16)
    signed = np.array([-1, 16, 16, 3], np.int32)
    maker.model.subgraphs[0].tensors[0].shapeSignature = signed
    content = maker.packed()
    bundle = _imported(tmp_path, content)
    assert bundle.path("mobilenet.tflite").read_bytes() == content


def test_a_bundle_of_an_open_size_is_refused(tmp_path: Path) -> None:
    """As an import of before wrote it: a rung of one pixel."""
    files = {"tiny.tflite": _free().packed()}
    from dataclasses import replace

    rung = replace(tiny_bundle.rung(1, 0), signature="r8")
    manifest = replace(
        tiny_bundle.manifest(),
        files=described(files),
        rungs=(rung,),
        labels=None,
        selector={"kind": "fixed", "ladder": ["tiny@1"]},
    )
    with pytest.raises(InputError, match="leaves the size of its input open"):
        write_bundle(tmp_path / "b", manifest, files)


def test_a_size_that_its_graph_does_not_fit_is_refused(tmp_path: Path) -> None:
    """Valid padding of 3 taps: nothing is left of two pixels."""
    maker = _free()
    conv = maker.model.subgraphs[0].operators[0]
    conv.builtinOptions.padding = 1
    with pytest.raises(InputError, match="at 2 pixels gives scores that are no numb"):
        _imported(tmp_path, maker.packed(), resolution=2)
