"""Files that others made become bundles as they are, whatever their numbers are."""

import hashlib
import io
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from convert.bundle import Bundle, open_bundle
from convert.bundle_words import notes
from convert.foreign.importing import ForeignChoice, import_bundle
from convert.foreign.pixels import _CONVENTIONS, PixelChoice
from datasets.errors import InputError
from keras_models.normalisation import NORMALISATIONS, normalise
from tests.convert.tiny_tflite import (
    Maker,
    _code,
    _operation,
    classifier,
    metadata,
    with_metadata,
)

TF = (127.5, 127.5, 127.5)


def _labels(folder: Path, count: int, first: str = "tench") -> Path:
    path = folder / "labels.txt"
    path.write_text("\n".join([first, *(f"thing {i}" for i in range(1, count))]) + "\n")
    return path


def _imported(
    folder: Path, maker: Maker, name: str = "mobilenet_quant", **said: Any
) -> Bundle:
    path = folder / f"{name}.tflite"
    path.write_bytes(maker.packed())
    pixels = said.pop("pixels", PixelChoice())
    labels = said.pop("labels", None) or _labels(folder, 1001, "background")
    choice = ForeignChoice(labels=labels, pixels=pixels, **said)
    return import_bundle(path, folder / "bundle", choice)


@pytest.mark.parametrize(
    ("dtype", "scale", "zero", "out_zero"),
    [("uint8", 1 / 128, 128, 0), ("int8", 1 / 128, 0, -128), ("float32", 0, 0, 0)],
)
@pytest.mark.parametrize("signatures", [True, False])
def test_a_classifier_of_1001_classes_is_wrapped_as_it_is(
    tmp_path: Path, dtype: str, scale: float, zero: int, out_zero: int, signatures: bool
) -> None:
    maker = classifier((16,), 1001, dtype, signatures)
    bundle = _imported(tmp_path, maker)
    rung = bundle.manifest.rungs[0]
    assert (rung.rung, rung.resolution) == ("mobilenet_quant@16", 16)
    assert (rung.input.dtype, rung.input.scale, rung.input.zero_point) == (
        dtype, scale, zero,
    )  # fmt: skip
    assert rung.output.zero_point == out_zero
    assert rung.signature == ("r16" if signatures else "")
    assert rung.input.name == ("x" if signatures else "image")
    assert rung.macs == 3 * 1001  # one dense layer of three inputs, counted by hand
    assert rung.parameters == 3 * 1001 + 1001
    assert (bundle.class_offset, len(bundle.labels)) == (1, 1001)
    assert bundle.path(rung.file).read_bytes() == maker.packed()
    assert open_bundle(bundle.folder) == bundle


@pytest.mark.parametrize("dtype", ["uint8", "int8"])
def test_a_quantised_input_takes_pixels_as_they_are_stored(
    tmp_path: Path, dtype: str
) -> None:
    """What Android's examples do: the picture's bytes go in (less 128 for int8)."""
    rung = _imported(tmp_path, classifier((16,), 1001, dtype)).manifest.rungs[0]
    pixels = np.arange(256, dtype=np.float64)
    way = rung.preprocessing
    real = (pixels - way.mean[0]) / way.deviation[0]
    stored = np.rint(real / rung.input.scale) + rung.input.zero_point
    np.testing.assert_array_equal(stored, pixels - (128 if dtype == "int8" else 0))


def test_a_real_runtime_runs_what_was_imported(tmp_path: Path) -> None:
    bundle = _imported(tmp_path, classifier((16,), 1001, "uint8"))
    rung = bundle.manifest.rungs[0]
    interpreter = Interpreter(str(bundle.path(rung.file)))
    runner = interpreter.get_signature_runner(rung.signature)
    scores = runner(x=np.zeros(rung.input.shape, np.uint8))[rung.output.name]
    assert (scores.shape, scores.dtype) == (rung.output.shape, np.uint8)


@pytest.mark.parametrize(
    ("name", "channels", "mean", "deviation"),
    [
        ("mobilenet_v1_1.0_224", "RGB", TF, TF),
        ("efficientnet-lite0", "RGB", (127.0,) * 3, (128.0,) * 3),
        ("efficientnet_b0", "RGB", (0.0,) * 3, (1.0,) * 3),
        ("resnet50", "BGR", (103.939, 116.779, 123.68), (1.0,) * 3),
    ],
)
def test_float_pixels_enter_as_the_family_was_trained(
    tmp_path: Path, name: str, channels: str, mean: object, deviation: object
) -> None:
    way = _imported(tmp_path, classifier((16,), 1001), name).manifest.rungs[0]
    held = way.preprocessing
    assert (held.channels, held.mean, held.deviation) == (channels, mean, deviation)


