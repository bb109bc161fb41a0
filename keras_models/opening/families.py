"""Families whose published weights take pixels by a known convention.

A name alone proves nothing: a family is believed where the graph also has as many
convolutions as its builder makes, at any width.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import keras

from keras_models.graphs.calls import calls
from keras_models.graphs.reapplying import has_graph

Convolutions = tuple[int, int, int]  # Conv2D, DepthwiseConv2D, SeparableConv2D


@dataclass(frozen=True)
class Family:
    """An architecture by its own name, such as resnet50."""

    name: str
    convention: str  # one of NORMALISATIONS
    convolutions: Convolutions

    def __str__(self) -> str:
        return self.name


# keras.applications with and without its classifier, then those of our catalogue that
# are none of these; a test counts them on what is built. Families that hold their
# preprocessing inside (EfficientNet, ConvNeXt, MobileNetV3) are not here: built without
# it, some take one thing and some another.
FAMILIES = tuple(
    Family(name, convention, convolutions)
    for name, convention, convolutions in (
        ("mobilenet", "tf", (14, 13, 0)),
        ("mobilenet", "tf", (15, 13, 0)),  # its classifier is a convolution
        ("mobilenetv2", "tf", (35, 17, 0)),
        ("nasnetmobile", "tf", (36, 0, 160)),
        ("nasnetlarge", "tf", (48, 0, 220)),
        ("resnet50", "caffe", (53, 0, 0)),
        ("resnet101", "caffe", (104, 0, 0)),
        ("resnet152", "caffe", (155, 0, 0)),
        ("resnet50v2", "tf", (53, 0, 0)),
        ("resnet101v2", "tf", (104, 0, 0)),
        ("resnet152v2", "tf", (155, 0, 0)),
        ("inceptionv3", "tf", (94, 0, 0)),
        ("inceptionresnetv2", "tf", (244, 0, 0)),
        ("xception", "tf", (6, 0, 34)),
        ("vgg16", "caffe", (13, 0, 0)),
        ("vgg19", "caffe", (16, 0, 0)),
        ("densenet121", "torch", (120, 0, 0)),
        ("densenet169", "torch", (168, 0, 0)),
        ("densenet201", "torch", (200, 0, 0)),
        ("nasnetcifar", "tf", (41, 0, 200)),
        ("resnet18", "torch", (20, 0, 0)),
        ("resnet34", "torch", (36, 0, 0)),
        ("resnet20", "tf", (19, 0, 0)),
        ("resnet32", "tf", (31, 0, 0)),
        ("resnet44", "tf", (43, 0, 0)),
        ("resnet56", "tf", (55, 0, 0)),
        ("vgg19bncifar", "tf", (16, 0, 0)),
        ("resnet101cifar", "tf", (104, 0, 0)),
        ("smallresnet", "tf", (16, 0, 0)),
    )
)


def family_of(model: keras.Model) -> Family | None:
    """The family that a model, or a model inside it, is named after and built as."""
    for name, inner in _models(model):
        plain = re.sub(r"[^a-z0-9]", "", name.lower())
        counted: Convolutions | None = None
        for family in sorted(FAMILIES, key=lambda one: len(one.name), reverse=True):
            if plain.startswith(family.name):
                counted = counted or _convolutions(inner)
                if counted == family.convolutions:
                    return family
    return None


def _models(model: keras.Model) -> Iterator[tuple[str, keras.Model]]:
    yield str(model.name), model
    graph = model._functional if isinstance(model, keras.Sequential) else model
    for operation in graph.operations:
        if has_graph(operation):
            yield from _models(operation)


def _convolutions(model: keras.Model) -> Convolutions:
    kinds = Counter(call.kind for call in calls(model).calls)
    return kinds["Conv2D"], kinds["DepthwiseConv2D"], kinds["SeparableConv2D"]
