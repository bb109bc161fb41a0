"""Squeeze-and-excitation: each channel of a map times a gate from all channels' means.

Hu et al. 2018, arXiv:1709.01507, section 3, with the paper's reduction of 16, without
biases: behind each residual branch, in front of the addition; in a network without
additions behind the activation that follows each convolution. It makes the network
dearer by little, and no weight gives way.

The gate is twice the paper's sigmoid, and its last layer begins at 0: each gate then
is 1, and the changed network answers as its parent does.
"""

from collections.abc import Sequence

import keras
from keras import KerasTensor, layers

from datasets.errors import ModelError
from keras_models.compression.changes.contract import Changed
from keras_models.compression.changes.rewriting import Put, Standing, rewritten
from keras_models.compression.changes.sites import sites
from keras_models.graphs.shapes import Step, steps

REDUCTION = 16
_ADDITIONS = ("Add",)  # the layer, or keras.ops.add
_FOLLOWING = ("BatchNormalization", "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU")


def places(model: keras.Model) -> list[int]:
    """Steps behind which a gate is put."""
    graph = steps(model)
    branches = [_branch(step, graph) for step in graph if step.kind in _ADDITIONS]
    gated = [branch for branch in branches if branch >= 0 and _alone(branch, graph)]
    if gated:
        return sorted(set(gated))
    fitting, _ = sites(model)
    return sorted({_activated(site.step, graph) for site in fitting})


def _branch(addition: Step, graph: Sequence[Step]) -> int:
    """The step that ends the longer of an addition's two ways; -1: no map is added."""
    if len(addition.fed_by) != 2 or len(addition.target) != 4:
        return -1
    depths = _depths(graph)
    return max(addition.fed_by, key=lambda number: depths.get(number, -1))


def _depths(graph: Sequence[Step]) -> dict[int, int]:
    """Steps on the longest way from the picture to each step."""
    depths: dict[int, int] = {-1: -1}
    for number, step in enumerate(graph):
        depths[number] = 1 + max((depths[one] for one in step.fed_by), default=-1)
    return depths


def _alone(branch: int, graph: Sequence[Step]) -> bool:
    """Whether one step alone reads what a step gives, a layer called once."""
    calls = sum(step.operation is graph[branch].operation for step in graph)
    return (len(_readers(branch, graph)), calls) == (1, 1)


def _activated(convolution: int, graph: Sequence[Step]) -> int:
    """The batch norm or activation that ends what follows a convolution."""
    last = convolution
    while True:
        readers = _readers(last, graph)
        if len(readers) != 1 or graph[readers[0]].kind not in _FOLLOWING:
            return last
        last = readers[0]


def _readers(number: int, graph: Sequence[Step]) -> list[int]:
    return [place for place, step in enumerate(graph) if number in step.fed_by]


def _gate(step: Step) -> Put:
    channels, name = int(step.target[-1] or 0), step.name

    def put(features: KerasTensor) -> KerasTensor:
        means = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_means")
        hidden = layers.Conv2D(
            max(1, channels // REDUCTION),
            1,
            use_bias=False,
            activation="relu",
            kernel_initializer="he_normal",
            name=f"{name}_squeeze",
        )
        gate = layers.Conv2D(
            channels,
            1,
            use_bias=False,
            activation="sigmoid",
            kernel_initializer="zeros",
            name=f"{name}_excite",
        )
        doubled = layers.Rescaling(2.0, name=f"{name}_doubled")
        gated = layers.Multiply(name=f"{name}_gated")
        return gated([features, doubled(gate(hidden(means(features))))])

    return put


class Excitation:
    """A gate for each channel."""

    name = "excitation"
    what = "squeeze-and-excitation: a gate for each channel, from all channels' means"
    paper = "Hu et al. 2018, arXiv:1709.01507"
    keeps = "all weights; the gates begin at 1, so that scores are the parent's"

    def applies(self, model: keras.Model) -> str:
        """Empty, or why it can do nothing for this model, in one line."""
        if places(model):
            return ""
        return "it has neither a residual branch nor a k x k convolution"

    def apply(self, model: keras.Model) -> Changed:
        """The changed model; `model` itself stays as it is.

        Raises:
            ModelError: it does not apply; says why.
        """
        if why := self.applies(model):
            raise ModelError.of(model.name, why)
        graph = steps(model)
        behind = places(model)
        standing = Standing(
            instead={},
            after={place: _gate(graph[place]) for place in behind},
            replaced=[graph[place].name for place in behind],
        )
        return rewritten(model, self.name, standing)
