"""Latency in turn, zeros in a file of each kind, what is kept of a variant."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from convert.compressing.outcome import Entry, _candidate
from convert.compressing.variant import Variant
from convert.compressing.zeros import zeros_in
from convert.latency_beside import beside
from convert.quantising.quantise import FloatRung, with_litert
from convert.quantising.ranges import seen_by
from convert.quantising.recipes import RECIPES
from convert.to_tflite import FloatFiles, signature_name
from datasets.errors import InputError
from keras_models.compression.magnitude import Magnitude
from tests.convert.small import SIDE, network, pixels, pretrained

VARIANT = Variant(
    text="magnitude:0.5",
    group="magnitude",
    rung="small-magnitude50@32",
    resolution=32,
    recipe="float32",
    keras_file="compressed/small-magnitude50.keras",
    macs=100,
    parameters=50,
    nonzero=30,
    paper_macs=60,
    size_bytes=1000,
    zipped_bytes=700,
    latency_us=10.0,
    parent_us=11.0,
    relative_latency=0.9,
    relative_low=0.8,
    relative_high=0.97,
    scores_key="0" * 20,
    seconds=1.0,
)


def _wide(filters: int) -> bytes:
    keras.utils.set_random_seed(0)
    image = keras.Input((SIDE, SIDE, 3))
    values = keras.layers.Conv2D(filters, 5, activation="relu")(image)
    values = keras.layers.Conv2D(filters, 5)(values)
    values = keras.layers.GlobalAveragePooling2D()(values)
    model = keras.Model(image, keras.layers.Dense(5, "softmax")(values))
    return FloatFiles(pretrained(model)).at(SIDE)


def test_a_network_of_a_tenth_of_the_work_is_faster() -> None:
    small, large = _wide(8), _wide(64)
    timed = beside(small, large)
    assert timed.ratio_low <= timed.ratio <= timed.ratio_high < 0.8
    assert timed.own_us < timed.other_us
    again = beside(large, small)
    assert again.ratio > 1.25


def test_zeros_are_counted_in_files_of_each_kind() -> None:
    """Float, half and int8: what was 0 stays so, and int8 makes small weights 0."""
    seen = pixels(8)
    model = Magnitude().apply(network(), 0.5, seen[:0])
    content = FloatFiles(pretrained(model)).at(SIDE)
    plain = zeros_in(content)
    kernels = [layer.kernel for layer in model.layers if hasattr(layer, "kernel")]
    every = np.concatenate([np.asarray(one).ravel() for one in kernels])
    assert plain.weights >= every.size  # the depthwise kernel too
    assert plain.zeros == int((every == 0).sum())
    images = seen / 127.5 - 1
    rung = FloatRung(
        content=content,
        signature=signature_name(SIDE),
        images=images,
        seen=seen_by(content, images),
    )
    for name in ("float16", "full_int8"):
        found = zeros_in(with_litert(rung, RECIPES[name]))
        assert found.weights == plain.weights
        assert found.macs == plain.macs
        assert found.zeros >= plain.zeros
        assert found.zeros <= plain.zeros + 0.1 * plain.weights


def test_what_is_kept_of_a_variant_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    VARIANT.write(path)
    assert Variant.read(path) == VARIANT
    path.write_text(path.read_text()[:-30])
    with pytest.raises(InputError, match="expected a measured variant"):
        Variant.read(path)


def test_a_gain_within_noise_is_none() -> None:
    """The whole interval of the latency must lie 5 % below the parent's."""
    parent = Entry(
        text="float32",
        group="parent",
        answers=np.zeros(3, np.int64),
        macs=100,
        parameters=50,
        nonzero=50,
        paper_macs=100,
        size_bytes=1000,
        zipped_bytes=800,
        latency_us=11.0,
        relative_latency=1.0,
        relative_high=1.0,
    )
    noisy = replace(parent, text="a", relative_latency=0.9, relative_high=0.97)
    assert _candidate(noisy, parent).costs == (1.0, 1.0, 1.0)
    sure = replace(noisy, relative_high=0.94, size_bytes=995, macs=99)
    assert _candidate(sure, parent).costs == (1.0, 0.99, 0.9)
