"""What holds for every change of architecture, and what each makes of old weights."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from numpy.typing import NDArray

from convert.to_tflite import FloatFiles
from datasets.errors import InputError, ModelError
from keras_models.architectures.resnet_basic import convolution, residual
from keras_models.compression.changes.catalogue import CHANGES, changed, named
from keras_models.compression.changes.contract import Changed
from keras_models.compression.changes.factorised import two_factors
from keras_models.compression.changes.sites import sites
from keras_models.loading import from_model
from keras_models.rebuilding import rebuild

Float32s = NDArray[np.float32]
NAMES = tuple(CHANGES)
MODULES = tuple(name for name in NAMES if name not in ("gap", "excitation"))
SIDE = 16


def _plain(flat: bool = True) -> keras.Model:
    """VGG-like: activations inside the convolutions, biases, a dense head."""
    keras.utils.set_random_seed(7)
    image = keras.Input((SIDE, SIDE, 3))
    features = layers.Conv2D(16, 3, padding="same", activation="relu")(image)
    features = layers.Conv2D(
        16, 3, padding="same", activation="relu", bias_initializer="normal", name="one"
    )(features)
    features = layers.MaxPooling2D(2)(features)
    features = layers.Conv2D(32, 3, 2, padding="same", name="two")(features)
    features = layers.ReLU()(features)
    if flat:
        features = layers.Dropout(0.3)(layers.Flatten()(features))
        features = layers.Dense(24, activation="relu", name="hidden")(features)
        features = layers.Dropout(0.4, name="last_dropout")(features)
    else:
        features = layers.GlobalAveragePooling2D()(features)
    scores = layers.Dense(4, activation="softmax", name="scores")(features)
    return keras.Model(image, scores, name="plain")


def _residual() -> keras.Model:
    """Blocks of the catalogue's residual networks: zeros padded, batch norm behind."""
    keras.utils.set_random_seed(8)
    image = keras.Input((SIDE, SIDE, 3))
    features = layers.ReLU()(convolution(image, 16, 3, 1, "stem"))
    features = residual(features, features, 16, 1, "block1")
    shortcut = convolution(features, 32, 1, 2, "shortcut")
    features = residual(features, shortcut, 32, 2, "block2")
    pooled = layers.GlobalAveragePooling2D()(features)
    scores = layers.Dense(4, activation="softmax")(pooled)
    return keras.Model(image, scores, name="residual")


def _nested() -> keras.Model:
    """A network inside another, as transfer learning makes them."""
    base = keras.Model(*_ends(_plain(flat=False), "two"), name="base")
    base.trainable = False
    image = keras.Input((SIDE, SIDE, 3))
    pooled = layers.Flatten()(base(layers.Rescaling(1 / 127.5, -1)(image)))
    scores = layers.Dense(4, activation="softmax")(pooled)
    return keras.Model(image, scores, name="nested")


def _ends(model: keras.Model, last: str) -> tuple[object, object]:
    return model.inputs[0], model.get_layer(last).output


MODELS = {"plain": _plain, "residual": _residual, "nested": _nested}


def _images(count: int = 2, side: int = SIDE) -> Float32s:
    shape = (count, side, side, 3)
    return np.random.default_rng(2).uniform(0, 1, shape).astype(np.float32)


def _scores(model: keras.Model, images: Float32s | None = None) -> Float32s:
    given = _images() if images is None else images
    return np.asarray(keras.ops.convert_to_numpy(model(given, training=False)))


def _parent_of(change: str, name: str) -> keras.Model:
    parent = MODELS[name]()
    if CHANGES[change].applies(parent):
        pytest.skip(f"{change} has nothing to change in {name}")
    return parent


