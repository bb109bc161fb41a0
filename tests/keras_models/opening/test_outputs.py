"""Scores equal what the user's own model says of a picture, read as it is meant."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from datasets.errors import InputError
from keras_models.loading import from_model
from keras_models.opening.canonical import Said
from tests.keras_models import user_models as models
from tests.keras_models.user_models import Build, scaled

Read = Callable[[Any], Any]


def _as_it_is(raw: Any) -> Any:
    return raw


def _pair(raw: Any) -> Any:
    chance = np.asarray(raw, np.float64).reshape(-1, 1)
    return np.concatenate([1 - chance, chance], axis=1)


def _pair_of_logit(raw: Any) -> Any:
    return _pair(1 / (1 + np.exp(-np.asarray(raw, np.float64))))


def _flat(raw: Any) -> Any:
    return np.asarray(raw).reshape(len(raw), -1)


def _mean_of_two(x: keras.KerasTensor) -> keras.KerasTensor:
    return layers.Average()([x, layers.Identity()(x)])


# Each gave a second softmax, a constant 1, or a refusal before outputs were followed.
READ: dict[str, tuple[Build, Read]] = {
    "dropout after": (scaled(layers.Dropout(0.3)), _as_it_is),
    "identity after": (scaled(layers.Identity()), _as_it_is),
    "cast after": (scaled(layers.Activation("linear", dtype="float32")), _as_it_is),
    "reshape after": (scaled(layers.Reshape((1, 1, 3))), _flat),
    "softmax operation": (scaled(ops.softmax, activation=None), _as_it_is),
    "softmax in a nested head": (
        scaled(
            lambda x: models.nested(layers.Dense(4), layers.Softmax())(x),
            classes=5,
            activation="relu",
        ),
        _as_it_is,
    ),
    "temperature": (scaled(models.temperature, activation=None), _as_it_is),
    "softmax by hand": (scaled(models.by_hand, activation=None), _as_it_is),
    "mean of softmaxes": (scaled(_mean_of_two), _as_it_is),
    "logits": (scaled(layers.Identity(), activation=None), models.softmax),
    "scaled logits": (scaled(lambda x: x / 3.0, activation=None), models.softmax),
    "logits of a convolution": (
        scaled(
            lambda x: layers.Conv2D(4, 1)(layers.Reshape((1, 1, 3))(x)),
            activation="relu",
        ),
        lambda raw: models.softmax(_flat(raw)),
    ),
    "log-softmax": (scaled(layers.Identity(), activation="log_softmax"), np.exp),
    "one logit": (scaled(layers.Identity(), 1, None), _pair_of_logit),
    "one sigmoid": (scaled(layers.Identity(), 1, "sigmoid"), _pair),
    "one sigmoid operation": (scaled(ops.sigmoid, 1, None), _pair),
    "squeezed": (scaled(lambda x: ops.squeeze(x, -1), 1, "sigmoid"), _pair),
    "one sigmoid in a nested head": (
        scaled(
            lambda x: models.nested(layers.Dense(1, activation="sigmoid"))(x),
            activation="relu",
        ),
        _pair,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", READ)
def test_scores_are_those_of_the_models_own_predict(case: str) -> None:
    build, read = READ[case]
    keras.utils.set_random_seed(3)
    model = build()
    images = models.pixels()
    expected = read(np.asarray(model(images, training=False)))
    source = from_model(model)
    assert source.model.output_shape == (None, expected.shape[1])
    found = np.asarray(source.model(images, training=False))
    assert np.abs(found - expected).max() < 1e-6
    raw = np.asarray(source.own(images, training=False))
    assert np.abs(source.to_scores(raw) - expected).max() < 1e-6
    assert expected.std() > 1e-3  # of constant scores nothing would show


def test_what_one_unit_means_is_said() -> None:
    source = from_model(scaled(layers.Identity(), 1, None)())
    assert any("one logit read as two classes" in one for one in source.remarks)


REFUSED: dict[str, tuple[Build, str]] = {
    "many sigmoids": (scaled(layers.Identity(), 4, "sigmoid"), "several labels"),
    "relu": (scaled(layers.Identity(), 4, "relu"), "`output_is=probabilities`"),
    "one tanh": (scaled(layers.Identity(), 1, "tanh"), "`output_is=probabilities`"),
    "softmax of one": (scaled(layers.Identity(), 1), "always 1"),
    "softmax of another axis": (
        scaled(
            lambda x: layers.Reshape((4,))(
                layers.Softmax()(layers.Reshape((4, 1))(layers.Dense(4)(x)))
            )
        ),
        "do not sum to 1",
    ),
    "a map of classes": (
        scaled(lambda x: layers.UpSampling2D(2)(layers.Reshape((1, 1, 3))(x))),
        "one label an image",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_score_of_one_label_is_refused(case: str) -> None:
    build, line = REFUSED[case]
    with pytest.raises(InputError, match=line):
        from_model(build())


def test_the_user_may_say_what_an_output_is() -> None:
    model = scaled(layers.Identity(), 4, "relu")()
    source = from_model(model, said=Said(scores="logits"))
    images = models.pixels()
    expected = models.softmax(model.predict(images, verbose=0))
    assert np.abs(source.model.predict(images, verbose=0) - expected).max() < 1e-6
    with pytest.raises(InputError, match="do not sum to 1"):
        from_model(model, said=Said(scores="probabilities"))


def test_one_of_two_outputs_is_chosen_by_name_or_number() -> None:
    taken = models.image()
    x = layers.Rescaling(1 / 255)(taken)
    both = {"box": models.tail(x, 4, None), "kind": models.tail(x, 5)}
    model = keras.Model(taken, both)
    images = models.pixels()
    expected = model.predict(images, verbose=0)["kind"]
    with pytest.raises(InputError, match=r"box \(None, 4\), kind .*`output_name=NAME`"):
        from_model(model)
    with pytest.raises(InputError, match="output_name=nose"):
        from_model(model, said=Said(output="nose"))
    for wanted in ("kind", "1"):
        source = from_model(model, said=Said(output=wanted))
        found = source.model.predict(images, verbose=0)
        assert np.abs(found - expected).max() < 1e-6
        assert np.abs(source.own_scores(images) - expected).max() < 1e-6


def test_a_model_that_answers_at_random_is_refused() -> None:
    class Always(layers.Dropout):  # type: ignore[misc]
        def call(self, inputs: Any, training: bool | None = None) -> Any:
            del training
            return super().call(inputs, training=True)

    model = scaled(Always(0.5))()
    with pytest.raises(InputError, match="one picture twice"):
        from_model(model)


def test_damaged_weights_are_refused() -> None:
    model = scaled(layers.Identity())()
    model.layers[-2].bias.assign([np.nan, 0, 0])
    with pytest.raises(InputError, match="not finite"):
        from_model(model)


def test_equal_tensors_in_another_graph_are_other_weights() -> None:
    """Stored scores are known by this hash: a Rescaling has no tensor."""
    first, other = (
        models.entered(layers.Rescaling(scale))() for scale in (1 / 255, 1 / 127.5)
    )
    other.set_weights(first.get_weights())
    hashes = [from_model(model).weights_sha256 for model in (first, other)]
    again = models.entered(layers.Rescaling(1 / 255))()
    again.set_weights(first.get_weights())
    assert hashes[0] != hashes[1]
    assert from_model(again).weights_sha256 == hashes[0]


def test_names_in_a_file_are_no_hindrance() -> None:
    """A loaded file brings its names along; Keras counts them on in this process."""
    taken = models.image()
    x = layers.Rescaling(1 / 255, name="chance_of_0")(taken)
    x = layers.Conv2D(4, 3, name="chance_of_1")(x)
    x = layers.GlobalAveragePooling2D(name="scores")(x)
    model = keras.Model(taken, layers.Dense(1, name="row")(x))
    images = models.pixels()
    expected = _pair_of_logit(model(images, training=False))
    found = np.asarray(from_model(model).model(images, training=False))
    assert np.abs(found - expected).max() < 1e-6
