"""VGG-19 with batch norm for pictures of 32 pixels, and one dense layer.

Simonyan and Zisserman 2015, arXiv:1409.1556, column E, with batch norm behind each
convolution; five halvings leave one pixel of 512 channels, and the hidden dense layers
go, as in Liu et al. 2017, arXiv:1708.06519, section 4.1. The mean of the last map in
the place of flattening, and pooling that keeps what is left over of an odd map, let it
take other resolutions too; at 32 neither changes anything.
"""

import keras
from keras import layers

from keras_models.architectures.vgg19 import STAGES


def build(name: str, resolution: int, classes: int, alpha: float) -> keras.Model:
    """Random weights."""
    del alpha
    image = keras.Input((resolution, resolution, 3))
    features = image
    for stage, (filters, convolutions) in enumerate(STAGES, start=1):
        for number in range(1, convolutions + 1):
            block = f"block{stage}_conv{number}"
            features = layers.Conv2D(
                filters,
                3,
                padding="same",
                use_bias=False,
                kernel_initializer="he_normal",
                name=block,
            )(features)
            features = layers.BatchNormalization(name=f"{block}_norm")(features)
            features = layers.ReLU(name=f"{block}_relu")(features)
        features = layers.MaxPooling2D(2, padding="same", name=f"block{stage}_pool")(
            features
        )
    pooled = layers.GlobalAveragePooling2D(name="pool")(features)
    scores = layers.Dense(classes, activation="softmax", name="predictions")(pooled)
    return keras.Model(image, scores, name=name)