@pytest.mark.parametrize("name", list(MODELS))
@pytest.mark.parametrize("change", NAMES)
def test_weights_are_kept_where_promised(change: str, name: str) -> None:
    parent = _parent_of(change, name)
    before = [value.copy() for value in parent.get_weights()]
    found = CHANGES[change].apply(parent)
    after = found.model.get_weights()
    for here, there in found.kept:
        np.testing.assert_array_equal(before[here], after[there])
    grown = change == "excitation"  # what has a gate behind it keeps its weights too
    gone = set() if grown else _tensors_of(parent, found.replaced)
    assert {here for here, _ in found.kept} == set(range(len(before))) - gone
    for value, unchanged in zip(parent.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, unchanged)
    assert found.model.output_shape == parent.output_shape
    assert found.model.name == f"{parent.name}_{change}"
    assert np.isfinite(_scores(found.model)).all()


def _tensors_of(model: keras.Model, names: tuple[str, ...]) -> set[int]:
    owned = {
        id(variable)
        for layer in model._flatten_layers()
        if layer.name in names and not isinstance(layer, keras.Model)
        for variable in layer.weights
    }
    return {place for place, one in enumerate(model.weights) if id(one) in owned}


@pytest.mark.parametrize("change", NAMES)
def test_it_reloads_and_converts(change: str, tmp_path: Path) -> None:
    """`FloatFiles` refuses a file whose scores are not Keras's."""
    parent = _plain() if change == "gap" else _residual()
    model = CHANGES[change].apply(parent).model
    model.save(tmp_path / "changed.keras")
    again = keras.saving.load_model(tmp_path / "changed.keras", safe_mode=True)
    np.testing.assert_array_equal(_scores(again), _scores(model))
    assert {type(layer).__module__.split(".")[0] for layer in again.layers} == {"keras"}
    assert FloatFiles(from_model(again, "tf")).at(SIDE)[4:8] == b"TFL3"


@pytest.mark.parametrize("change", [name for name in NAMES if name != "dice"])
def test_it_is_rebuilt_at_another_resolution(change: str) -> None:
    parent = _plain() if change == "gap" else _residual()
    model = CHANGES[change].apply(parent).model
    for resolution in (SIDE - 1, SIDE - 2):
        assert rebuild(model, resolution).output_shape == (None, 4)


def test_dice_units_take_their_native_resolution_alone() -> None:
    model = CHANGES["dice"].apply(_residual()).model
    with pytest.raises(InputError, match="place of a map"):
        rebuild(model, SIDE - 4)


@pytest.mark.parametrize("change", NAMES)
def test_what_cannot_be_changed_is_refused_in_one_line(change: str) -> None:
    image = keras.Input((SIDE, SIDE, 3))
    pooled = layers.GlobalAveragePooling2D()(layers.Conv2D(8, 1)(image))
    model = keras.Model(image, layers.Dense(4, activation="softmax")(pooled), name="m")
    with pytest.raises(ModelError, match=r"^m: ") as refusal:
        CHANGES[change].apply(model)
    assert len(str(refusal.value).splitlines()) == 1


def test_an_unknown_change_is_refused_with_all_names() -> None:
    with pytest.raises(InputError, match="gap, separable, fire"):
        named("separable+pruned")


def test_several_changes_keep_what_all_of_them_kept() -> None:
    parent = _plain()
    found = changed(parent, "gap+separable")
    before, after = parent.get_weights(), found.model.get_weights()
    for here, there in found.kept:
        np.testing.assert_array_equal(before[here], after[there])
    assert len(found.kept) == 2  # of the convolution that reads the picture
    assert found.model.name == "plain_gap_separable"
    assert {"one", "two", "hidden", "scores"} <= set(found.replaced)