def test_the_conventions_are_those_of_the_keras_models() -> None:
    pixels = np.random.default_rng(5).uniform(0, 255, (1, 4, 4, 3)).astype(np.float32)
    assert set(_CONVENTIONS) == set(NORMALISATIONS)
    for word, (channels, mean, deviation) in _CONVENTIONS.items():
        ordered = pixels if channels == "RGB" else pixels[..., ::-1]
        ours = (ordered - np.array(mean)) / np.array(deviation)
        np.testing.assert_allclose(ours, normalise(pixels, word), atol=2e-5)


def test_the_user_is_believed_before_the_file(tmp_path: Path) -> None:
    pixels = PixelChoice(
        crop="squash",
        interpolation="bicubic",
        antialias=False,
        mean=(1, 2, 3),
        deviation=(400,),
    )
    maker = classifier((16,), 1001, "uint8")
    way = _imported(tmp_path, maker, pixels=pixels).manifest.rungs[0].preprocessing
    assert (way.crop, way.interpolation, way.antialias) == ("squash", "bicubic", False)
    assert (way.mean, way.deviation) == ((1.0, 2.0, 3.0), (400.0, 400.0, 400.0))


def test_the_files_metadata_says_the_normalisation(tmp_path: Path) -> None:
    maker = classifier((16,), 1001)
    with_metadata(maker, metadata([127.0], [128.0]))
    way = _imported(tmp_path, maker, "whatever").manifest.rungs[0].preprocessing
    assert (way.mean, way.deviation) == ((127.0,) * 3, (128.0,) * 3)


def test_broken_metadata_is_refused(tmp_path: Path) -> None:
    broken = metadata([127.0], [128.0])[:-30]
    with pytest.raises(InputError, match="metadata: broken flatbuffer"):
        _imported(tmp_path, with_metadata(classifier((16,), 1001), broken), "x")


def test_a_missing_background_label_is_put_first(tmp_path: Path) -> None:
    labels = _labels(tmp_path, 1000)
    bundle = _imported(tmp_path, classifier((16,), 1001), labels=labels)
    assert bundle.labels[:2] == ("background", "tench")
    assert bundle.class_offset == 1


def test_labels_without_a_background_have_no_offset(tmp_path: Path) -> None:
    labels = _labels(tmp_path, 5)
    bundle = _imported(tmp_path, classifier((16,), 5), labels=labels)
    assert bundle.class_offset == 0
    told = _imported(tmp_path, classifier((16,), 5), labels=labels, class_offset=2)
    assert told.class_offset == 2
    with pytest.raises(InputError, match=r"class_offset=5: expected 0\.\.4"):
        _imported(tmp_path, classifier((16,), 5), labels=labels, class_offset=5)


