"""NASNet-A 4 @ 1056 as keras.applications builds it. Zoph et al., arXiv:1707.07012.

Its graph depends on whether feature maps are odd or even: build it for each
resolution, never resize it (keras issue 18365).
"""

import keras


def build(name: str, resolution: int, classes: int, alpha: float) -> keras.Model:
    """Random weights; the input is a tensor because a shape under 32 is refused."""
    del alpha
    return keras.applications.NASNetMobile(
        input_tensor=keras.Input((resolution, resolution, 3)),
        weights=None,
        classes=classes,
        name=name,
    )
