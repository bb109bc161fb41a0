"""Our few lines against keras.applications' own."""

import keras
import numpy as np
import pytest

from datasets.errors import InputError
from keras_models.normalisation import normalise, of_family

APPLICATIONS = {
    "tf": keras.applications.mobilenet_v2.preprocess_input,
    "caffe": keras.applications.resnet.preprocess_input,
    "torch": keras.applications.densenet.preprocess_input,
    "none": keras.applications.efficientnet.preprocess_input,
}


@pytest.mark.parametrize("convention", sorted(APPLICATIONS))
def test_equals_keras(convention: str) -> None:
    pixels = np.random.default_rng(0).uniform(0, 255, (2, 5, 5, 3)).astype("float32")
    expected = APPLICATIONS[convention](pixels.copy())
    assert np.allclose(normalise(pixels, convention), expected, atol=1e-4)


def test_the_input_is_left_as_it_was() -> None:
    pixels = np.full((1, 2, 2, 3), 7.0, np.float32)
    normalise(pixels, "caffe")
    assert (pixels == 7.0).all()


@pytest.mark.parametrize(
    ("name", "convention"),
    [("resnet50v2_mine", "tf"), ("ResNet152", "caffe"), ("vgg19", "caffe"),
     ("efficientnetb0", "none")],
)  # fmt: skip
def test_longest_family_name_wins(name: str, convention: str) -> None:
    assert of_family(name) == convention


def test_unknown_family_asks() -> None:
    with pytest.raises(InputError, match="expected one of tf, caffe"):
        of_family("novel")
