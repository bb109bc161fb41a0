"""Our architectures against published figures, hand counts and the libraries' own."""

import json
import math
from collections.abc import Callable
from functools import cache
from pathlib import Path

import keras
import numpy as np
import pytest

from datasets.errors import InputError
from keras_models.catalogue import CATALOGUE, build
from keras_models.macs import count_macs
from keras_models.rebuilding import rebuild, transfer

REFERENCES = Path(__file__).parents[1] / "references"
PUBLISHED = json.loads((REFERENCES / "published_architectures.json").read_text())
Built = Callable[..., keras.Model]


@pytest.fixture(scope="module")
def built() -> Built:
    """Builds each (name, resolution) once for all tests here."""
    return cache(build)


def _trained(model: keras.Model) -> int:
    """As papers count: without the running means and variances of batch norm."""
    return sum(math.prod(variable.shape) for variable in model.trainable_variables)


@pytest.mark.parametrize("published", PUBLISHED, ids=lambda line: line["model"])
def test_published_parameters_and_macs(
    published: dict[str, float], built: Built
) -> None:
    """To the last digit that was printed."""
    name = str(published["model"])
    classes = published.get("classes", CATALOGUE[name].classes)
    model = built(name, CATALOGUE[name].native, int(classes))
    digits = len(str(published["parameters_millions"]).split(".")[1])
    millions = round(_trained(model) / 1e6, digits)
    assert millions == published["parameters_millions"]
    if published["mmacs"] is not None:
        counted = count_macs(model).macs / 1e6
        assert counted == pytest.approx(published["mmacs"], rel=0.003)


def test_resnet20_by_hand(built: Built) -> None:
    """Stem; 6 convolutions at 32x32; 1 + 5 at 16x16; 1 + 5 at 8x8; the last layer."""
    stages = (6 * 2304, 4608 + 5 * 9216, 18432 + 5 * 36864)  # parameters of 3x3 kernels
    norms = 2 * (7 * 16 + 6 * 32 + 6 * 64)
    model = built("resnet20", 32)
    assert _trained(model) == 432 + sum(stages) + norms + 650
    maps = (1024, 256, 64)
    by_hand = 432 * 1024 + sum(map(math.prod, zip(stages, maps, strict=True))) + 640
    assert count_macs(model).macs == by_hand


def test_the_cifar_shortcut_takes_every_other_pixel_and_adds_zero_channels(
    built: Built,
) -> None:
    """Option A of He et al., against numpy, at an even and at an odd map."""
    for resolution in (32, 15):
        model = built("resnet20", resolution)
        inputs = model.get_layer("stage2_block1_skip").input
        outputs = model.get_layer("stage2_block1_zeros_back").output
        image = np.random.default_rng(1).normal(size=(1, resolution, resolution, 3))
        before, after = keras.Model(model.inputs[0], [inputs, outputs])(image)
        skipped = np.asarray(before)[:, ::2, ::2]
        expected = np.pad(skipped, ((0, 0), (0, 0), (0, 0), (8, 8)))
        np.testing.assert_array_equal(np.asarray(after), expected)


@pytest.mark.slow
def test_vgg19_scores_as_keras_applications_does() -> None:
    keras.utils.set_random_seed(2)
    theirs = keras.applications.VGG19(weights=None)
    ours = build("vgg19_flatten", 224)
    transfer(theirs, ours)
    image = np.random.default_rng(2).normal(size=(1, 224, 224, 3)).astype("float32")
    np.testing.assert_array_equal(np.asarray(ours(image)), np.asarray(theirs(image)))


@pytest.mark.parametrize("resolution", [192, 256])
def test_the_original_vgg19_says_why_it_takes_one_resolution(resolution: int) -> None:
    with pytest.raises(InputError, match=r"224 pixels alone: it flattens a 7x7 map"):
        build("vgg19_flatten", resolution)


def _of_keras_cells(resolution: int) -> keras.Model:
    """NASNet-A 6 @ 768 of the cells inside keras.applications, behind a CIFAR stem."""
    from keras.src.applications import nasnet

    image = keras.Input((resolution, resolution, 3))
    features = keras.layers.Conv2D(32, 3, padding="same", use_bias=False)(image)
    features = keras.layers.BatchNormalization(epsilon=1e-3)(features)
    before = features
    for stage in range(3):
        filters = 32 * 2**stage
        if stage:
            features, before = nasnet._reduction_a_cell(
                features, before, filters, f"reduce{stage}"
            )
        for cell in range(6):
            features, before = nasnet._normal_a_cell(
                features, before, filters, f"{stage}_{cell}"
            )
    features = keras.layers.Activation("relu")(features)
    features = keras.layers.GlobalAveragePooling2D()(features)
    return keras.Model(image, keras.layers.Dense(10, "softmax")(features))


@pytest.mark.parametrize("resolution", [32, pytest.param(27, marks=pytest.mark.slow)])
def test_nasnet_scores_as_the_cells_of_keras_applications(
    resolution: int, built: Built
) -> None:
    ours, theirs = built("nasnet_cifar", resolution), _of_keras_cells(resolution)
    transfer(ours, theirs)  # layers are made in the same order
    shape = (2, resolution, resolution, 3)
    image = np.random.default_rng(3).normal(size=shape).astype("float32")
    np.testing.assert_allclose(
        np.asarray(ours(image)), np.asarray(theirs(image)), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize(
    "resolution",
    [
        pytest.param(side, marks=[pytest.mark.slow] if side not in (3, 26, 29) else [])
        for side in range(3, 33)
    ],
)
def test_every_tensor_of_nasnet_moves_to_every_resolution_offered(
    resolution: int, built: Built
) -> None:
    """Odd and even maps at both reductions: four graphs, the same tensors."""
    native = built("nasnet_cifar", 32)
    moved = rebuild(native, resolution)
    pairs = zip(native.get_weights(), moved.get_weights(), strict=True)
    assert all(np.array_equal(here, there) for here, there in pairs)
    assert len(native.weights) == 1399


@pytest.mark.parametrize("resolution", [1, 2])
def test_nasnet_is_refused_where_a_reduction_halves_nothing(resolution: int) -> None:
    """There the adjusting convolutions are missing: the tensors would not fit."""
    with pytest.raises(InputError, match="smallest resolution that works, 3"):
        build("nasnet_cifar", resolution)
    from keras_models.architectures import nasnet_cifar

    without = nasnet_cifar.build("nasnet_cifar", resolution, 10, 1.0)
    assert len(without.weights) < 1399
