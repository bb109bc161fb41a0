"""ResNet-18 and ResNet-34, of basic blocks. He et al. 2016, arXiv:1512.03385, table 1.

keras.applications has neither. Strides lie on the first 3x3 convolution of a stage and
pad one pixel on every side, as torchvision does, so that its weights would fit and the
graph is the same at every resolution.
"""

import keras
from keras import KerasTensor, layers

_BLOCKS = {"resnet18": (2, 2, 2, 2), "resnet34": (3, 4, 6, 3)}  # of each stage
_FILTERS = (64, 128, 256, 512)


def build(name: str, resolution: int, classes: int, alpha: float) -> keras.Model:
    """Random weights.

    Args:
        name: resnet18 or resnet34.
    """
    del alpha
    image = keras.Input((resolution, resolution, 3))
    features = convolution(image, _FILTERS[0], 7, 2, "stem")
    features = layers.ReLU(name="stem_relu")(features)
    features = layers.ZeroPadding2D(1, name="stem_pool_pad")(features)
    features = layers.MaxPooling2D(3, 2, name="stem_pool")(features)
    stages = zip(_FILTERS, _BLOCKS[name], strict=True)
    for stage, (filters, blocks) in enumerate(stages, start=1):
        for block in range(1, blocks + 1):
            stride = 2 if block == 1 and stage > 1 else 1
            features = _block(features, filters, stride, f"stage{stage}_block{block}")
    pooled = layers.GlobalAveragePooling2D(name="pool")(features)
    scores = layers.Dense(classes, activation="softmax", name="predictions")(pooled)
    return keras.Model(image, scores, name=name)


def _block(inputs: KerasTensor, filters: int, stride: int, name: str) -> KerasTensor:
    shortcut = inputs
    if stride > 1:  # a projection where the shape changes: option B of the paper
        shortcut = convolution(inputs, filters, 1, stride, f"{name}_shortcut")
    return residual(inputs, shortcut, filters, stride, name)


def residual(
    inputs: KerasTensor, shortcut: KerasTensor, filters: int, stride: int, name: str
) -> KerasTensor:
    """Two 3x3 convolutions beside a shortcut of their output's shape, then ReLU."""
    features = convolution(inputs, filters, 3, stride, f"{name}_1")
    features = layers.ReLU(name=f"{name}_1_relu")(features)
    features = convolution(features, filters, 3, 1, f"{name}_2")
    features = layers.Add(name=f"{name}_add")([shortcut, features])
    return layers.ReLU(name=f"{name}_relu")(features)


def convolution(
    inputs: KerasTensor, filters: int, kernel: int, stride: int, name: str
) -> KerasTensor:
    """Convolution without bias, padded alike on all sides, then batch norm."""
    features = inputs
    if kernel > 1:
        features = layers.ZeroPadding2D(kernel // 2, name=f"{name}_pad")(features)
    features = layers.Conv2D(
        filters,
        kernel,
        strides=stride,
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_convolution",
    )(features)
    return layers.BatchNormalization(epsilon=1e-5, momentum=0.9, name=f"{name}_norm")(
        features
    )
