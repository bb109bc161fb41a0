"""Low rank on a small network with real weights, and each split against its layer."""

from functools import lru_cache
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from numpy.typing import NDArray

from datasets.batches import pictures
from datasets.catalogue import open_dataset
from datasets.errors import InputError
from datasets.preprocessing import Preprocessing
from keras_models.compression.contract import ALL_REPAIRS, NO_REPAIRS, Repairs
from keras_models.compression.lowrank.fitting import split_model
from keras_models.compression.lowrank.least_squares import fit
from keras_models.compression.lowrank.options import LayerOptions, Option, layer_options
from keras_models.compression.lowrank.ranks import by_loss, saved
from keras_models.compression.lowrank.seen import Seen
from keras_models.compression.lowrank.splits import (
    BEST_OF,
    PcaSplit,
    Ranks,
    SeparableSplit,
    Split,
    TuckerSplit,
)
from keras_models.compression.lowrank.splitting import split_layers
from keras_models.compression.lowrank.technique import (
    LOWRANK,
    LOWRANK_ENERGY,
    TUCKER_2,
    LowRank,
)
from keras_models.compression.lowrank.trunks import Pca
from keras_models.compression.moments import draw, patches, rows_at
from keras_models.loading import ModelChoice, from_model, load
from keras_models.macs import count_macs
from keras_models.normalisation import normalise
from keras_models.pretrained import Pretrained
from keras_models.scoring.engines import LitertEngine, float_flatbuffer

Float32s = NDArray[np.float32]
TECHNIQUES = (LOWRANK, TUCKER_2, LOWRANK_ENERGY)
LOSES = {"lowrank": 0.02, "tucker": 0.02, "lowrank_energy": 0.2}  # of 1, at most


def _glyphs(split: str) -> tuple[Float32s, NDArray[np.int64]]:
    dataset = open_dataset("glyphs", split)
    preprocessing = Preprocessing(crop=0.875)
    found = list(pictures(dataset, [96], [preprocessing]))
    pixels = np.concatenate([batch.pixels[preprocessing, 96] for batch in found])
    return normalise(np.asarray(pixels, np.float32), "tf"), np.asarray(dataset.labels)


@lru_cache(maxsize=1)
def _source() -> Pretrained:
    return load(ModelChoice(model="small_resnet", weights="glyphs"))


@lru_cache(maxsize=1)
def _calibration() -> Float32s:
    return _glyphs("calibration[:64]")[0]


def _accuracy(model: keras.Model) -> float:
    taken, labels = _glyphs("test[:400]")
    return float(np.mean(model.predict(taken, verbose=0).argmax(axis=1) == labels))


@pytest.mark.parametrize("technique", TECHNIQUES, ids=lambda one: one.name)
def test_macs_are_taken_away_and_accuracy_is_kept(
    technique: LowRank, tmp_path: Path
) -> None:
    """By the counter of `reswise flops`; scores again from .keras and from .tflite."""
    model = _source().model
    before = [weight.copy() for weight in model.get_weights()]
    cheaper = technique.apply(model, 0.2, _calibration())
    part = 1 - count_macs(cheaper).macs / count_macs(model).macs
    assert 0.2 <= part < 0.26
    assert cheaper.count_params() < model.count_params()
    assert _accuracy(cheaper) > _accuracy(model) - LOSES[technique.name]
    for weight, own in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, own)
    wanted = cheaper.predict(_calibration()[:8], verbose=0)
    cheaper.save(tmp_path / "cheaper.keras")
    again = from_model(keras.models.load_model(tmp_path / "cheaper.keras"), "tf")
    found = again.at(96).predict(_calibration()[:8], verbose=0)
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    engine = LitertEngine(float_flatbuffer(again.at(96)), 96, 1)
    np.testing.assert_allclose(engine.scores(_calibration()[:8]), wanted, atol=1e-4)


def test_what_is_not_split_keeps_its_weights() -> None:
    model = _source().model
    cheaper = LOWRANK.apply(model, 0.2, _calibration(), NO_REPAIRS)
    own = {layer.name: layer for layer in model.layers}
    left = [layer for layer in cheaper.layers if layer.name in own]
    assert len(left) > len(model.layers) / 2
    for layer in left:
        for weight, parent in zip(
            layer.get_weights(), own[layer.name].get_weights(), strict=True
        ):
            np.testing.assert_array_equal(weight, parent)


def _distance(model: keras.Model, repairs: Repairs) -> float:
    cheaper = LOWRANK.apply(model, 0.45, _calibration(), repairs)
    taken, _ = _glyphs("test[:200]")
    own = model.predict(taken, verbose=0).astype(np.float64)
    scores = cheaper.predict(taken, verbose=0).astype(np.float64)
    return float(np.sum(own * np.log((own + 1e-9) / (scores + 1e-9)), axis=1).mean())


def test_repairs_bring_scores_nearer() -> None:
    """On pictures of fonts that calibration did not see."""
    model = _source().model
    assert _distance(model, ALL_REPAIRS) < 0.8 * _distance(model, NO_REPAIRS)


CONVOLUTIONS = (
    layers.Conv2D(6, 3, padding="same", activation="relu", name="plain"),
    layers.Conv2D(6, 3, strides=2, padding="same", use_bias=False, name="strided"),
    layers.Conv2D(6, (3, 5), strides=(1, 2), name="valid"),
    layers.Conv2D(6, 3, dilation_rate=2, padding="same", name="dilated"),
)
FULL = (
    (PcaSplit(), lambda kernel: (kernel[3],)),
    (
        SeparableSplit(),
        lambda kernel: (min(kernel[0] * kernel[2], kernel[1] * kernel[3]),),
    ),
    (TuckerSplit(1.0), lambda kernel: (kernel[2], kernel[3])),
)


