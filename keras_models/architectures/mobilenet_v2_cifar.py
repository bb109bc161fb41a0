"""MobileNetV2 for pictures of 32 pixels. Sandler et al. 2018, arXiv:1801.04381.

The stock network divides 32 pixels by 32. Here the stem has stride 1 and the first of
the halvings lies in the first block, so that 32 pixels end as 2x2. Of all ways to place
four halvings in table 2 it is the one whose FLOPs come nearest the thesis's table 2.
"""

import keras
from keras import KerasTensor, layers

# (expansion, filters, blocks, stride of the first block)
_STAGES = (
    (1, 16, 1, 2),
    (6, 24, 2, 1),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
_STEM_FILTERS, _LAST_FILTERS = 32, 1280


def build(name: str, resolution: int, classes: int, alpha: float) -> keras.Model:
    """Random weights."""
    del alpha
    image = keras.Input((resolution, resolution, 3))
    features = _pointwise(image, _STEM_FILTERS, "stem", kernel=3)
    features = layers.ReLU(6.0, name="stem_relu")(features)
    for stage, (expansion, filters, blocks, first_stride) in enumerate(_STAGES, 1):
        for block in range(1, blocks + 1):
            stride = first_stride if block == 1 else 1
            block_name = f"stage{stage}_block{block}"
            features = _block(features, expansion, filters, stride, block_name)
    features = _pointwise(features, _LAST_FILTERS, "last")
    features = layers.ReLU(6.0, name="last_relu")(features)
    pooled = layers.GlobalAveragePooling2D(name="pool")(features)
    scores = layers.Dense(classes, activation="softmax", name="predictions")(pooled)
    return keras.Model(image, scores, name=name)


def _block(
    inputs: KerasTensor, expansion: int, filters: int, stride: int, name: str
) -> KerasTensor:
    """Expand, depthwise 3x3, project; added to its input where shapes agree."""
    features = inputs
    if expansion > 1:
        wide = expansion * inputs.shape[-1]
        features = _pointwise(features, wide, f"{name}_expand")
        features = layers.ReLU(6.0, name=f"{name}_expand_relu")(features)
    features = layers.ZeroPadding2D(1, name=f"{name}_pad")(features)
    features = layers.DepthwiseConv2D(
        3, stride, use_bias=False, name=f"{name}_depthwise"
    )(features)
    features = layers.BatchNormalization(name=f"{name}_depthwise_norm")(features)
    features = layers.ReLU(6.0, name=f"{name}_depthwise_relu")(features)
    features = _pointwise(features, filters, f"{name}_project")
    if stride == 1 and inputs.shape[-1] == filters:
        features = layers.Add(name=f"{name}_add")([inputs, features])
    return features


def _pointwise(
    inputs: KerasTensor, filters: int, name: str, kernel: int = 1
) -> KerasTensor:
    features = layers.Conv2D(
        filters,
        kernel,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_convolution",
    )(inputs)
    return layers.BatchNormalization(name=f"{name}_norm")(features)
