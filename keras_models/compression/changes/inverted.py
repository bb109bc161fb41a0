"""Inverted residuals: 1 x 1 to twice the channels, k x k a channel, 1 x 1 back.

Sandler et al. 2018, arXiv:1801.04381, section 3.3: ReLU after the first two, none after
the third, and what was read is added where its shape is that of what comes out. The
paper expands by 6, which costs more than the k x k convolution that gives way; here 2.

Begins as the best that depthwise and 1 x 1 can make of the old kernel (`separable`;
less 1 in the middle tap where the input is added): each channel that is read, none
below 0 after a ReLU, is expanded to two alike, whose kernels have opposite signs, so
that the ReLU behind them loses nothing.
"""

import numpy as np
from keras import KerasTensor, layers

from keras_models.compression.changes import parts
from keras_models.compression.changes.rewriting import ModuleChange
from keras_models.compression.changes.separable import rank_one
from keras_models.compression.changes.sites import Float32s, Site

EXPANSION = 2
Convolutions = tuple[layers.Conv2D, layers.DepthwiseConv2D, layers.Conv2D]


def _refuses(site: Site) -> str:
    del site
    return ""


def adds(site: Site) -> bool:
    """Whether what is read is added to what comes out."""
    return site.strides == (1, 1) and site.depth == site.filters


def block(
    site: Site, features: KerasTensor, expansion: int
) -> tuple[KerasTensor, Convolutions]:
    """What the module gives, and its convolutions, drawn at random."""
    wide = expansion * site.depth
    expand = parts.pointwise(site, wide, "expand", bias=True, activation="relu")
    across = parts.depthwise(site, "depthwise", bias=True)
    project = parts.pointwise(site, site.filters, "project", bias=bool(site.bias))
    given = across(site.with_zeros(expand(features)))
    given = project(layers.ReLU(name=site.named("depthwise_relu"))(given))
    if adds(site):
        taken = site.under_centre(features, "centre")
        given = layers.Add(name=site.named("add"))([taken, given])
    return site.activated(given), (expand, across, project)


def _put(site: Site, features: KerasTensor) -> KerasTensor:
    given, (expand, across, project) = block(site, features, EXPANSION)
    taps, mixing = rank_one(_without_input(site))
    same = np.eye(site.depth, dtype=np.float32)[None, None]
    nothing = np.zeros(EXPANSION * site.depth, np.float32)
    expand.set_weights([np.concatenate([same, same], axis=3), nothing])
    across.set_weights([np.concatenate([taps, -taps], axis=2), nothing])
    project.set_weights([np.concatenate([mixing, -mixing], axis=2), *site.bias])
    return given


def _without_input(site: Site) -> Float32s:
    """The old kernel, less what the addition of the input does."""
    kernel = site.kernel.copy()
    if adds(site):
        middle = (site.taps - 1) // 2
        kernel[middle, middle] -= np.eye(site.depth, dtype=np.float32)
    return kernel


INVERTED = ModuleChange(
    name="inverted",
    what="inverted residuals: 1 x 1 to twice the channels, k x k a channel, 1 x 1 back",
    paper="Sandler et al. 2018, arXiv:1801.04381",
    keeps="all but the convolutions' kernels; the modules begin as their rank-one SVD "
    "a channel",
    refuses=_refuses,
    put=_put,
)
