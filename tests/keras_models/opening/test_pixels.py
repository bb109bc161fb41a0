"""How pixels enter, by what reaches the first convolutions, not by names of layers."""

import keras
import pytest
from keras import layers

from datasets.errors import InputError
from keras_models.catalogue import CATALOGUE, build
from keras_models.loading import from_model
from keras_models.opening.families import FAMILIES, family_of
from tests.keras_models import user_models as models
from tests.keras_models.user_models import Build, entered

APPS = keras.applications


def _batch_norm_of(mean: float, variance: float) -> Build:
    def made() -> keras.Model:
        first = layers.BatchNormalization()
        model = entered(first)()
        first.moving_mean.assign([mean] * 3)
        first.moving_variance.assign([variance] * 3)
        return model

    return made


def _normalised(x: keras.KerasTensor) -> keras.KerasTensor:
    numbers = layers.Normalization(mean=[120.0] * 3, variance=[4000.0] * 3)
    return layers.RandomFlip()(numbers(x))


def _nested_operations(x: keras.KerasTensor) -> keras.KerasTensor:
    taken = models.image()
    return keras.Model(taken, (taken - 127.5) / 127.5)(
        models.nested(layers.Identity())(x)
    )


INSIDE: dict[str, Build] = {
    "Rescaling": entered(layers.Rescaling(1 / 255)),
    "a nested Rescaling": entered(
        lambda x: models.nested(layers.RandomFlip(), layers.Rescaling(1 / 255))(x)
    ),
    "operations": entered(lambda x: x / 127.5 - 1.0),
    "nested operations": entered(_nested_operations),
    "caffe's operations": entered(APPS.resnet.preprocess_input),
    "torch's operations": entered(APPS.densenet.preprocess_input),
    "Normalization": entered(_normalised),
    "a batch norm of pixels": _batch_norm_of(120.0, 4000.0),
    "a padded Rescaling": entered(
        lambda x: layers.ZeroPadding2D(1)(layers.Rescaling(1 / 255)(x))
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", INSIDE)
def test_what_normalises_inside_is_found(case: str) -> None:
    source = from_model(INSIDE[case]())
    assert source.normalisation == "none"
    assert any("normalised inside" in remark for remark in source.remarks)


def _residual(x: keras.KerasTensor) -> keras.KerasTensor:
    x = layers.Conv2D(4, 3, padding="same")(x)
    return layers.Add()([x, layers.Rescaling(0.5)(x)])


def _two_branches(x: keras.KerasTensor) -> keras.KerasTensor:
    raw = layers.Conv2D(4, 3)(x)
    return layers.Add()([raw, layers.Conv2D(4, 3)(layers.Rescaling(1 / 255)(x))])


def _joined_later(x: keras.KerasTensor) -> keras.KerasTensor:
    early = layers.Conv2D(4, 3, padding="same")(layers.Rescaling(1 / 255)(x))
    return layers.Concatenate()([early, x])


UNTOLD: dict[str, Build] = {
    "nothing": entered(layers.Identity()),
    "a Rescaling in a residual branch": entered(_residual),
    "a Rescaling on one path of two": entered(_two_branches),
    "pixels that join later": entered(_joined_later),
    "scaled twice": entered(
        lambda x: layers.Rescaling(1 / 255)(layers.Rescaling(1 / 255)(x))
    ),
    "a batch norm of numbers in 0..1": _batch_norm_of(0.5, 0.08),
    "half of a normalisation": entered(layers.Rescaling(2.0, offset=-1.0)),
    "channels turned round": entered(lambda x: x[..., ::-1]),
}


@pytest.mark.parametrize("case", UNTOLD)
def test_what_cannot_be_told_is_asked_for(case: str) -> None:
    model = UNTOLD[case]()
    with pytest.raises(InputError, match="Say it: `normalisation="):
        from_model(model)
    source = from_model(model, "unit")
    assert source.normalisation == "unit"
    assert any("as asked" in remark for remark in source.remarks)


@pytest.mark.parametrize("name", ["EfficientNetV2B0", "MobileNetV3Small"])
def test_applications_without_their_preprocessing_ask(name: str) -> None:
    made = getattr(APPS, name)(
        input_shape=(32, 32, 3), weights=None, classes=3, include_preprocessing=False
    )
    with pytest.raises(InputError, match="Say it: `normalisation="):
        from_model(made)


def test_both_inside_and_asked_is_said() -> None:
    source = from_model(INSIDE["Rescaling"](), "tf")
    assert any("ATTENTION" in remark for remark in source.remarks)


def test_a_nested_base_of_a_family_is_assumed_and_said() -> None:
    base = APPS.MobileNetV2((32, 32, 3), 0.35, include_top=False, weights=None)
    taken = keras.Input((32, 32, 3))
    x = layers.GlobalAveragePooling2D()(base(taken, training=False))
    source = from_model(keras.Model(taken, layers.Dense(3, "softmax")(x)))
    assert source.normalisation == "tf"
    assert "assumed from the graph of mobilenetv2" in " ".join(source.remarks)


# Small enough for every run; the others are counted by the slow test.
QUICK = {"mobilenet": "MobileNet", "vgg16": "VGG16", "vgg19": "VGG19"}
SLOW = {
    "mobilenetv2": "MobileNetV2", "nasnetmobile": "NASNetMobile",
    "resnet50": "ResNet50", "resnet101": "ResNet101", "resnet152": "ResNet152",
    "resnet50v2": "ResNet50V2", "resnet101v2": "ResNet101V2",
    "resnet152v2": "ResNet152V2", "inceptionv3": "InceptionV3",
    "inceptionresnetv2": "InceptionResNetV2", "xception": "Xception",
    "densenet121": "DenseNet121", "densenet169": "DenseNet169",
    "densenet201": "DenseNet201", "nasnetlarge": "NASNetLarge",
}  # fmt: skip


def _recognised(family: str, application: str) -> bool:
    shape = (96, 96, 3)
    made = getattr(APPS, application)(
        input_shape=shape, include_top=False, weights=None
    )
    found = family_of(made)
    return found is not None and found.name == family


@pytest.mark.parametrize("family", QUICK)
def test_families_are_known_by_their_convolutions(family: str) -> None:
    assert _recognised(family, QUICK[family])


@pytest.mark.slow
@pytest.mark.parametrize("family", SLOW)
def test_large_families_are_known_by_their_convolutions(family: str) -> None:
    assert _recognised(family, SLOW[family])


@pytest.mark.parametrize(
    "name", ["resnet18", "resnet20", "small_resnet", "resnet56", "vgg19_bn_cifar"]
)
def test_the_catalogues_own_families_agree_with_it(name: str) -> None:
    found = family_of(build(name, CATALOGUE[name].native))
    assert found is not None
    assert found.convention == CATALOGUE[name].normalisation


def test_every_family_is_counted_by_some_test() -> None:
    ours = {name.replace("_", "") for name in CATALOGUE}
    assert {family.name for family in FAMILIES} <= {*QUICK, *SLOW, *ours}


def test_what_reaches_the_network_is_printed() -> None:
    model = models.entered(layers.Rescaling(1 / 127.5, offset=-1))()
    assert "-1..1" in " ".join(from_model(model).remarks)
