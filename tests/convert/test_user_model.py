"""A user's model comes out of `convert` as its own `predict` has it, or not at all."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from convert.bundle import open_bundle
from convert.converting import Options, Result, convert
from convert.entering import normalised, stored
from convert.parents import parent_scores
from convert.quantising.calibration import judged_and_calibration
from convert.quantising.recipes import RECIPES, parse_recipes
from convert.running import Runner, dequantised
from convert.wanted import wanted_from_flags
from datasets.catalogue import open_dataset
from datasets.errors import InputError
from datasets.preprocessing import Preprocessing
from keras_models import loading, pretrained, rebuilding
from keras_models.loading import from_model
from keras_models.pretrained import Pretrained

SIDE, LOWER = 32, 24
RECIPE_NAMES = ("float32", "full_int8", "full_int8_io_int8", "full_int8_act_int16")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen of each of two classes: patches of colour, one class darker."""
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(0)
    for label, most in ((0, 256), (1, 140)):
        (folder / f"class{label}").mkdir()
        for place in range(16):
            coarse = random.integers(0, most, (8, 8, 3)).astype(np.uint8)
            whole = coarse.repeat(6, 0).repeat(6, 1)
            Image.fromarray(whole).save(folder / f"class{label}" / f"{place}.png")
    return folder


def _network(resolution: int, weights: list[Any] | None = None) -> keras.Model:
    """Rescaling, Normalization (state derived from weights), one sigmoid."""
    layers = keras.layers
    image = keras.Input((resolution, resolution, 3))
    values: Any = layers.Rescaling(1 / 255)(image)
    values = layers.Normalization(mean=None)(values)
    values = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(values)
    values = layers.DepthwiseConv2D(3, padding="same")(values)
    values = layers.Conv2D(16, 1, activation="relu")(values)
    values = layers.GlobalAveragePooling2D()(values)
    model = keras.Model(image, layers.Dense(1, activation="sigmoid")(values))
    if weights is not None:
        model.set_weights(weights)
        for layer in model.layers:
            if isinstance(layer, layers.Normalization):
                layer.finalize_state()
    return model


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Pretrained:
    """Saved and loaded as a user does."""
    keras.utils.set_random_seed(4)
    model = _network(SIDE)
    pixels = np.random.default_rng(1).uniform(0, 1, (64, SIDE, SIDE, 3)) * 0.7 + 0.1
    model.layers[2].adapt(pixels.astype(np.float32))
    dense, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([8 * dense, bias])
    path = tmp_path_factory.mktemp("model") / "mine.keras"
    model.save(path)
    return loading.load(loading.ModelChoice(model=str(path)))


@pytest.fixture(scope="module")
def results(
    source: Pretrained, pictures: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Result]:
    run = tmp_path_factory.mktemp("run")
    return _converted(source, pictures, run, RECIPE_NAMES)


def _converted(
    source: Pretrained, pictures: Path, run: Path, recipes: tuple[str, ...]
) -> dict[str, Result]:
    judged, calibration = judged_and_calibration(f"folder:{pictures}", None)
    wanted = wanted_from_flags([source], [SIDE, LOWER], Preprocessing(1.0), None)
    options = Options(
        run=run,
        recipes=tuple(parse_recipes(",".join(recipes))),
        quantiser="litert",
        separate=False,
        min_agreement=None,
        max_unreadable=0,
        command="test",
    )
    made = convert(wanted, judged, calibration, ("light", "dark"), options)
    return {one.recipe.name: one for one in made}


def _by_hand(source: Pretrained, resolution: int, pixels: np.ndarray) -> np.ndarray:
    """(n, 2) by the network built anew at that size, its state renewed."""
    model = _network(resolution, source.own.get_weights())
    chance = model.predict(pixels, verbose=0)
    return np.concatenate([1 - chance, chance], axis=1)


def _of_bundle(result: Result, resolution: int, pixels: np.ndarray) -> np.ndarray:
    (rung,) = [
        one for one in result.bundle.manifest.rungs if one.resolution == resolution
    ]
    content = open_bundle(result.bundle.folder).path(rung.file).read_bytes()
    runner = Runner(content, rung.signature)
    images = normalised(pixels, rung.preprocessing)
    return np.stack([runner.scores(image) for image in images])