def _around(place: str, taps: int = 3) -> keras.Model:
    """One convolution as networks have it: padded in each of the usual ways."""
    keras.utils.set_random_seed(9)
    image = keras.Input((SIDE + 1, SIDE + 1, 3))
    features = layers.Conv2D(8, 1, activation="relu")(image)
    stride = 2 if "stride" in place else 1
    if place.startswith("zeros"):
        features = layers.ZeroPadding2D(taps // 2)(features)
    padding = "same" if place.startswith("same") else "valid"
    features = layers.Conv2D(
        8, taps, stride, padding=padding, bias_initializer="normal", name="it"
    )(features)
    features = layers.Activation("tanh", name="after")(features)
    return keras.Model(image, features, name="around")


PLACES = ("same", "same, stride", "valid", "valid, stride", "zeros", "zeros, stride")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("change", MODULES)
def test_modules_fit_where_the_convolution_was(change: str, place: str) -> None:
    for taps in (3, 5):
        parent = _around(place, taps)
        found = CHANGES[change].apply(parent)
        assert found.model.output_shape == parent.output_shape
        images = _images(side=SIDE + 1)
        assert np.isfinite(_scores(found.model, images)).all()


def _with_kernel(model: keras.Model, kernel: Float32s) -> keras.Model:
    layer = model.get_layer("it")
    layer.set_weights([kernel, *layer.get_weights()[1:]])
    return model


def _drawn(*shape: int) -> Float32s:
    return np.random.default_rng(3).normal(size=shape).astype(np.float32)


def _separable() -> Float32s:
    return _drawn(3, 3, 8, 1) * _drawn(1, 1, 8, 8)


def _plus_input(kernel: Float32s) -> Float32s:
    kernel = kernel.copy()
    kernel[1, 1] += np.eye(8, dtype=np.float32)
    return kernel


def _of_two(kernel: Float32s) -> Float32s:
    """The second half of the filters each a multiple of one of the first."""
    return np.concatenate([kernel[..., :4], -1.5 * kernel[..., :4]], axis=-1)


def _of_rank_eight() -> Float32s:
    down, across = _drawn(3, 1, 8, 8), _drawn(1, 3, 8, 8)
    made = np.einsum("acb,dbf->adcf", down[:, 0], across[0])
    return np.asarray(made, np.float32)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("change", "kernel"),
    [
        ("separable", _separable()),
        ("factorised", _of_rank_eight()),
        ("ghost", _of_two(_drawn(3, 3, 8, 8))),
        ("inverted", _separable()),
    ],
)
def test_a_kernel_that_a_module_can_be_comes_out_of_it(
    change: str, kernel: Float32s, place: str
) -> None:
    """Scores then are the parent's: the weights begin as the nearest to the old."""
    if change == "inverted" and "stride" not in place:
        kernel = _plus_input(kernel)
    parent = _with_kernel(_around(place), kernel)
    found = CHANGES[change].apply(parent)
    images = _images(side=SIDE + 1)
    np.testing.assert_allclose(
        _scores(found.model, images), _scores(parent, images), atol=2e-5
    )


def test_factors_are_the_nearest_of_their_rank() -> None:
    """Eckart and Young: what is lost is the tail of the singular values."""
    kernel = _drawn(3, 3, 8, 8)
    down, across = two_factors(kernel, 8)
    made = np.einsum("acb,dbf->adcf", down[:, 0], across[0].astype(np.float32))
    matrix = kernel.transpose(0, 2, 1, 3).reshape(24, 24)
    tail = np.linalg.svd(matrix, compute_uv=False)[8:]
    assert np.sum((made - kernel) ** 2) == pytest.approx(np.sum(tail**2), rel=1e-4)


@pytest.mark.parametrize("name", list(MODELS))
def test_gates_begin_at_one(name: str) -> None:
    parent = MODELS[name]()
    model = CHANGES["excitation"].apply(parent).model
    np.testing.assert_allclose(_scores(model), _scores(parent), atol=1e-6)
    gates = [layer for layer in model._flatten_layers() if "excite" in layer.name]
    for gate in gates:
        gate.set_weights([_drawn(*gate.get_weights()[0].shape)])
    assert np.abs(_scores(model) - _scores(parent)).max() > 1e-4


