"""Small networks of every way in which channels are tied to one another."""

from collections.abc import Callable

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

SIDE = 16
CLASSES = 5
Float32s = NDArray[np.float32]


def _norm(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    x = layers.BatchNormalization(name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def _conv(
    x: keras.KerasTensor, filters: int, kernel: int, name: str
) -> keras.KerasTensor:
    same = layers.Conv2D(filters, kernel, padding="same", use_bias=False, name=name)
    return _norm(same(x), name)


def _head(x: keras.KerasTensor) -> keras.KerasTensor:
    x = layers.GlobalAveragePooling2D()(x)
    return layers.Dense(CLASSES, "softmax", name="scores")(x)


def residual() -> keras.Model:
    """Two blocks over one sum: stem, a2 and b2 make the same channels."""
    image = keras.Input((SIDE, SIDE, 3))
    x = _conv(image, 16, 3, "stem")
    for block in "ab":
        y = _conv(x, 16, 3, f"{block}1")
        y = layers.Conv2D(16, 3, padding="same", name=f"{block}2")(y)
        y = layers.BatchNormalization(name=f"{block}2_norm")(y)
        x = layers.ReLU(name=f"{block}_out")(layers.Add(name=f"{block}_sum")([x, y]))
    return _filled(keras.Model(image, _head(x), name="residual"))


def dense() -> keras.Model:
    """Every layer reads what all before it made, as DenseNet does."""
    image = keras.Input((SIDE, SIDE, 3))
    x = _conv(image, 16, 3, "stem")
    for number in range(2):
        y = _conv(x, 16, 3, f"grown{number}")
        x = layers.Concatenate(name=f"joined{number}")([x, y])
    x = _conv(x, 16, 1, "transition")
    return _filled(keras.Model(image, _head(x), name="dense"))


def inverted() -> keras.Model:
    """Expanded, depthwise, projected, added to what came in, as MobileNetV2 does."""
    image = keras.Input((SIDE, SIDE, 3))
    x = _conv(image, 16, 3, "stem")
    y = _conv(x, 32, 1, "expand")
    y = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="depthwise")(y)
    y = _norm(y, "depthwise")
    y = layers.Conv2D(16, 1, use_bias=False, name="project")(y)
    y = layers.BatchNormalization(name="project_norm")(y)
    x = layers.Add(name="sum")([x, y])
    return _filled(keras.Model(image, _head(x), name="inverted"))


def flattened() -> keras.Model:
    """Dense layers over a flattened map, as VGG has them."""
    image = keras.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(16, 3, padding="same", activation="relu", name="first")(image)
    x = layers.MaxPooling2D(4)(x)
    x = layers.Conv2D(16, 3, padding="same", activation="relu", name="second")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(32, "relu", name="hidden")(x)
    scores = layers.Dense(CLASSES, "softmax", name="scores")(x)
    return _filled(keras.Model(image, scores, name="flattened"))


def squeezed() -> keras.Model:
    """Channels multiplied by what is made of their means: squeeze and excitation."""
    image = keras.Input((SIDE, SIDE, 3))
    x = _conv(image, 16, 3, "stem")
    y = layers.GlobalAveragePooling2D()(x)
    y = layers.Reshape((1, 1, 16))(y)
    y = layers.Conv2D(8, 1, activation="relu", name="squeeze")(y)
    y = layers.Conv2D(16, 1, activation="sigmoid", name="excite")(y)
    x = layers.Multiply(name="product")([x, y])
    return _filled(keras.Model(image, _head(x), name="squeezed"))


NETS: dict[str, Callable[[], keras.Model]] = {
    net.__name__: net for net in (residual, dense, inverted, flattened, squeezed)
}


def pictures(count: int, seed: int = 1) -> Float32s:
    """(count, SIDE, SIDE, 3), as the networks take them."""
    generator = np.random.default_rng(seed)
    return generator.normal(size=(count, SIDE, SIDE, 3)).astype(np.float32)


def _filled(model: keras.Model) -> keras.Model:
    """Every tensor has values of its own; scores differ by picture."""
    generator = np.random.default_rng(3)
    for variable in model.weights:
        shape = tuple(variable.shape)
        if variable.path.endswith("kernel"):
            deviation = np.sqrt(2 / np.prod(shape[:-1]))
            if "depthwise" in variable.path:
                deviation = 0.3
            variable.assign(generator.normal(0, deviation, shape))
        elif "gamma" in variable.path or "variance" in variable.path:
            variable.assign(generator.uniform(0.6, 1.4, shape))
        else:
            variable.assign(generator.normal(0, 0.1, shape))
    return model