def test_labels_come_from_the_files_own_zip(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("labels.txt", "a\nb\nc\nd\ne")
    path = tmp_path / "mobilenet.tflite"
    path.write_bytes(classifier((16,), 5).packed() + packed.getvalue())
    bundle = import_bundle(path, tmp_path / "b", ForeignChoice())
    assert bundle.labels == ("a", "b", "c", "d", "e")
    path.write_bytes(classifier((16,), 5).packed())
    with pytest.raises(InputError, match="no labels of its own; expected `labels="):
        import_bundle(path, tmp_path / "b", ForeignChoice())


def test_a_strange_name_is_made_plain(tmp_path: Path) -> None:
    bundle = _imported(tmp_path, classifier((16,), 1001), "mobilenet (v1) größe")
    assert bundle.manifest.rungs[0].model == "mobilenet_v1_gr_e"


def test_a_model_without_softmax_is_told(tmp_path: Path) -> None:
    maker = classifier((16,), 1001)
    said = dict(_imported(tmp_path, maker).manifest.measured["imported"])
    (remark,) = said.pop("remarks")
    assert "mean 127.5, deviation 127.5: by the family of its name" in remark
    assert said == {
        "from": "mobilenet_quant.tflite",
        "sha256": hashlib.sha256(maker.packed()).hexdigest(),
        "uncounted": [],
        "ends_in_probabilities": True,
    }
    maker.model.subgraphs[0].operators.pop()
    maker.model.subgraphs[0].outputs = [5]
    maker.model.signatureDefs[0].outputs[0].tensorIndex = 5
    bundle = _imported(tmp_path, maker)
    assert bundle.manifest.measured["imported"]["ends_in_probabilities"] is False
    assert any("a softmax is applied" in line for line in notes(bundle))
    assert bundle.manifest.rungs[0].scores == "logits"


def test_an_operation_without_a_formula_is_named(tmp_path: Path) -> None:
    """Never silently 0: MEAN's code is made one that nobody counts."""
    maker = classifier((16,), 1001)
    maker.model.operatorCodes[0].builtinCode = 81  # REDUCE_PROD
    maker.model.operatorCodes[0].deprecatedBuiltinCode = 81
    bundle = _imported(tmp_path, maker)
    assert bundle.manifest.measured["imported"]["uncounted"] == ["REDUCE_PROD"]
    assert any("not in the MACs: REDUCE_PROD." in line for line in notes(bundle))


def test_a_dense_layer_without_weights_is_refused(tmp_path: Path) -> None:
    maker = classifier((16,), 1001)
    maker.model.subgraphs[0].operators[1].inputs = [2]
    with pytest.raises(InputError, match="FULLY_CONNECTED has 1 inputs, 1 outputs"):
        _imported(tmp_path, maker)


def _changed(what: str) -> Maker:
    maker = classifier((16,), 40 if what == "boxes" else 5)
    graph = maker.model.subgraphs[0]
    if what == "wide":
        graph.tensors[0].shape = np.array([1, 16, 20, 3], np.int32)
    elif what == "grey":
        graph.tensors[0].shape = np.array([1, 16, 16, 1], np.int32)
    elif what == "boxes":
        graph.tensors[6].shape = np.array([1, 10, 4], np.int32)
        maker.model.operatorCodes.append(_code(22))
        options = schema.ReshapeOptionsT()
        options.newShape = [1, 10, 4]
        graph.operators[2] = _operation(3, [5], 6, 17, options)
    elif what == "two":
        graph.outputs = [5, 6]
    elif what == "int32":
        graph.tensors[6].type = 2
    return maker


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("wide", r"input of shape \(1, 16, 20, 3\); expected one square RGB picture"),
        ("grey", r"input of shape \(1, 16, 16, 1\)"),
        ("boxes", r"output of shape \(1, 10, 4\); expected one score a class"),
        ("two", "1 inputs and 2 outputs; expected an image classifier"),
        ("int32", r"'scores' is int32; expected float32, uint8, int8"),
    ],
)
def test_what_is_no_image_classifier_is_refused(
    tmp_path: Path, what: str, line: str
) -> None:
    with pytest.raises(InputError, match=line):
        _imported(tmp_path, _changed(what), labels=_labels(tmp_path, 5))
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (
            {"pixels": PixelChoice(mean=(1.0,))},
            r"mean=\(1.0,\): expected it and `deviation` together",
        ),
        ({"pixels": PixelChoice(mean=(1.0,), deviation=(0.0,))}, "above 0"),
        (
            {"pixels": PixelChoice(mean=(1.0, 2.0), deviation=(1.0,))},
            r"mean=\(1.0, 2.0\): expected one number, or three",
        ),
        ({"pixels": PixelChoice(normalisation="bgr")}, "normalisation=bgr: expected"),
    ],
)
def test_numbers_that_cannot_be_are_refused(
    tmp_path: Path, said: dict[str, Any], line: str
) -> None:
    with pytest.raises(InputError, match=line):
        _imported(tmp_path, classifier((16,), 1001), **said)


def test_an_unknown_family_of_float_inputs_asks(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="normalisation: the model is named 'strange'"):
        _imported(tmp_path, classifier((16,), 1001), "strange")


def test_labels_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"labels\.txt: 7 lines for 1,001 classes"):
        _imported(tmp_path, classifier((16,), 1001), labels=_labels(tmp_path, 7))


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.tflite")
    with pytest.raises(InputError, match=r"is a pipe; expected a \.tflite file"):
        import_bundle(tmp_path / "x.tflite", tmp_path / "b", ForeignChoice())
