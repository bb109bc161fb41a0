"""What holds for every model of the catalogue."""

import keras
import numpy as np
import pytest

from datasets.errors import InputError
from keras_models import graph
from keras_models.catalogue import CATALOGUE, build
from keras_models.macs import count_macs
from keras_models.normalisation import NORMALISATIONS
from keras_models.rebuild import rebuild

LIGHT = ("mobilenet_v2", "nasnet_mobile", "resnet50", "small_resnet")


@pytest.fixture(scope="module")
def built() -> dict[str, keras.Model]:
    keras.utils.set_random_seed(11)
    return {name: build(name, CATALOGUE[name].native) for name in LIGHT}


@pytest.mark.parametrize("name", LIGHT)
def test_the_entry_says_what_the_model_is(
    name: str, built: dict[str, keras.Model]
) -> None:
    entry, model = CATALOGUE[name], built[name]
    assert entry.parameters == model.count_params()
    count = count_macs(model)
    assert (entry.macs, ()) == (count.macs, count.uncounted)
    assert entry.classes == model.outputs[0].shape[-1]
    assert graph.obstacle(model) is None
    assert entry.normalisation in NORMALISATIONS


@pytest.mark.parametrize("name", LIGHT)
def test_weights_move_to_the_smallest_and_to_odd_sizes(
    name: str, built: dict[str, keras.Model]
) -> None:
    smallest = max(CATALOGUE[name].smallest, 4)
    for side in (smallest, 53):
        model = rebuild(built[name], side)
        scores = np.asarray(model(np.zeros((1, side, side, 3), "float32")))
        assert np.isfinite(scores).all()
        assert scores.sum() == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_below_the_smallest_is_refused(name: str) -> None:
    side = CATALOGUE[name].smallest - 1
    with pytest.raises(InputError, match="smallest resolution that works"):
        build(name, side)


@pytest.mark.parametrize("name", ["resnet50", "small_resnet"])
def test_alpha_where_there_is_none_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="only mobilenet_v2"):
        build(name, 96, alpha=0.5)
