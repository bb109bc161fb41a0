"""A small residual network for pictures of 96 pixels a side, in plain Keras 3.

Basic blocks after He et al. 2016, arXiv:1512.03385 (section 4.2), with the stem of one
3x3 convolution. At 96 with 36 classes it has 397,548 parameters
and costs 35.0 million MACs, 3.3 times MobileNetV2 0.35.
"""

import keras
from keras import KerasTensor, layers

_STEM_FILTERS = 24
_STAGES = ((24, 2), (48, 2), (96, 2))  # (filters, blocks); each stage halves the map


def small_resnet(resolution: int, classes: int) -> keras.Model:
    """An untrained small residual network.

    Args:
        resolution: side in pixels of the (N, resolution, resolution, 3) input, whose
            values are pixel / 127.5 - 1, in [-1, 1].
        classes: length of the answer, a softmax named "predictions".
    """
    pixels = keras.Input((resolution, resolution, 3))
    features = _convolution(pixels, _STEM_FILTERS, 3, 2, "stem")
    features = layers.ReLU(name="stem_relu")(features)
    for stage, (filters, blocks) in enumerate(_STAGES, start=1):
        for block in range(1, blocks + 1):
            stride = 2 if block == 1 else 1
            features = _block(features, filters, stride, f"stage{stage}_block{block}")
    pooled = layers.GlobalAveragePooling2D(name="pool")(features)
    scores = layers.Dense(classes, activation="softmax", name="predictions")(pooled)
    return keras.Model(pixels, scores, name="small_resnet")


def build(name: str, resolution: int, classes: int, alpha: float) -> keras.Model:
    """`small_resnet` in the form that the catalogue calls."""
    del name, alpha
    return small_resnet(resolution, classes)


def _block(inputs: KerasTensor, filters: int, stride: int, name: str) -> KerasTensor:
    shortcut = inputs
    if stride > 1 or inputs.shape[-1] != filters:
        shortcut = _convolution(inputs, filters, 1, stride, f"{name}_shortcut")
    features = _convolution(inputs, filters, 3, stride, f"{name}_1")
    features = layers.ReLU(name=f"{name}_1_relu")(features)
    features = _convolution(features, filters, 3, 1, f"{name}_2")
    features = layers.Add(name=f"{name}_add")([shortcut, features])
    return layers.ReLU(name=f"{name}_relu")(features)


def _convolution(
    inputs: KerasTensor, filters: int, kernel: int, stride: int, name: str
) -> KerasTensor:
    """Convolution without bias, then batch norm, whose offset takes its place."""
    features = layers.Conv2D(
        filters,
        kernel,
        strides=stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_convolution",
    )(inputs)
    return layers.BatchNormalization(name=f"{name}_norm")(features)
