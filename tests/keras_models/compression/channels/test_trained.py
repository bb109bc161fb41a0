"""A real trained network with fewer channels: its answers, its files, other sizes."""

from pathlib import Path

import keras
import numpy as np
import pytest

from convert.image_input import entrance
from convert.running import Runner
from convert.to_tflite import FloatFiles, signature_name
from datasets.batches import pictures
from datasets.catalogue import open_dataset
from datasets.preprocessing import Preprocessing
from keras_models.compression.channels.technique import CHANNELS
from keras_models.compression.contract import NO_REPAIRS
from keras_models.loading import ModelChoice, from_model, load
from keras_models.macs import count_macs
from keras_models.normalisation import normalise
from keras_models.pretrained import Pretrained
from tests.keras_models.compression.channels.pruned_nets import Float32s

CALIBRATION, JUDGED = 48, 96
STRENGTH = 0.3


@pytest.fixture(scope="module")
def source() -> Pretrained:
    """The packaged network of the glyphs."""
    return load(ModelChoice(model="small_resnet", weights="glyphs"))


def _glyphs(source: Pretrained, split: str, count: int) -> Float32s:
    """(count, R, R, 3) pixels in 0..255."""
    way = Preprocessing(1.0)
    batches = pictures(
        open_dataset("glyphs", split).limited(count), [source.native], [way]
    )
    return np.concatenate([batch.pixels[way, source.native] for batch in batches])


@pytest.fixture(scope="module")
def child(source: Pretrained) -> keras.Model:
    seen = normalise(_glyphs(source, "calibration", CALIBRATION), source.normalisation)
    return CHANNELS.apply(source.model, STRENGTH, seen)


def test_repaired_answers_are_the_parents(
    source: Pretrained, child: keras.Model
) -> None:
    """On pictures that nothing was fitted on; without repairs they are not."""
    judged = normalise(_glyphs(source, "test", JUDGED), source.normalisation)
    seen = normalise(_glyphs(source, "calibration", CALIBRATION), source.normalisation)
    bare = CHANNELS.apply(source.model, STRENGTH, seen, NO_REPAIRS)
    answers, mended, broken = (
        np.argmax(model.predict(judged, verbose=0), axis=1)
        for model in (source.model, child, bare)
    )
    assert count_macs(child).macs <= 0.7 * count_macs(source.model).macs
    assert count_macs(bare).macs == count_macs(child).macs
    assert (mended == answers).mean() >= 0.9
    assert (mended == answers).mean() > (broken == answers).mean()


def test_it_is_a_model_like_any_other(
    source: Pretrained, child: keras.Model, tmp_path: Path
) -> None:
    """Its file has its scores, its .tflite too; and it goes to lower resolutions."""
    child.save(tmp_path / "child.keras")
    again = load(
        ModelChoice(
            model=str(tmp_path / "child.keras"), normalisation=source.normalisation
        )
    )
    pixels = _glyphs(source, "test", 4)
    given = normalise(pixels, source.normalisation)
    expected = child.predict(given, verbose=0)
    assert np.array_equal(again.model.predict(given, verbose=0), expected)
    built = from_model(child, source.normalisation)
    assert built.at(64).inputs[0].shape[1] == 64
    content = FloatFiles(built).at(source.native)
    runner = Runner(content, signature_name(source.native))
    taken = entrance(source.normalisation).images(pixels)
    own = np.stack([runner.scores(image) for image in taken])
    assert np.abs(own - expected).max() <= 1e-5
