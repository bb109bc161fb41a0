"""What a foreign file gives is read as probabilities, or refused at its import."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from android_bench.inputs import pack
from android_bench.interpreter import rung_scores
from convert.bundle import Bundle, write_bundle
from convert.foreign.importing import ForeignChoice, import_bundle
from convert.running import probabilities
from convert.score_kinds import KINDS
from convert.sound import sound_bundle
from datasets.catalogue import open_dataset
from datasets.errors import InputError
from tests.convert.tiny_tflite import (
    DENSE,
    Maker,
    classifier,
    convolutional,
    ends_in,
)

LOGISTIC, SOFTMAX, LOG_SOFTMAX, TANH = 14, 25, 50, 28


def _imported(
    folder: Path, maker: Maker, labels: str = "no\nyes\n", **said: Any
) -> Bundle:
    folder.mkdir(exist_ok=True)
    path = folder / "mobilenet.tflite"
    path.write_bytes(maker.packed())
    (folder / "labels.txt").write_text(labels)
    return import_bundle(
        path, folder / "b", ForeignChoice(labels=folder / "labels.txt", **said)
    )


def _own(bundle: Bundle, images: np.ndarray) -> np.ndarray:
    """What the file itself gives of packed images, by another way than ours."""
    interpreter = Interpreter(str(bundle.path("mobilenet.tflite")))
    runner = interpreter.get_signature_runner()
    return np.stack([next(iter(runner(x=one).values()))[0] for one in images])


def _scores(bundle: Bundle, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """(what the file gives, what the bench makes of it) of eight real pictures."""
    dataset = open_dataset("glyphs").limited(8)
    inputs = pack(dataset, bundle.manifest, folder)
    (rung,) = bundle.manifest.rungs
    from android_bench.inputs import tensor_file

    images = inputs.read(tensor_file(rung)).reshape(-1, *rung.input.shape)
    return _own(bundle, images), rung_scores(bundle.folder, rung, inputs)


def test_one_sigmoid_is_two_classes(tmp_path: Path) -> None:
    bundle = _imported(tmp_path, ends_in(classifier((16,)), LOGISTIC))
    (rung,) = bundle.manifest.rungs
    assert (rung.scores, rung.classes, rung.output.shape) == (
        "one_probability", 2, (1, 1),
    )  # fmt: skip
    given, scores = _scores(bundle, tmp_path)
    np.testing.assert_allclose(scores, np.concatenate([1 - given, given], 1), atol=1e-7)
    assert np.unique(scores).size > 4
    assert json.loads((bundle.folder / "manifest.json").read_text())["rungs"][0][
        "scores"
    ] == "one_probability"  # fmt: skip


def test_one_logit_is_two_classes(tmp_path: Path) -> None:
    bundle = _imported(tmp_path, ends_in(classifier((16,)), DENSE))
    assert bundle.manifest.rungs[0].scores == "one_logit"
    given, scores = _scores(bundle, tmp_path)
    expected = np.array([1 / (1 + math.exp(-float(one[0]))) for one in given])
    np.testing.assert_allclose(scores[:, 1], expected, atol=1e-6)
    np.testing.assert_allclose(scores.sum(1), 1, atol=1e-6)


@pytest.mark.parametrize("code", [DENSE, LOG_SOFTMAX])
def test_logits_become_probabilities(tmp_path: Path, code: int) -> None:
    maker = ends_in(classifier((16,)), code, 5)
    bundle = _imported(tmp_path, maker, "a\nb\nc\nd\ne\n")
    assert bundle.manifest.rungs[0].scores == "logits"
    given, scores = _scores(bundle, tmp_path)
    raised = np.exp(given.astype(float))
    np.testing.assert_allclose(scores, raised / raised.sum(1)[:, None], atol=1e-6)


def test_a_softmax_stays_as_it_is(tmp_path: Path) -> None:
    bundle = _imported(tmp_path, classifier((16,)), "a\nb\nc\nd\ne\n")
    text = (bundle.folder / "manifest.json").read_text()
    assert '"scores":' not in text.replace('"name": "scores"', "")
    given, scores = _scores(bundle, tmp_path)
    np.testing.assert_array_equal(scores, given)


@pytest.mark.parametrize(
    ("maker", "line"),
    [
        (ends_in(classifier((16,)), SOFTMAX, 1, kind=9), "a softmax over one unit"),
        (ends_in(classifier((16,)), TANH), "one number that no sigmoid makes"),
        (ends_in(classifier((16,)), DENSE, 1, math.nan), "scores that are no numbers"),
    ],
)
def test_one_number_that_is_no_score_is_refused(
    tmp_path: Path, maker: Maker, line: str
) -> None:
    with pytest.raises(InputError, match=line):
        _imported(tmp_path, maker)
    assert not (tmp_path / "b").exists()


def test_whole_numbers_without_a_scale_say_nothing(tmp_path: Path) -> None:
    maker = classifier((16,), dtype="uint8")
    maker.model.subgraphs[0].tensors[6].quantization = None
    with pytest.raises(InputError, match="'scores' is uint8 with no scales"):
        _imported(tmp_path, maker, "a\nb\nc\nd\ne\n")


def _cascade_over(bundle: Bundle, folder: Path, scores: str) -> None:
    """The bundle with a selector that reads scores, as `scores` says to."""
    (rung,) = bundle.manifest.rungs
    selector = {
        "kind": "cascade", "ladder": [rung.rung], "confidence": "top1",
        "answer": "last", "thresholds": [], "temperatures": [],
    }  # fmt: skip
    manifest = replace(
        bundle.manifest, rungs=(replace(rung, scores=scores),), selector=selector
    )
    files = {one.file: bundle.path(one.file).read_bytes() for one in manifest.files}
    write_bundle(folder, manifest, files)


def test_a_cascade_over_logits_is_not_sound(tmp_path: Path) -> None:
    """A confidence of clipped logits is 1: it would stop at the first rung."""
    maker = ends_in(classifier((16,)), DENSE, 5, 7.0)
    bundle = _imported(tmp_path, maker, "a\nb\nc\nd\ne\n")
    _cascade_over(bundle, tmp_path / "right", "logits")
    assert sound_bundle(tmp_path / "right")
    _cascade_over(bundle, tmp_path / "wrong", "probabilities")
    with pytest.raises(InputError, match=r"lie in .*, not in 0\.\.1; the bundle's sel"):
        sound_bundle(tmp_path / "wrong")


def test_a_kind_that_does_not_fit_the_output_is_refused(tmp_path: Path) -> None:
    bundle = _imported(tmp_path, ends_in(classifier((16,)), LOGISTIC))
    for kind in ("probabilities", "logits"):
        with pytest.raises(InputError, match=r"output of shape \(1, 1\); expected one"):
            _cascade_over(bundle, tmp_path / "c", kind)
    five = _imported(tmp_path / "5", classifier((16,)), "a\nb\nc\nd\ne\n")
    with pytest.raises(InputError, match="with scores one_logit; expected one unit"):
        _cascade_over(five, tmp_path / "c", "one_logit")
    with pytest.raises(InputError, match="scores"):
        _cascade_over(five, tmp_path / "c", "odds")


def test_the_kinds_are_counted_by_hand() -> None:
    logits = np.array([[0.0, np.log(3.0)], [1000.0, 1000.0]], np.float32)
    np.testing.assert_allclose(
        probabilities(logits, "logits"), np.array([[0.25, 0.75], [0.5, 0.5]]), atol=1e-6
    )
    one = np.array([[0.25], [1.004], [-0.004]], np.float32)
    np.testing.assert_array_equal(
        probabilities(one, "one_probability"), [[0.75, 0.25], [0, 1], [1, 0]]
    )
    far = np.array([[np.log(3.0)], [-1e9], [1e9]], np.float32)
    np.testing.assert_allclose(
        probabilities(far, "one_logit"),
        np.array([[0.25, 0.75], [1.0, 0.0], [0.0, 1.0]]),
        atol=1e-6,
    )
    assert len(KINDS) == 4


def test_float16_weights_are_parameters_too(tmp_path: Path) -> None:
    """Kernel 108, shift 4, dense 20 and its bias 5, whatever stores them."""
    for place, float16 in enumerate((False, True)):
        maker = convolutional(16, float16=float16)
        rung = _imported(
            tmp_path / str(place), maker, "a\nb\nc\nd\ne\n"
        ).manifest.rungs[0]
        assert rung.parameters == 108 + 4 + 20 + 5
        assert rung.macs == 8 * 8 * 108 + 20