@pytest.mark.parametrize("resolution", [SIDE, LOWER])
def test_a_file_says_what_the_users_own_layers_say(
    source: Pretrained, results: dict[str, Result], resolution: int
) -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (24, resolution, resolution, 3))
    images = pixels.astype(np.float32)
    expected = _by_hand(source, resolution, images)
    assert np.ptp(expected[:, 1]) > 0.01
    found = _of_bundle(results["float32"], resolution, images)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("recipe", "most", "steps"),
    [
        ("full_int8", 0.03, None),
        ("full_int8_act_int16", 0.03, None),
        ("full_int8_io_int8", 0.06, 1 / 128),
    ],
)
def test_one_unit_keeps_its_probability(
    source: Pretrained,
    results: dict[str, Result],
    recipe: str,
    most: float,
    steps: float | None,
) -> None:
    """With integers inside and floats outside p is no multiple of 1/256."""
    random = np.random.default_rng(6)
    pixels = random.uniform(0, 256, (40, 8, 8, 3)).repeat(4, 1).repeat(4, 2)
    pixels[20:] *= 140 / 256  # as dark as those of the second class
    images = pixels.astype(np.float32)
    expected, found = (
        _by_hand(source, SIDE, images),
        _of_bundle(results[recipe], SIDE, images),
    )
    assert np.abs(found - expected).max() < most
    (rung, *_) = results[recipe].bundle.manifest.rungs
    assert (rung.classes, rung.output.shape, rung.scores) == (
        2, (1, 2), "probabilities",
    )  # fmt: skip
    if steps is None:
        assert np.unique(found[:, 1]).size > 30  # of 40: hardly two are equal
    else:
        assert rung.output.scale <= steps
    assert results[recipe].failures == []


def test_what_was_found_of_the_file_is_said(results: dict[str, Result]) -> None:
    remarks = results["float32"].bundle.manifest.measured["remarks"]
    assert any("(1 - p, p)" in line for line in next(iter(remarks.values())))


def test_the_parent_is_the_users_file(
    source: Pretrained, pictures: Path, tmp_path: Path
) -> None:
    """With a wrong rebuild the parity report would compare it with itself."""
    judged = open_dataset(f"folder:{pictures}").limited(8)
    wrong = replace(source, model=_mutated(source.model), proven={SIDE})
    wanted = wanted_from_flags([wrong], [SIDE], Preprocessing(1.0), None)
    parent = parent_scores(wanted.rungs[0], judged, tmp_path, 0)
    assert "own predict" in parent.meta.engine
    right = wanted_from_flags([source], [SIDE], Preprocessing(1.0), None)
    own = parent_scores(right.rungs[0], judged, tmp_path / "right", 0)
    np.testing.assert_allclose(parent.scores, own.scores, atol=1e-6)


def _mutated(model: keras.Model) -> keras.Model:
    """A copy with one tensor swapped: two channels of its first kernel."""
    copy = keras.models.clone_model(model)
    tensors = model.get_weights()
    place = next(i for i, one in enumerate(tensors) if one.ndim == 4)
    tensors[place] = tensors[place][..., ::-1]
    copy.set_weights(tensors)
    for layer in copy.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    return copy


def _stale(model: keras.Model) -> keras.Model:
    """A copy whose Normalization keeps the mean and variance of before."""
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy


@pytest.mark.parametrize("fault", [_mutated, _stale])
@pytest.mark.parametrize("proven", [False, True], ids=["proof", "file"])
def test_a_wrong_native_model_is_not_converted(
    source: Pretrained, pictures: Path, tmp_path: Path, fault: Any, proven: bool
) -> None:
    """By the proof of the rebuild, and without it by the file that is made."""
    wrong = replace(
        source, model=fault(source.model), proven={SIDE} if proven else set()
    )
    with pytest.raises(InputError, match=rf"mine@{SIDE}: .*scores.* differ by"):
        _converted(wrong, pictures, tmp_path, ("float32",))
    assert not list(tmp_path.glob("mine_*"))


@pytest.mark.parametrize("fault", [_mutated, _stale])
def test_a_wrong_rebuild_is_not_converted(
    source: Pretrained,
    pictures: Path,
    tmp_path: Path,
    fault: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = rebuilding.unproven

    def wrong(*arguments: Any) -> keras.Model:
        return fault(made(*arguments))

    monkeypatch.setattr(pretrained, "unproven", wrong)
    fresh = replace(source, proven=set())
    with pytest.raises(InputError, match=rf"mine@{LOWER}: .*scores differ by"):
        _converted(fresh, pictures, tmp_path, ("float32",))


def test_half_precision_is_converted_as_float32(pictures: Path, tmp_path: Path) -> None:
    """mixed_float16: the file agrees with the float32 copy, and says that it is one."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = _network(SIDE)
    finally:
        keras.config.set_dtype_policy(before)
    source = replace(from_model(model), name="mine")
    result = _converted(source, pictures, tmp_path, ("float32",))["float32"]
    assert result.failures == []
    said = result.bundle.manifest.measured["remarks"]["mine"]
    assert any("float32 copy of a mixed_float16 model" in line for line in said)


def test_integers_outside_hold_every_pixel(results: dict[str, Result]) -> None:
    """Calibrated on dark pictures, the input still takes white as white."""
    rung = results["full_int8_io_int8"].bundle.manifest.rungs[-1]
    white = np.full((1, 4, 4, 3), 255, np.float32)
    real = normalised(white, rung.preprocessing)
    held = dequantised(stored(real, rung.input), rung.input)
    np.testing.assert_allclose(held, real, atol=float(rung.input.scale))
    assert RECIPES["full_int8_io_int8"].input_output == rung.input.dtype