@pytest.mark.parametrize(
    ("split", "full"), FULL, ids=lambda one: getattr(one, "name", "")
)
@pytest.mark.parametrize("layer", CONVOLUTIONS, ids=lambda layer: layer.name)
def test_a_split_of_full_rank_is_the_layer(
    layer: layers.Conv2D, split: Split, full: object
) -> None:
    maps = np.random.default_rng(2).normal(size=(6, 13, 13, 4)).astype(np.float32)
    wanted = np.asarray(layer(maps))
    linear = np.asarray(layer.convolution_op(maps, layer.kernel))
    drawn = draw(linear.shape, 60, np.random.default_rng(0))
    taken, given = patches(layer, maps, drawn), rows_at(linear, drawn)
    seen = Seen(layer, taken, given, np.ones(6))
    ranks: Ranks = full(layer.kernel.shape)  # type: ignore[operator]
    trunk = split.trunk(seen, ranks)
    features = trunk.features(taken)
    fitted = fit(features, given)
    kernels = [*trunk.kernels(), fitted.kernel.reshape(*trunk.last, -1)]
    found = maps
    for part in split_layers(layer, split, ranks, kernels, fitted.offset(features)):
        found = part.layer(found)
    np.testing.assert_allclose(np.asarray(found), wanted, atol=0.01)


def _narrow() -> keras.Model:
    """Its second convolution has rank 4 of 16 by construction."""
    keras.utils.set_random_seed(4)
    taken = keras.Input((16, 16, 3))
    x = layers.Conv2D(8, 3, activation="relu", name="first")(taken)
    x = layers.Conv2D(16, 3, name="narrow")(x)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
    model = keras.Model(taken, layers.Dense(5, "softmax", name="scores")(x))
    kernel, bias = model.get_layer("narrow").get_weights()
    mixed = np.random.default_rng(5).normal(size=(4, 16))
    model.get_layer("narrow").set_weights([0.3 * kernel[..., :4] @ mixed, bias])
    return model


def test_nothing_is_lost_where_the_rank_is_enough() -> None:
    """All repairs on: what they measure anew is as it was."""
    model, split = _narrow(), PcaSplit()
    drawn = np.random.default_rng(6).normal(size=(40, 16, 16, 3)).astype(np.float32)
    found = layer_options(model, [split], drawn)
    narrow = next(one for one in found if one.layer.name == "narrow")
    four = min(narrow.options, key=lambda option: abs(option.ranks[0] - 4))
    assert four.ranks == (4,)
    choice = {narrow.number: four}
    cheaper = split_model(model, found, choice, drawn, ALL_REPAIRS)
    np.testing.assert_allclose(
        cheaper.predict(drawn, verbose=0), model.predict(drawn, verbose=0), atol=1e-5
    )
    # 9 x 8 x 4 then 4 x 16 for 9 x 8 x 16, on a map of 12 x 12
    taken_away = count_macs(model).macs - count_macs(cheaper).macs
    assert taken_away == 12 * 12 * (72 * 16 - 72 * 4 - 4 * 16)
    parameters = model.count_params() - cheaper.count_params()
    assert parameters == 72 * 16 - 72 * 4 - 4 * 16


def test_options_cost_what_the_counter_counts() -> None:
    """Of every split and rank that is offered, strided layers included."""
    model = _source().model
    found = layer_options(model, (*BEST_OF, TuckerSplit(0.5)), _calibration()[:16])
    total = count_macs(model).macs
    for layer in found[1:9:3]:
        for option in layer.options[:: len(layer.options) // 3]:
            choice = {layer.number: option}
            cheaper = split_model(model, found, choice, _calibration()[:2], NO_REPAIRS)
            wanted = total - saved(found, choice)
            assert count_macs(cheaper).macs == wanted, (layer.layer.name, option)


def _layer(number: int, losses: dict[int, float]) -> LayerOptions:
    trunk = Pca(np.ones((1, 1, 1, 1)))
    options = tuple(
        Option(
            split=PcaSplit(), ranks=(1,), macs=macs, energy=loss, loss=loss, trunk=trunk
        )
        for macs, loss in losses.items()
    )
    return LayerOptions(
        number=number,
        layer=None,
        macs=100,
        scale=np.ones(1),
        options=options,
    )


def test_the_layer_that_suffers_less_gives_more() -> None:
    tough = _layer(0, {80: 0.01, 50: 0.02, 20: 0.04})
    tender = _layer(1, {80: 0.1, 50: 0.4, 20: 1.0})
    choice = by_loss([tough, tender], 80)
    assert {number: option.macs for number, option in choice.items()} == {0: 20}
    assert saved([tough, tender], by_loss([tough, tender], 161)) < 161


def test_what_cannot_be_done_is_refused_in_one_line() -> None:
    pixels = keras.Input((8, 8, 3))
    plain = keras.Model(pixels, layers.GlobalAveragePooling2D()(pixels), name="plain")
    assert "no layer to split" in LOWRANK.applies(plain)
    drawn = np.zeros((2, 8, 8, 3), np.float32)
    with pytest.raises(InputError, match="no layer to split"):
        TUCKER_2.apply(plain, 0.2, drawn)
    model = _source().model
    with pytest.raises(InputError, match="No more of") as refused:
        TUCKER_2.apply(model, 0.97, _calibration())
    assert "\n" not in str(refused.value)
    with pytest.raises(InputError, match="at least one for lowrank"):
        LOWRANK.apply(model, 0.2, _calibration()[:0])
    with pytest.raises(InputError, match="between 0 and 1"):
        LOWRANK.apply(model, 1.0, _calibration())
