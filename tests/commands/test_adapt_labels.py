"""`reswise adapt --labels`: from the flags to one head that loading takes up."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from commands import adapt as verb
from convert.shared_weights import merged
from convert.to_tflite import FloatFiles
from datasets.dataset import Dataset
from datasets.errors import InputError
from datasets.glyphs import glyphs
from datasets.preprocessing import Preprocessing
from keras_models.adapted import HeadOutcome, read_adaptation
from keras_models.adapting.head_choice import HeadFit
from keras_models.adapting.labelled import keep_head
from keras_models.head import split
from keras_models.head_fit import Head
from keras_models.loading import ModelChoice, load
from keras_models.normalisation import normalise
from keras_models.pretrained import Pretrained, adapted
from keras_models.scoring import sweeping
from keras_models.scoring.scores import ScoreStore
from keras_models.scoring.sweeping import SweepOptions
from keras_models.training.data import in_memory

_PLAIN = ModelChoice(model="small_resnet", weights="glyphs")


def _parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    verb.add_flags(parser)
    return parser.parse_args(words)


def _words(run: Path) -> list[str]:
    return [
        *("--model", "small_resnet", "--weights", "glyphs", "--dataset", "glyphs"),
        *("--split", "train", "--limit", "360", "--resolutions", "32,24"),
        *("--labels", "--run", str(run)),
    ]


def _head(source: Pretrained, resolution: int) -> Head:
    return split(source.at(resolution), source.normalisation).head


def test_one_head_goes_to_every_resolution_that_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert verb.run(_parsed(*_words(tmp_path))) == 0
    record = json.loads((tmp_path / "adapted.json").read_text())
    assert record["what"] == "adapted head"
    assert "Command:" in (tmp_path / "adapt.md").read_text()
    took = {one["resolution"]: one["accepted"] for one in record["outcomes"]}
    assert set(took) == {96, 32, 24}
    assert took[24]  # the trained head is right on a fifth there
    plain, own = load(_PLAIN), load(replace(_PLAIN, adapted=tmp_path))
    assert own.weights == "glyphs, adapted head"
    assert own.weights_sha256 != plain.weights_sha256
    trained = _head(plain, 96).kernel
    for resolution in (96, 32, 24):
        expected = _head(own, 24).kernel if took[resolution] else trained
        assert np.array_equal(_head(own, resolution).kernel, expected), resolution
    assert np.array_equal(_head(own, 48).kernel, trained)  # none was fitted there
    _only_the_head_differs(plain, own, 24)

    def never(*_: object) -> None:
        raise AssertionError("features are kept, not computed again")

    monkeypatch.setattr(sweeping._Sweeper, "_fill", never)
    before = (tmp_path / "24.npz").read_bytes()
    assert verb.run(_parsed(*_words(tmp_path))) == 0
    assert (tmp_path / "24.npz").read_bytes() == before  # the same seed, the same head


def _only_the_head_differs(plain: Pretrained, own: Pretrained, resolution: int) -> None:
    model = plain.at(resolution)
    places = split(model, plain.normalisation).places(model)
    pairs = zip(model.get_weights(), own.at(resolution).get_weights(), strict=True)
    for place, (here, there) in enumerate(pairs):
        assert np.array_equal(here, there) == (place not in places), place


def _taken_everywhere(
    plain: Pretrained, resolutions: list[int], native: bool
) -> HeadFit:
    head = _head(plain, plain.native)
    moved = Head(head.kernel[:, ::-1].copy(), head.bias)
    outcomes = tuple(
        HeadOutcome(
            resolution=resolution,
            pictures=9,
            held_out=9,
            right_before=0,
            right_after=1,
            loss_before=2,
            loss_after=1,
            gain_error=0.1,
            accepted=native or resolution != plain.native,
        )
        for resolution in resolutions
    )
    return HeadFit(moved, 1.0, outcomes)


@pytest.mark.parametrize("native", [True, False])
def test_a_bundle_stores_one_head_for_all_resolutions_once(
    native: bool, tmp_path: Path
) -> None:
    """Not a byte more than the trained network; two heads are a head more."""
    plain, resolutions = load(_PLAIN), [96, 48, 32]
    found = _taken_everywhere(plain, resolutions, native)
    keep_head(plain, plain, found, {"what": "adapted head"}, tmp_path)
    own = adapted(plain, tmp_path)
    _answers_are_the_adapted_ones(plain, own, native)
    sizes = []
    for source in (plain, own):
        files = FloatFiles(source)
        sizes.append(len(merged([files.at(resolution) for resolution in resolutions])))
    kernel = found.head.kernel.nbytes
    if native:
        assert sizes[1] == sizes[0]
    else:
        assert kernel <= sizes[1] - sizes[0] < 2 * kernel


def _answers_are_the_adapted_ones(
    plain: Pretrained, own: Pretrained, native: bool
) -> None:
    """What parity is held against is what `at` gives, at the native resolution too."""
    pixels = np.random.default_rng(0).uniform(-1, 1, (3, 96, 96, 3)).astype("float32")
    expected = own.at(96).predict(pixels, verbose=0)
    assert np.array_equal(own.own_scores(pixels), expected)
    trained = plain.at(96).predict(pixels, verbose=0)
    assert np.array_equal(plain.own_scores(pixels), trained)  # it stayed as it was
    assert np.allclose(expected, trained) != native


def test_a_head_on_offsets_keeps_both(tmp_path: Path) -> None:
    plain = load(_PLAIN)
    found = _taken_everywhere(plain, [96, 32], native=False)
    first, second = tmp_path / "offsets", tmp_path / "head"
    _shifted(plain, 32, first)
    source = adapted(plain, first)
    assert keep_head(plain, source, found, {"what": "both"}, second) == (32,)
    both = adapted(plain, second).at(32)
    assert np.array_equal(split(both, "tf").head.kernel, found.head.kernel)
    offsets, trained = source.at(32), plain.at(32)
    names = [variable.path for variable in trained.weights]
    place = next(i for i, name in enumerate(names) if name.endswith("/beta"))
    assert np.array_equal(both.get_weights()[place], offsets.get_weights()[place])
    assert not np.array_equal(both.get_weights()[place], trained.get_weights()[place])
    with pytest.raises(InputError, match="changed the last dense layer at 32"):
        verb.run(_parsed(*_words(tmp_path / "x"), "--adapted", str(second)))


def _shifted(plain: Pretrained, resolution: int, folder: Path) -> None:
    """As label-free adaptation of offsets leaves a folder."""
    from keras_models.adapted import write_record, write_tensors

    before = plain.at(resolution).get_weights()
    names = [variable.path for variable in plain.at(resolution).weights]
    after = [
        tensor + 0.1 if name.endswith("/beta") else tensor
        for name, tensor in zip(names, before, strict=True)
    ]
    write_tensors(folder, resolution, before, after)
    write_record(folder, plain.weights_sha256, {}, [], [resolution])
    assert read_adaptation(folder, plain.weights_sha256).what == "adapted"


def test_numbers_of_labels_tabulate_and_keep_no_tensors(tmp_path: Path) -> None:
    words = [*_words(tmp_path), "--per-class", "2,3", "--test-split", "test[:200]"]
    words += ["--held-out-split", "calibration[:100]", "--repeat-splits", "2"]
    assert verb.run(_parsed(*words)) == 0
    table = (tmp_path / "labels.md").read_text()
    assert "Means over 2 random draws, judged on 200 pictures" in table
    lines = [line.split(" | ") for line in table.splitlines() if line.startswith("| ")]
    assert [(line[0], line[1]) for line in lines[2:]] == [
        (f"| {count}", str(resolution))
        for count in (2, 3)
        for resolution in (96, 32, 24)
    ]
    assert not list(tmp_path.glob("*.npz"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--tensors", "norms"], "expected head beside `labels`"),
        (["--test-split", "test"], "judges a table"),
        (["--per-class", "0"], "1 or more"),
        (["--per-class", "few"], "whole numbers"),
        (["--per-class", "500"], "pictures only"),
        (["--limit", "20"], "have no picture"),
        (["--resolutions", "96"], "not below the native"),
    ],
)
def test_bad_flags_are_refused(words: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        verb.run(_parsed(*_words(tmp_path), *words))


@pytest.mark.parametrize(
    "words",
    [["--tensors", "head"], ["--held-out-split", "test"], ["--per-class", "10"],
     ["--test-split", "test"], ["--adapted", "runs/adapt"]],
)  # fmt: skip
def test_what_reads_labels_says_so(words: list[str], tmp_path: Path) -> None:
    own = [word for word in _words(tmp_path) if word != "--labels"]
    with pytest.raises(InputError, match="expected `labels` beside it"):
        verb.run(_parsed(*own, *words))


def test_one_head_on_maps_of_odd_and_even_size_is_converted_at_each(
    tmp_path: Path,
) -> None:
    """A .tflite made at 28 pixels, where a map has 7, errs at 24, where it has 6."""
    plain = load(ModelChoice(model="mobilenet_v2_cifar", weights="cifar10"))
    found = _taken_everywhere(plain, [32, 28, 24], native=False)
    keep_head(plain, plain, found, {"what": "adapted head"}, tmp_path)
    own, drawn = adapted(plain, tmp_path), glyphs("test").limited(3)
    pictures = Dataset("few", "all", drawn.ids, [0, 1, 2], list("abc"), drawn.read, "")
    store, way = ScoreStore(tmp_path / "run"), Preprocessing()
    sides, how = [32, 28, 24], SweepOptions("litert")
    for side, rung in zip(
        sides, sweeping.sweep(own, pictures, sides, [way], store, how), strict=True
    ):
        images = normalise(in_memory(pictures, side, way).pixels, plain.normalisation)
        expected = own.at(side).predict(images, verbose=0)
        assert abs(rung.scores - expected).max() < 2e-2  # pixels there are whole
