"""ResNet-50/101/152 as keras.applications builds them. He et al., arXiv:1512.03385."""

import keras

_BUILDERS = {
    "resnet50": keras.applications.ResNet50,
    "resnet101": keras.applications.ResNet101,
    "resnet152": keras.applications.ResNet152,
}


def build(name: str, resolution: int, classes: int, alpha: float) -> keras.Model:
    """Random weights; the input is a tensor because a shape under 32 is refused."""
    del alpha
    return _BUILDERS[name](
        input_tensor=keras.Input((resolution, resolution, 3)),
        weights=None,
        classes=classes,
        name=name,
    )
