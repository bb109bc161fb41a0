"""ResNet-20/32/44/56 for CIFAR-10. He et al. 2016, arXiv:1512.03385, section 4.2.

Three stages of n basic blocks, 6 n + 2 layers. Where a stage halves the map and doubles
the channels, the shortcut takes every other pixel and fills the new channels with zeros
(option A of the paper), so that it has no parameter.
"""

import keras
from keras import KerasTensor, layers

from keras_models.architectures.resnet_basic import convolution, residual

_FILTERS = (16, 32, 64)


def build(name: str, resolution: int, classes: int, alpha: float) -> keras.Model:
    """Random weights.

    Args:
        name: resnet20, resnet32, resnet44 or resnet56: its number of layers.
    """
    del alpha
    blocks = (int(name.removeprefix("resnet")) - 2) // 6
    image = keras.Input((resolution, resolution, 3))
    features = convolution(image, _FILTERS[0], 3, 1, "stem")
    features = layers.ReLU(name="stem_relu")(features)
    for stage, filters in enumerate(_FILTERS, start=1):
        for block in range(1, blocks + 1):
            stride = 2 if block == 1 and stage > 1 else 1
            features = _block(features, filters, stride, f"stage{stage}_block{block}")
    pooled = layers.GlobalAveragePooling2D(name="pool")(features)
    scores = layers.Dense(classes, activation="softmax", name="predictions")(pooled)
    return keras.Model(image, scores, name=name)


def _block(inputs: KerasTensor, filters: int, stride: int, name: str) -> KerasTensor:
    shortcut = inputs
    if stride > 1:
        shortcut = layers.AveragePooling2D(1, stride, name=f"{name}_skip")(inputs)
        shortcut = _with_zero_channels(shortcut, filters, f"{name}_zeros")
    return residual(inputs, shortcut, filters, stride, name)


def _with_zero_channels(inputs: KerasTensor, channels: int, name: str) -> KerasTensor:
    """As many zeros before as after; ZeroPadding2D pads the middle two axes only."""
    more = (channels - inputs.shape[-1]) // 2
    turned = layers.Permute((3, 1, 2), name=f"{name}_turn")(inputs)  # (N, C, H, W)
    padded = layers.ZeroPadding2D(((more, more), (0, 0)), name=name)(turned)
    return layers.Permute((2, 3, 1), name=f"{name}_back")(padded)
