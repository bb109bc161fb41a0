"""`learned` as a Keras model that `convert` turns into a .tflite: thumbnail -> chances.

Keras is imported inside the function only: the selection package needs no framework.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from selection.selectors.learned import Learned
from selection.selectors.thumbnail import SIDE

if TYPE_CHECKING:
    import keras

_FLOOR = 1e-5  # as in thumbnail


def as_keras(selector: Learned) -> "keras.Model":
    """A model of one thumbnail: float32 (1, 48, 48, 3), RGB in 0..255 -> (1, rungs).

    The output is the chance that each rung is right; the rung of the highest
    chance - price x cost is to be run.
    """
    import keras

    image = keras.Input(batch_shape=(1, SIDE, SIDE, 3), name="thumbnail")
    values: Any = _features(image)
    for index, layer in enumerate(selector.layers):
        last = index == len(selector.layers) - 1
        dense = keras.layers.Dense(
            len(layer.biases), activation="sigmoid" if last else "relu"
        )
        values = dense(values)
        dense.set_weights(
            [np.array(layer.weights, "float32"), np.array(layer.biases, "float32")]
        )
    return keras.Model(image, values, name="learned_selector")


def _features(image: Any) -> Any:
    """The features of `thumbnail.look`, in its order."""
    from keras import ops

    colours = image / 255.0
    red, green, blue = (colours[..., place : place + 1] for place in range(3))
    grey = (red + green + blue) / 3.0
    levels = [grey]
    for _ in range(3):
        levels.append(ops.average_pool(levels[-1], 2, 2))
    energies: list[Any] = []
    for level in levels:
        energies += _steps(level)
    wide = ops.repeat(ops.repeat(levels[1], 2, axis=1), 2, axis=2)
    rest = grey - wide
    squares = ops.average_pool(ops.square(rest), 8, 8)
    energies += [_energy(rest), _energy(_middle(rest)), ops.max(squares, axis=(1, 2))]
    energies += [_energy(red - green), _energy((red + green) / 2.0 - blue)]
    mean = ops.mean(grey, axis=(1, 2))
    spread = ops.sqrt(ops.mean(ops.square(grey - ops.mean(grey)), axis=(1, 2)))
    logs = ops.log(ops.concatenate(energies, axis=1) + _FLOOR)
    return ops.concatenate([logs, mean, spread], axis=1)


def _steps(level: Any) -> list[Any]:
    right = level[:, :, 1:] - level[:, :, :-1]
    down = level[:, 1:] - level[:, :-1]
    energies = []
    for step in (right, down):
        energies.append(_energy(step))
        if level.shape[1] > 6:
            energies.append(_energy(_middle(step)))
    return energies


def _middle(values: Any) -> Any:
    rows, columns = values.shape[1] // 4, values.shape[2] // 4
    return values[:, rows:-rows, columns:-columns]


def _energy(values: Any) -> Any:
    from keras import ops

    return ops.mean(ops.square(values), axis=(1, 2))
