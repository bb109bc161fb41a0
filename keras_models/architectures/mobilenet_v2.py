"""MobileNetV2 as keras.applications builds it. Sandler et al., arXiv:1801.04381."""

import keras


def build(name: str, resolution: int, classes: int, alpha: float) -> keras.Model:
    """Random weights; the input is a tensor because a shape under 32 is refused."""
    return keras.applications.MobileNetV2(
        input_tensor=keras.Input((resolution, resolution, 3)),
        alpha=alpha,
        weights=None,
        classes=classes,
        name=name,
    )