def test_shuffled_groups_are_keras_groups_after_a_shuffle() -> None:
    """Against Conv2D(groups=4) on channels that were turned as the paper has it."""
    parent = _around("same")
    model = CHANGES["shuffle"].apply(parent).model
    read = keras.Model(*_ends(parent, parent.layers[1].name))
    channels = _scores(read, _images(side=SIDE + 1))
    turned = channels.reshape(*channels.shape[:3], 2, 4).swapaxes(3, 4)
    grouped = layers.Conv2D(8, 3, padding="same", groups=4)
    given = grouped(turned.reshape(channels.shape))
    parts = [model.get_layer(f"it_convolution{group}") for group in range(4)]
    grouped.set_weights(
        [
            np.concatenate([part.get_weights()[number] for part in parts], axis=-1)
            for number in range(2)
        ]
    )
    given = np.tanh(np.asarray(grouped(turned.reshape(channels.shape))))
    found = _scores(model, _images(side=SIDE + 1))
    np.testing.assert_allclose(found, given, atol=1e-5)
    old = parent.get_layer("it").get_weights()[0]
    np.testing.assert_allclose(parts[1].get_weights()[0], 2 * old[:, :, 1::4, 2:4])


def test_ghost_modules_keep_the_first_half_of_each_kernel() -> None:
    parent = _plain()
    model = CHANGES["ghost"].apply(parent).model
    old = parent.get_layer("one").get_weights()
    primary = model.get_layer("one_primary").get_weights()
    np.testing.assert_array_equal(primary[0], old[0][..., :8])
    np.testing.assert_array_equal(primary[1], old[1][:8])


def test_means_answer_as_one_flattened_layer_does_on_even_maps() -> None:
    """Each channel one colour everywhere; batch norm in front is folded in."""
    keras.utils.set_random_seed(5)
    image = keras.Input((4, 4, 3))
    features = layers.Conv2D(6, 1)(image)
    features = layers.BatchNormalization(name="norm")(layers.Flatten()(features))
    scores = layers.Dense(4, activation="softmax")(features)
    parent = keras.Model(image, scores, name="flat")
    drawn = np.abs(_drawn(4, 96)) + 0.5
    parent.get_layer("norm").set_weights(list(drawn))
    model = CHANGES["gap"].apply(parent).model
    even = np.broadcast_to(_images(3, 1), (3, 4, 4, 3))
    np.testing.assert_allclose(_scores(model, even), _scores(parent, even), atol=1e-5)
    assert not [layer for layer in model.layers if layer.name == "norm"]


def test_one_dropout_stays_in_front_of_the_means_layer() -> None:
    model = CHANGES["gap"].apply(_plain()).model
    dropouts = [one for one in model.layers if isinstance(one, layers.Dropout)]
    assert [one.name for one in dropouts] == ["last_dropout"]
    assert len([one for one in model.layers if isinstance(one, layers.Dense)]) == 1


def test_reasons_stand_beside_what_was_left() -> None:
    image = keras.Input((SIDE, SIDE, 3))
    shared = layers.Conv2D(8, 3, padding="same", name="shared")
    features = layers.Conv2D(8, 3, padding="same", name="stem")(image)
    features = shared(shared(features))
    features = layers.Conv2D(8, (1, 3), name="flat")(features)
    features = layers.Conv2D(8, 3, groups=2, name="grouped")(features)
    features = layers.Conv2D(12, 3, name="twelve")(features)
    features = layers.Conv2D(8, 3, name="eight")(features)
    pooled = layers.GlobalAveragePooling2D()(features)
    model = keras.Model(image, layers.Dense(4, activation="softmax")(pooled), name="m")
    found, left = sites(model)
    assert [site.name for site in found] == ["twelve", "eight"]
    assert " ".join(left).count("more than once") == 1
    fired: Changed = CHANGES["fire"].apply(model)
    assert fired.replaced == ("eight",)
    for name, why in (
        ("stem", "reads the picture"),
        ("flat", "1 x 3"),
        ("grouped", "2 groups"),
        ("twelve", "no multiple of 8"),
    ):
        assert any(name in one and why in one for one in fired.left)
