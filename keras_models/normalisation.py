"""Pixels 0..255 -> what a network was trained on. One word a convention.

The words and numbers are those of keras.applications.imagenet_utils.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.errors import ModelError

_MEAN_BGR = np.array([103.939, 116.779, 123.68], np.float32)
_MEAN_RGB = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION_RGB = np.array([0.229, 0.224, 0.225], np.float32)

NORMALISATIONS = {
    "tf": "RGB / 127.5 - 1",
    "caffe": "BGR - (103.939, 116.779, 123.68)",
    "torch": "(RGB / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)",
    "unit": "RGB / 255",
    "none": "RGB as it is, 0..255",
}

# The start of a model's own name -> the convention of that family's Keras weights.
_FAMILIES = {
    "mobilenet": "tf",
    "nasnet": "tf",
    "resnet50v2": "tf",
    "resnet101v2": "tf",
    "resnet152v2": "tf",
    "inception": "tf",
    "xception": "tf",
    "resnet18": "torch",  # of ours, as the catalogue says
    "resnet34": "torch",
    "resnet20": "tf",
    "resnet32": "tf",
    "resnet44": "tf",
    "resnet56": "tf",
    "resnet101_cifar": "tf",
    "resnet": "caffe",
    "vgg19_bn_cifar": "tf",
    "vgg": "caffe",
    "densenet": "torch",
    "efficientnet": "none",
    "convnext": "none",
}


def normalise(
    pixels: NDArray[np.float32] | NDArray[np.uint8], convention: str
) -> NDArray[np.float32]:
    """Makes a network's input of pixels, by one of NORMALISATIONS.

    Args:
        pixels: (n, R, R, 3), RGB in 0..255.
    Returns:
        (n, R, R, 3) float32.
    """
    image = pixels.astype(np.float32, copy=False)
    if convention == "tf":
        return image / np.float32(127.5) - np.float32(1)
    if convention == "caffe":
        return np.ascontiguousarray(image[..., ::-1]) - _MEAN_BGR
    if convention == "torch":
        return np.asarray((image / np.float32(255) - _MEAN_RGB) / _DEVIATION_RGB)
    if convention == "unit":
        return image / np.float32(255)
    return image


@dataclass(frozen=True)
class Affine:
    """A convention as one line a channel: value x scale + offset."""

    bgr: bool  # whether blue comes first
    scale: tuple[float, float, float]  # in the order in which the channels come
    offset: tuple[float, float, float]


def affine(convention: str) -> Affine:
    """What `normalise` does, for frameworks that compute it themselves."""
    ends = np.array([[[[0.0] * 3, [255.0] * 3]]], np.float32)
    zero, full = normalise(ends, convention)[0, 0].astype(np.float64)
    first, second, third = (full - zero) / 255
    return Affine(
        convention == "caffe",
        (float(first), float(second), float(third)),
        (float(zero[0]), float(zero[1]), float(zero[2])),
    )


def of_family(model_name: str) -> str:
    """The convention of a model file, by the family that its own name begins with.

    Raises:
        InputError: the name begins with no known family.
    """
    longest_first = sorted(_FAMILIES, key=len, reverse=True)
    for family in longest_first:
        if model_name.lower().startswith(family):
            return _FAMILIES[family]
    raise ModelError(
        "normalisation",
        "",
        f"one of {', '.join(NORMALISATIONS)}",
        "Say which.",
        f"the model is named {model_name!r}, of no family whose pixel normalisation is "
        f"known ({', '.join(_FAMILIES)})",
    )
