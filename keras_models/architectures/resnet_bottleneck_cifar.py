"""ResNet-101 for pictures of 32 pixels. He et al. 2016, arXiv:1512.03385, table 1.

Its bottleneck blocks, behind the stem of the paper's CIFAR networks (section 4.2): one
3x3 convolution of stride 1 and no pooling, where that for ImageNet divides the picture
by four. Strides lie on the 3x3 convolution of a block.
"""

import keras
from keras import KerasTensor, layers

from keras_models.architectures.resnet_basic import convolution

_BLOCKS = {"resnet101_cifar": (3, 4, 23, 3)}  # of each stage
_FILTERS = (64, 128, 256, 512)
_WIDENING = 4  # what a block gives for each filter of its 3x3 convolution


def build(name: str, resolution: int, classes: int, alpha: float) -> keras.Model:
    """Random weights.

    Args:
        name: resnet101_cifar.
    """
    del alpha
    image = keras.Input((resolution, resolution, 3))
    features = convolution(image, _FILTERS[0], 3, 1, "stem")
    features = layers.ReLU(name="stem_relu")(features)
    stages = zip(_FILTERS, _BLOCKS[name], strict=True)
    for stage, (filters, blocks) in enumerate(stages, start=1):
        for block in range(1, blocks + 1):
            stride = 2 if block == 1 and stage > 1 else 1
            features = _block(features, filters, stride, f"stage{stage}_block{block}")
    pooled = layers.GlobalAveragePooling2D(name="pool")(features)
    scores = layers.Dense(classes, activation="softmax", name="predictions")(pooled)
    return keras.Model(image, scores, name=name)


def _block(inputs: KerasTensor, filters: int, stride: int, name: str) -> KerasTensor:
    """1x1, 3x3, 1x1 beside a shortcut: option B of the paper, and ReLU."""
    wide = _WIDENING * filters
    shortcut = inputs
    if stride > 1 or inputs.shape[-1] != wide:
        shortcut = convolution(inputs, wide, 1, stride, f"{name}_shortcut")
    features = convolution(inputs, filters, 1, 1, f"{name}_1")
    features = layers.ReLU(name=f"{name}_1_relu")(features)
    features = convolution(features, filters, 3, stride, f"{name}_2")
    features = layers.ReLU(name=f"{name}_2_relu")(features)
    features = convolution(features, wide, 1, 1, f"{name}_3")
    features = layers.Add(name=f"{name}_add")([shortcut, features])
    return layers.ReLU(name=f"{name}_relu")(features)
