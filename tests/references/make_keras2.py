"""Writes keras2_*.h5 and the scores that tf-keras itself gives, beside this file.

    pip install tf-keras==2.21.0 && python tests/references/make_keras2.py

Keras 2 is not needed by the tests: they read what this wrote. No tensor keeps its
initial value, so that two swapped ones would show.
"""

from pathlib import Path

import numpy as np
import tf_keras as keras
from tf_keras import layers

HERE = Path(__file__).parent
SIDE = 32


def _base(name: str) -> keras.Model:
    image = keras.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(6, 3, strides=2, use_bias=False, name="stem/conv")(image)
    x = layers.BatchNormalization(name="stem/norm")(x)
    x = layers.ReLU(6.0)(x)
    x = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(x)
    x = x * layers.ReLU(6.0)(x + 3.0) * (1.0 / 6.0)  # hard swish, as operations
    x = layers.SeparableConv2D(8, 3, activation="relu")(x)
    return keras.Model(image, x, name=name)


def operations() -> keras.Model:
    """caffe's preprocessing as operations, augmentation, a nested base."""
    image = keras.Input((SIDE, SIDE, 3))
    augment = keras.Sequential([layers.RandomFlip(), layers.RandomRotation(0.1)])
    x = keras.applications.resnet.preprocess_input(augment(image))
    x = layers.GlobalAveragePooling2D()(_base("base")(x, training=False))
    x = layers.Dense(3, "softmax")(layers.Dropout(0.2)(x))
    return keras.Model(image, x, name="operations")


def sequentials() -> keras.Model:
    """As Teachable Machine nests them: Sequential(Sequential(model), Sequential)."""
    features = keras.Sequential(
        [keras.Input((SIDE, SIDE, 3)), _base("inner"), layers.GlobalAveragePooling2D()]
    )
    head = keras.Sequential([layers.Dense(4, "tanh"), layers.Dense(2, "softmax")])
    return keras.Sequential([features, head], name="sequentials")


def main() -> None:
    """Both files, and what their own predict says of PIXELS."""
    pixels = np.random.default_rng(0).integers(0, 256, (4, SIDE, SIDE, 3))
    for make in (operations, sequentials):
        keras.utils.set_random_seed(1)
        model = make()
        scale = 1 if make is operations else 1 / 255
        model(np.zeros((1, SIDE, SIDE, 3), "float32"))
        draw = np.random.default_rng(2)
        model.set_weights(
            [value + draw.uniform(-0.2, 0.2, value.shape) for value in model.weights]
        )
        given = pixels.astype("float32") * scale
        last = model.weights[-2]
        while model.predict(given, verbose=0).max() > 0.8:  # far from saturated
            last.assign(last / 2)
        model.save(HERE / f"keras2_{make.__name__}.h5", include_optimizer=False)
        scores = model.predict(given, verbose=0)
        np.save(HERE / f"keras2_{make.__name__}.npy", scores)
        print(make.__name__, scores.round(3).tolist())


if __name__ == "__main__":
    main()
