"""What holds for every model of the catalogue."""

import math

import keras
import numpy as np
import pytest

from datasets.errors import InputError
from keras_models.catalogue import CATALOGUE, Entry, build
from keras_models.graphs.fitting import Fitting
from keras_models.macs import count_macs
from keras_models.normalisation import NORMALISATIONS
from keras_models.rebuilding import rebuild

HEAVY = (
    "nasnet_mobile",
    "resnet101",
    "resnet101_cifar",
    "resnet152",
    "resnet34",
    "resnet44",
    "resnet56",
    "vgg19",
    "vgg19_flatten",
    "vgg19_bn_cifar",
)
NAMES = [
    pytest.param(name, marks=[pytest.mark.slow] if name in HEAVY else [])
    for name in CATALOGUE
]
Named = tuple[Entry, keras.Model]


@pytest.fixture(scope="module", params=NAMES)
def named(request: pytest.FixtureRequest) -> Named:
    """Builds each model once, at its native resolution, for all tests here."""
    keras.utils.set_random_seed(11)
    entry = CATALOGUE[request.param]
    return entry, build(entry.name, entry.native)


def _counted_independently(model: keras.Model) -> int:
    """Kernel sizes times the pixels that Keras itself noted for each layer's output."""
    total = 0
    for layer in model.layers:
        pixels = math.prod(layer.output.shape[1:-1])
        for weight in layer.weights:
            if "kernel" in weight.name:
                total += math.prod(weight.shape) * pixels
    return total


def test_the_entry_says_what_the_model_is(named: Named) -> None:
    entry, model = named
    assert entry.parameters == model.count_params()
    count = count_macs(model)
    assert (entry.macs, ()) == (count.macs, count.uncounted)
    assert entry.macs == _counted_independently(model)
    assert entry.classes == model.outputs[0].shape[-1]
    assert Fitting(model).fits(entry.native // 2) == (not entry.fixed)
    assert entry.normalisation in NORMALISATIONS


def test_native_scores_are_equal_after_a_transfer(named: Named) -> None:
    entry, model = named
    shape = (1, entry.native, entry.native, 3)
    image = np.random.default_rng(4).uniform(-1, 1, shape).astype("float32")
    again = rebuild(model, entry.native)
    expected = np.asarray(model(image))
    assert np.array_equal(np.asarray(again(image)), expected)
    assert expected.sum() == pytest.approx(1.0, abs=1e-4)


def test_weights_move_to_the_smallest_and_to_an_odd_size(named: Named) -> None:
    entry, model = named
    if entry.fixed:
        with pytest.raises(InputError, match=f"{entry.native} pixels alone"):
            rebuild(model, entry.native - 32)
        return
    for resolution in (max(entry.smallest, 4), min(53, entry.native - 1)):
        moved = rebuild(model, resolution)  # compares every tensor
        scores = np.asarray(moved(np.zeros((1, resolution, resolution, 3), "float32")))
        assert np.isfinite(scores).all()
        assert scores.sum() == pytest.approx(1.0, abs=1e-4)
        assert count_macs(moved).macs == _counted_independently(moved)


@pytest.mark.parametrize(
    "name", [entry.name for entry in CATALOGUE.values() if not entry.fixed]
)
def test_below_the_smallest_is_refused(name: str) -> None:
    resolution = CATALOGUE[name].smallest - 1
    with pytest.raises(InputError, match="smallest resolution that works"):
        build(name, resolution)


@pytest.mark.parametrize("name", ["resnet50", "resnet20", "small_resnet"])
def test_alpha_where_there_is_none_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="only mobilenet_v2"):
        build(name, 96, alpha=0.5)
