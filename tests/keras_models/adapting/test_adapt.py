"""Adaptation: it mends what can be mended, declines the rest, and touches no more."""

import io
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image
from scipy.stats import entropy

from datasets.dataset import Dataset
from datasets.errors import InputError
from datasets.preprocessing import Preprocessing
from keras_models.adapted import Outcome, read_adaptation, write_record, write_tensors
from keras_models.adapting import views as adapt_views
from keras_models.adapting.adapt import (
    AdaptSettings,
    Lesson,
    _free,
    adapt_together,
    divergence,
    free_variables,
    native_scores,
)

SETTINGS = AdaptSettings(passes=12, views=1, batch=8, learning_rate=0.03)


def _model(resolution: int = 12) -> keras.Model:
    keras.utils.set_random_seed(3)
    image = keras.Input((resolution, resolution, 3))
    x = keras.layers.Conv2D(8, 3, use_bias=False)(image)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.ReLU()(x))
    x = keras.layers.Dropout(0.5)(x)
    scores = keras.layers.Dense(4, "softmax", kernel_initializer="he_normal")(x)
    return keras.Model(image, scores, name="tiny")


def _pixels(count: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    level = random.integers(40, 215, (count, 1, 1, 3))
    noise = random.integers(-40, 40, (count, 12, 12, 3))
    return (level + noise).astype(np.uint8)


def _lessons(model: keras.Model) -> tuple[Lesson, Lesson]:
    seen, held = _pixels(64, 1), _pixels(40, 2)
    return (
        Lesson(seen, native_scores(model, "tf", seen)),
        Lesson(held, native_scores(model, "tf", held)),
    )


def _spoilt(model: keras.Model) -> None:
    """As a lower resolution does: features lie elsewhere than the weights expect."""
    norm = model.get_layer("norm")
    norm.beta.assign(np.asarray(norm.beta) + 0.8)


def _adapted(
    model: keras.Model, lessons: tuple[Lesson, Lesson], settings: AdaptSettings
) -> Outcome:
    """To one resolution by itself."""
    return adapt_together([model], "tf", [lessons], settings)[0]


@pytest.mark.parametrize("tensors", ["offsets", "norms", "norms+head"])
def test_it_mends_shifted_features_and_touches_nothing_else(tensors: str) -> None:
    model = _model()
    lessons = _lessons(model)
    _spoilt(model)
    before = {v.path: np.asarray(v) for v in model.weights}
    settings = AdaptSettings(
        passes=12, views=1, batch=8, learning_rate=0.03, tensors=tensors
    )
    outcome = _adapted(model, lessons, settings)
    assert outcome.accepted
    assert outcome.after.divergence < outcome.before.divergence / 3
    changed = {
        v.path.split("/")[-1]
        for v in model.weights
        if not np.array_equal(before[v.path], np.asarray(v))
    }
    norms = {"beta"} if tensors == "offsets" else {"beta", "gamma"}
    assert changed == (norms | {"kernel", "bias"} if "head" in tensors else norms)
    assert outcome.tuned == {"offsets": 8, "norms": 16, "norms+head": 52}[tensors]
    assert (outcome.pictures, outcome.held_out, outcome.resolution) == (64, 40, 12)


def test_it_declines_where_there_is_nothing_to_win() -> None:
    """The scores match already: whatever tuning does, it can only hurt."""
    model = _model()
    lessons = _lessons(model)
    before = model.get_weights()
    outcome = _adapted(model, lessons, SETTINGS)
    assert not outcome.accepted
    assert outcome.before.agreement == 1.0
    for here, there in zip(model.get_weights(), before, strict=True):
        assert np.array_equal(here, there)


def test_it_declines_what_held_out_pictures_do_not_confirm() -> None:
    """Targets of the held-out pictures that the seen ones say nothing about."""
    model = _model()
    seen, held = _lessons(model)
    _spoilt(model)
    before = model.get_weights()
    contrary = Lesson(held.pixels, native_scores(model, "tf", held.pixels))
    assert not _adapted(model, (seen, contrary), SETTINGS).accepted
    assert np.array_equal(model.get_weights()[1], before[1])


def test_together_all_resolutions_get_the_same_tensors_or_their_own_verdict() -> None:
    wanted = _model()
    lessons = _lessons(wanted)
    seen, held = (Lesson(one.pixels[:, :9, :9], one.native) for one in lessons)
    models = [_model(), _model(9), _model(9)]
    for model in models:
        _spoilt(model)
    spoilt = models[0].get_weights()
    contrary = Lesson(held.pixels, native_scores(models[2], "tf", held.pixels))
    pairs = [lessons, (seen, held), (seen, contrary)]
    outcomes = adapt_together(models, "tf", pairs, SETTINGS)
    assert [outcome.accepted for outcome in outcomes] == [True, True, False]
    assert [outcome.resolution for outcome in outcomes] == [12, 9, 9]
    assert outcomes[0].after.divergence < outcomes[0].before.divergence / 3
    for first, second, third, before in zip(
        *(model.get_weights() for model in models), spoilt, strict=True
    ):
        assert np.array_equal(first, second)
        assert np.array_equal(third, before)
    assert not np.array_equal(models[0].get_weights()[1], spoilt[1])


def test_the_same_seed_gives_the_same_tensors() -> None:
    found = []
    for _ in range(2):
        model = _model()
        lessons = _lessons(model)
        _spoilt(model)
        _adapted(model, lessons, SETTINGS)
        found.append(model.get_weights())
    for here, there in zip(*found, strict=True):
        np.testing.assert_allclose(here, there, rtol=1e-5, atol=1e-6)


def test_divergence_is_scipys_relative_entropy() -> None:
    random = np.random.default_rng(0)
    target, scores = random.dirichlet(np.ones(5), 7), random.dirichlet(np.ones(5), 7)
    expected = entropy(target, scores, axis=1)
    ours = divergence(target.astype(np.float32), scores.astype(np.float32))
    np.testing.assert_allclose(ours, expected, rtol=1e-4)


def test_a_network_without_batch_norm_says_what_could_be_tuned() -> None:
    image = keras.Input((12, 12, 3))
    x = keras.layers.GlobalAveragePooling2D()(image)
    model = keras.Model(image, keras.layers.Dense(4, "softmax")(x))
    with pytest.raises(InputError, match=r"no batch norm .*norms\+head"):
        _adapted(model, _lessons(model), SETTINGS)


@pytest.mark.parametrize(
    "wrong",
    [{"tensors": "all"}, {"passes": 0}, {"held_out": 1.0}, {"smallest_view": 0.0}],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match="expected"):
        AdaptSettings(**wrong)  # type: ignore[arg-type]


def _dataset() -> Dataset:
    """Pictures of 40x30: red grows to the right, green downwards."""

    def read(index: int) -> bytes:
        across, down = np.meshgrid(np.arange(40) * 6, np.arange(30) * 8)
        levels = np.stack([across, down, np.full_like(down, 50 * index)], axis=-1)
        file = io.BytesIO()
        Image.fromarray(levels.astype(np.uint8)).save(file, "PNG")
        return file.getvalue()

    return Dataset("ramps", "all", ["a", "b", "c"], [0, 0, 0], ["x"], read, "")


def test_a_view_is_the_same_part_at_every_resolution() -> None:
    found = adapt_views.views(_dataset(), [16, 8], Preprocessing(1.0), 5, 0.5, seed=4)
    halved = found[16].reshape(15, 8, 2, 8, 2, 3).mean(axis=(2, 4))
    assert np.abs(halved - found[8])[:, 1:-1, 1:-1].max() <= 8  # levels of 0..255
    again = adapt_views.views(_dataset(), [16], Preprocessing(1.0), 5, 0.5, seed=4)
    assert np.array_equal(found[16], again[16])
    reds = found[16][:, 8, :, 0].astype(int)
    mirrored = reds[:, 0] > reds[:, -1]
    assert 0 < mirrored.sum() < 15
    assert len({tuple(line) for line in reds}) > 5  # views differ
    assert found[16][:, 0, 0, 2].tolist() == [0, 50, 100] * 5  # all first views first


def test_the_widest_view_is_what_a_sweep_sees_perhaps_mirrored() -> None:
    whole = adapt_views.plain(_dataset(), [10], Preprocessing(1.0))[10]
    found = adapt_views.views(_dataset(), [10], Preprocessing(1.0), 4, 1.0, seed=1)[10]
    for place, view in enumerate(found):
        own = whole[place % 3].astype(int)
        apart = min(np.abs(view - own).max(), np.abs(view - own[:, ::-1]).max())
        assert apart <= 2  # levels of 255: a view ends on whole pixels of the picture


def test_unreadable_pictures_are_named() -> None:
    broken = Dataset("x", "all", ["bad.jpg"], [0], ["x"], lambda _: b"no", "")
    with pytest.raises(InputError, match=r"bad\.jpg cannot be read"):
        adapt_views.plain(broken, [8], Preprocessing(1.0))


def _outcome(model: keras.Model) -> Outcome:
    lessons = _lessons(model)
    _spoilt(model)
    return _adapted(model, lessons, SETTINGS)


def test_an_adaptation_survives_the_disk_and_belongs_to_its_weights(
    tmp_path: Path,
) -> None:
    model, first = _model(), _model()
    outcome = _outcome(model)
    bytes_ = write_tensors(tmp_path, 12, first.get_weights(), model.get_weights())
    assert bytes_ == 4 * 16  # scales and offsets of eight filters
    write_record(tmp_path, "abc", {"command": "reswise adapt"}, [outcome])
    read_adaptation(tmp_path, "abc").apply(first)
    for here, there in zip(first.get_weights(), model.get_weights(), strict=True):
        assert np.array_equal(here, there)
    with pytest.raises(InputError, match="other weights"):
        read_adaptation(tmp_path, "def")
    (tmp_path / "12.npz").write_bytes(b"changed")
    with pytest.raises(InputError, match="not the file"):
        read_adaptation(tmp_path, "abc").apply(first)
    (tmp_path / "adapted.json").write_text("{")
    with pytest.raises(InputError, match=r"is not JSON: .*adapted\.json"):
        read_adaptation(tmp_path, "abc")


def test_batch_norm_inside_a_nested_model_is_tuned_too() -> None:
    """A base inside a model, as transfer learning builds it; it may be frozen."""
    inner = _model()
    inner.trainable = False
    image = keras.Input((12, 12, 3))
    outer = keras.Model(image, inner(image), name="outer")
    names = {"offsets": 8, "norms": 16, "norms+head": 16 + 36}
    for tensors, numbers in names.items():
        found = free_variables(outer, tensors)
        assert sum(int(np.prod(one.shape)) for one in found) == numbers
        assert _free(outer, tensors) == numbers
        assert {one.path for one in outer.trainable_variables} == {
            one.path for one in found
        }


def test_a_model_without_batch_norm_is_refused() -> None:
    image = keras.Input((12, 12, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(image)
    plain = keras.Model(image, keras.layers.Dense(4, "softmax")(pooled), name="plain")
    with pytest.raises(InputError, match="plain has no batch norm"):
        free_variables(plain, "norms")
