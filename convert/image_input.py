"""How pixels enter a file: RGB, less one mean, by one deviation, whatever the network.

MediaPipe and ML Kit know no BGR and no mean per channel. So the file itself turns such
an input into what its network was trained on: an addition per channel, and a first
convolution whose kernel takes its channels in the order of RGB.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from keras_models.macs import layer_shapes
from keras_models.normalisation import normalise


@dataclass(frozen=True)
class Entrance:
    """What a file takes: (pixel - mean) / deviation, pixels RGB in 0..255."""

    mean: float
    deviation: float

    def images(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, R, R, 3) pixels -> what the file takes."""
        shifted = pixels.astype(np.float32) - np.float32(self.mean)
        return shifted / np.float32(self.deviation)


_ENTRANCES = {
    "tf": Entrance(127.5, 127.5),
    "caffe": Entrance(128.0, 1.0),
    "torch": Entrance(127.5, 127.5),
    "unit": Entrance(0.0, 255.0),
    "none": Entrance(0.0, 1.0),
}


def entrance(normalisation: str) -> Entrance:
    """What the files of a network with this normalisation take."""
    return _ENTRANCES[normalisation]


@contextlib.contextmanager
def taking_rgb(model: keras.Model, normalisation: str) -> Iterator[keras.Model]:
    """The model behind such an entrance; inside the block its kernel may be changed."""
    resolution = model.inputs[0].shape[1]
    image = keras.Input(batch_shape=(1, resolution, resolution, 3), name="image")
    scale, shift, swapped = _steps(normalisation)
    if not swapped and np.allclose(scale, 1) and np.allclose(shift, 0):
        yield keras.Model(image, model(image))
        return
    added = image + shift
    layer = _first_convolution(model)
    if layer is None:
        scaled = added * scale
        entering = scaled[..., ::-1] if swapped else scaled
        yield keras.Model(image, model(entering))
        return
    kernel = np.array(layer.kernel)
    turned = kernel[:, :, ::-1] if swapped else kernel
    layer.kernel.assign(turned * scale[:, None])
    try:
        yield keras.Model(image, model(added))
    finally:
        layer.kernel.assign(kernel)


def _steps(
    normalisation: str,
) -> tuple[NDArray[np.float32], NDArray[np.float32], bool]:
    """(scale, shift, swapped): the network takes (x + shift) x scale, BGR if swapped.

    Read off `normalise` itself, which is linear in each channel: no number stands
    twice. scale and shift are in the order of RGB.
    """
    taken = entrance(normalisation)
    black, white = (
        normalise(np.full((1, 1, 1, 3), value, np.float32), normalisation)[0, 0, 0]
        for value in (0.0, 255.0)
    )
    red = normalise(np.array([[[[255.0, 0, 0]]]], np.float32), normalisation)[0, 0, 0]
    swapped = bool(np.argmax(np.abs(red - black)) == 2)
    if swapped:
        black, white = black[::-1], white[::-1]
    scale = (white.astype(float) - black) * taken.deviation / 255
    shift = black / scale + taken.mean / taken.deviation
    return scale.astype(np.float32), shift.astype(np.float32), swapped


def _first_convolution(model: keras.Model) -> keras.Layer | None:
    """The convolution that alone reads the image, perhaps padded, or None."""
    readers = [
        layer for layer, source, _ in layer_shapes(model)
        if source[-1] == 3 and type(layer).__name__ != "ZeroPadding2D"
    ]  # fmt: skip
    only = readers[0] if len(readers) == 1 else None
    if only is None or type(only).__name__ != "Conv2D" or only.groups != 1:
        return None
    return only
