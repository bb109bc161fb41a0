"""NASNet-A 6 @ 768 for CIFAR-10. Zoph et al. 2018, arXiv:1707.07012, figure 4, table 1.

A stem of one 3x3 convolution with stride 1, then three times six normal cells with a
reduction cell between. keras.applications builds the cells only behind the stem for
ImageNet, which divides the map by eight. Cells as there: the reduction cell pads odd
and even maps differently, so the network is built for each resolution; its tensors are
the same ones at every resolution from 3 up. At 1 and 2 a reduction halves nothing and
the adjusting convolutions beside it do not exist, so trained weights do not fit.

The paper says 3.3 million parameters and leaves the stem's filters open: 32 give 3.32
million that are trained, the 96 of the authors' released settings would give 3.33.
"""

import keras
from keras import KerasTensor, layers

_FILTERS = 32  # of the first cells; 768 = 24 * 32 enter the last layer
_STEM_FILTERS = 32
_CELLS = 6  # normal cells between reductions


def build(name: str, resolution: int, classes: int, alpha: float) -> keras.Model:
    """Random weights."""
    del alpha
    image = keras.Input((resolution, resolution, 3))
    features = layers.Conv2D(
        _STEM_FILTERS,
        3,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name="stem_convolution",
    )(image)
    before = features = _norm(features, "stem")
    for stage, filters in enumerate((_FILTERS, 2 * _FILTERS, 4 * _FILTERS)):
        if stage:
            reduced = _reduction_cell(features, before, filters, f"reduce{stage}")
            before, features = features, reduced
        for cell in range(_CELLS):
            here = _normal_cell(features, before, filters, f"stage{stage}_cell{cell}")
            before, features = features, here
    features = layers.ReLU(name="last_relu")(features)
    pooled = layers.GlobalAveragePooling2D(name="pool")(features)
    scores = layers.Dense(classes, activation="softmax", name="predictions")(pooled)
    return keras.Model(image, scores, name=name)


def _normal_cell(
    features: KerasTensor, before: KerasTensor, filters: int, name: str
) -> KerasTensor:
    """Five sums of two, concatenated with what came before: 6 * filters channels."""
    before = _adjusted(before, features, filters, name)
    here = _squeezed(features, filters, name)

    def separable(inputs: KerasTensor, kernel: int, place: str) -> KerasTensor:
        return _separable(inputs, filters, kernel, 1, f"{name}_{place}")

    def average(inputs: KerasTensor, place: str) -> KerasTensor:
        return layers.AveragePooling2D(3, 1, "same", name=f"{name}_{place}")(inputs)

    sums = (
        (separable(here, 5, "left1"), separable(before, 3, "right1")),
        (separable(before, 5, "left2"), separable(before, 3, "right2")),
        (average(here, "left3"), before),
        (average(before, "left4"), average(before, "right4")),
        (separable(here, 3, "left5"), here),
    )
    return _joined([before], sums, name)


def _reduction_cell(
    features: KerasTensor, before: KerasTensor, filters: int, name: str
) -> KerasTensor:
    """Halves the map; four sums concatenated: 4 * filters channels."""
    before = _adjusted(before, features, filters, name)
    here = _squeezed(features, filters, name)
    padded = _padded(here, 3, f"{name}_pad")

    def separable(inputs: KerasTensor, kernel: int, place: str) -> KerasTensor:
        return _separable(inputs, filters, kernel, 2, f"{name}_{place}")

    def largest(place: str) -> KerasTensor:
        return layers.MaxPooling2D(3, 2, name=f"{name}_{place}")(padded)

    first = layers.Add(name=f"{name}_add1")(
        [separable(here, 5, "left1"), separable(before, 7, "right1")]
    )
    second = layers.Add(name=f"{name}_add2")(
        [largest("left2"), separable(before, 7, "right2")]
    )
    mean = layers.AveragePooling2D(3, 2, name=f"{name}_left3")(padded)
    around = layers.AveragePooling2D(3, 1, "same", name=f"{name}_left4")(first)
    sums = (
        (mean, separable(before, 5, "right3")),
        (around, second),
        (_separable(first, filters, 3, 1, f"{name}_left5"), largest("right5")),
    )
    return _joined([second], sums, name)


def _joined(
    first: list[KerasTensor],
    sums: tuple[tuple[KerasTensor, KerasTensor], ...],
    name: str,
) -> KerasTensor:
    added = [
        layers.Add(name=f"{name}_sum{number}")(list(pair))
        for number, pair in enumerate(sums, start=1)
    ]
    return layers.Concatenate(name=f"{name}_joined")([*first, *added])


def _adjusted(
    before: KerasTensor, features: KerasTensor, filters: int, name: str
) -> KerasTensor:
    """The cell before the last, brought to the last one's map and to `filters`."""
    if before.shape[1] != features.shape[1]:
        return _halved(before, filters, f"{name}_adjust")
    if before.shape[-1] != filters:
        return _squeezed(before, filters, f"{name}_adjust")
    return before


def _halved(inputs: KerasTensor, filters: int, name: str) -> KerasTensor:
    """Every other pixel, from the first and from the second, half the filters each."""
    inputs = layers.ReLU(name=f"{name}_relu")(inputs)
    shifted = layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"{name}_pad")(inputs)
    shifted = layers.Cropping2D(((1, 0), (1, 0)), name=f"{name}_crop")(shifted)
    halves = []
    for place, pixels in enumerate((inputs, shifted), start=1):
        pixels = layers.AveragePooling2D(1, 2, name=f"{name}_skip{place}")(pixels)
        halves.append(_pointwise(pixels, filters // 2, f"{name}_convolution{place}"))
    joined = layers.Concatenate(name=f"{name}_joined")(halves)
    return _norm(joined, name)


def _squeezed(inputs: KerasTensor, filters: int, name: str) -> KerasTensor:
    features = layers.ReLU(name=f"{name}_relu")(inputs)
    return _norm(_pointwise(features, filters, f"{name}_convolution"), name)


def _separable(
    inputs: KerasTensor, filters: int, kernel: int, stride: int, name: str
) -> KerasTensor:
    """ReLU, separable convolution, batch norm, twice; the first has the stride."""
    features = layers.ReLU(name=f"{name}_relu1")(inputs)
    if stride > 1:
        features = _padded(features, kernel, f"{name}_pad")
    for number, (step, padding) in enumerate(
        ((stride, "valid" if stride > 1 else "same"), (1, "same")), start=1
    ):
        if number == 2:
            features = layers.ReLU(name=f"{name}_relu2")(features)
        features = layers.SeparableConv2D(
            filters,
            kernel,
            strides=step,
            padding=padding,
            use_bias=False,
            depthwise_initializer="he_normal",
            pointwise_initializer="he_normal",
            name=f"{name}_convolution{number}",
        )(features)
        features = _norm(features, f"{name}_{number}")
    return features


def _padded(inputs: KerasTensor, kernel: int, name: str) -> KerasTensor:
    """Before a stride of 2: one pixel less before than after where the map is even."""
    after = kernel // 2
    first = after - (1 - inputs.shape[1] % 2)
    return layers.ZeroPadding2D(((first, after), (first, after)), name=name)(inputs)


def _pointwise(inputs: KerasTensor, filters: int, name: str) -> KerasTensor:
    return layers.Conv2D(
        filters, 1, use_bias=False, kernel_initializer="he_normal", name=name
    )(inputs)


def _norm(inputs: KerasTensor, name: str) -> KerasTensor:
    return layers.BatchNormalization(epsilon=1e-3, name=f"{name}_norm")(inputs)
