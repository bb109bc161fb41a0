"""Small models as users build them, for tests of how a file is read."""

from collections.abc import Callable

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

SIDE = 16
Build = Callable[[], keras.Model]
Float32s = NDArray[np.float32]


def image(*shape: int | None, **options: object) -> keras.KerasTensor:
    """An input; (SIDE, SIDE, 3) unless said otherwise."""
    return keras.Input(shape or (SIDE, SIDE, 3), **options)


def tail(
    x: keras.KerasTensor, classes: int = 3, activation: str | None = "softmax"
) -> keras.KerasTensor:
    """A convolution, pooling and a dense layer, whose scores differ by picture."""
    x = layers.Conv2D(4, 3, strides=2, activation="relu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    dense = layers.Dense(classes, activation, kernel_initializer="he_normal")
    return dense(x)


def scaled(
    after: Callable[[keras.KerasTensor], keras.KerasTensor],
    classes: int = 3,
    activation: str | None = "softmax",
) -> Build:
    """Pixels / 255 inside; `after` is applied to the dense layer's outputs."""

    def build() -> keras.Model:
        taken = image()
        x = tail(layers.Rescaling(1 / 255)(taken), classes, activation)
        return keras.Model(taken, after(x))

    return build


def entered(before: Callable[[keras.KerasTensor], keras.KerasTensor]) -> Build:
    """`before` stands between the pixels and the first convolution."""

    def build() -> keras.Model:
        taken = image()
        return keras.Model(taken, tail(before(taken)))

    return build


def nested(*inner: layers.Layer) -> keras.Sequential:
    """Layers as a model of their own."""
    return keras.Sequential(list(inner))


def pixels(count: int = 4, resolution: int = SIDE, seed: int = 0) -> Float32s:
    """(count, side, side, 3), whole numbers 0..255."""
    drawn = np.random.default_rng(seed).integers(
        0, 256, (count, resolution, resolution, 3)
    )
    return drawn.astype(np.float32)


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """The textbook formula."""
    powers = np.exp(np.asarray(logits, np.float64))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def temperature(logits: keras.KerasTensor) -> keras.KerasTensor:
    """A calibrated head: softmax of logits / 2."""
    return ops.softmax(logits / 2.0)


def by_hand(logits: keras.KerasTensor) -> keras.KerasTensor:
    """Softmax written out."""
    powers = ops.exp(logits)
    return powers / ops.sum(powers, axis=-1, keepdims=True)
