"""Weights of ImageNet as keras.applications keeps them: found, or downloaded once."""

import os
import socket
from pathlib import Path

import keras

from datasets.errors import ModelError
from keras_models.catalogue import Entry, build

_DOWNLOADS = ("storage.googleapis.com", 443)  # where keras.applications keeps weights
_CONNECT_SECONDS = 3.0


def with_imagenet_weights(known: Entry, alpha: float) -> keras.Model:
    """The catalogue's model with the weights that keras.applications downloads.

    Raises:
        InputError: there are none of it, or they cannot be had.
    """
    application = {
        "mobilenet_v2": keras.applications.MobileNetV2,
        "nasnet_mobile": keras.applications.NASNetMobile,
        "resnet50": keras.applications.ResNet50,
        "resnet101": keras.applications.ResNet101,
        "resnet152": keras.applications.ResNet152,
        "vgg19_flatten": keras.applications.VGG19,
    }.get(known.name)
    if application is None:
        raise ModelError(
            "weights",
            "imagenet",
            weights_of(known),
            fault=f"there are none of {known.name}",
        )
    _reachable_or_cached(known, alpha)
    options = {"alpha": alpha} if known.name == "mobilenet_v2" else {}
    downloaded = application(weights="imagenet", **options)
    model = build(known.name, known.native, 1000, alpha)
    model.set_weights(downloaded.get_weights())
    return model


def _reachable_or_cached(known: Entry, alpha: float) -> None:
    folder = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    file = folder / "models" / known.imagenet_file.format(alpha=f"{alpha:.1f}")
    if file.exists():
        return
    try:
        socket.create_connection(_DOWNLOADS, _CONNECT_SECONDS).close()
    except OSError as error:
        raise ModelError(
            "weights",
            "imagenet",
            "",
            "Put it there, or give `weights=PATH`.",
            fault=(
                f"{file.name} is not in {file.parent} and cannot be downloaded "
                f"({error})"
            ),
        ) from error


def weights_of(known: Entry) -> str:
    """What --weights takes, in words."""
    return ", ".join((*known.weights, "random or a path"))
