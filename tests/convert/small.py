"""Small networks to convert: seconds, not minutes."""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_models.pretrained import Pretrained, tensors_sha256

SIDE = 32


def network(seed: int = 0, classes: int = 5) -> keras.Model:
    """Padding, a strided convolution, a depthwise one, pooling, softmax."""
    keras.utils.set_random_seed(seed)
    image = keras.Input((SIDE, SIDE, 3))
    values: Any = keras.layers.ZeroPadding2D(1)(image)
    values = keras.layers.Conv2D(8, 3, strides=2, use_bias=False)(values)
    values = keras.layers.BatchNormalization()(values)
    values = keras.layers.ReLU(6.0)(values)
    values = keras.layers.DepthwiseConv2D(3, padding="same")(values)
    values = keras.layers.Conv2D(16, 1, activation="relu")(values)
    values = keras.layers.GlobalAveragePooling2D()(values)
    return keras.Model(image, keras.layers.Dense(classes, "softmax")(values))


def pretrained(
    model: keras.Model, normalisation: str = "tf", name: str = "small"
) -> Pretrained:
    """As `load` would give it."""
    return Pretrained(
        name=name,
        model=model,
        native=int(model.inputs[0].shape[1]),
        classes=int(model.outputs[0].shape[-1]),
        weights="random",
        weights_sha256=tensors_sha256(model),
        normalisation=normalisation,
        builder=None,
    )


def pixels(count: int, resolution: int = SIDE, seed: int = 1) -> NDArray[np.float32]:
    """(count, side, side, 3), patches of colour in 0..255."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (count, resolution // 4, resolution // 4, 3))
    return np.asarray(coarse.repeat(4, 1).repeat(4, 2), np.float32)
