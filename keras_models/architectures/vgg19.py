"""VGG-19. Simonyan and Zisserman 2015, arXiv:1409.1556, column E.

`vgg19` averages the last feature map and classifies that, as Lin et al. 2014
(arXiv:1312.4400) put in place of dense layers; so it takes any resolution from 32 up.
`vgg19_flatten` is the original: three dense layers over the flattened map of 7x7, which
fit 224 pixels alone. Its tensors have the order of keras.applications.VGG19.
"""

import keras
from keras import KerasTensor, layers

STAGES = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))  # (filters, convolutions)
_HIDDEN = 4096


def build(name: str, resolution: int, classes: int, alpha: float) -> keras.Model:
    """Random weights.

    Args:
        name: vgg19 or vgg19_flatten.
    """
    del alpha
    image = keras.Input((resolution, resolution, 3))
    features = image
    for stage, (filters, convolutions) in enumerate(STAGES, start=1):
        for number in range(1, convolutions + 1):
            features = layers.Conv2D(
                filters,
                3,
                padding="same",
                activation="relu",
                kernel_initializer="he_normal",
                name=f"block{stage}_conv{number}",
            )(features)
        features = layers.MaxPooling2D(2, name=f"block{stage}_pool")(features)
    head = _flattened(features) if name == "vgg19_flatten" else _averaged(features)
    scores = layers.Dense(classes, activation="softmax", name="predictions")(head)
    return keras.Model(image, scores, name=name)


def _averaged(features: KerasTensor) -> KerasTensor:
    return layers.GlobalAveragePooling2D(name="pool")(features)


def _flattened(features: KerasTensor) -> KerasTensor:
    features = layers.Flatten(name="flatten")(features)
    features = layers.Dense(_HIDDEN, activation="relu", name="fc1")(features)
    return layers.Dense(_HIDDEN, activation="relu", name="fc2")(features)
