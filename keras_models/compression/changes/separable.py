"""Depthwise-separable convolutions: a kernel a channel, then 1 x 1 across channels.

Howard et al. 2017, arXiv:1704.04861, section 3.1; without anything between the two, as
Chollet 2017, arXiv:1610.02357, section 4.7, found best. For each channel read, the old
kernel's taps x filters matrix gives its best matrix of rank one.
"""

import numpy as np
from keras import KerasTensor

from keras_models.compression.changes import parts
from keras_models.compression.changes.rewriting import ModuleChange
from keras_models.compression.changes.sites import Float32s, Site


def rank_one(kernel: Float32s) -> tuple[Float32s, Float32s]:
    """(depthwise kernel, pointwise kernel) nearest to an ordinary one, by squares.

    Args:
        kernel: (taps, taps, depth, filters).
    Returns:
        (taps, taps, depth, 1) and (1, 1, depth, filters).
    """
    rows, columns, depth, filters = kernel.shape
    matrices = kernel.transpose(2, 0, 1, 3).reshape(depth, rows * columns, filters)
    left, values, right = np.linalg.svd(matrices, full_matrices=False)
    root = np.sqrt(values[:, :1])
    taps = (left[:, :, 0] * root).T.reshape(rows, columns, depth, 1)
    return taps, (right[:, 0] * root).reshape(1, 1, depth, filters)


def _refuses(site: Site) -> str:
    del site
    return ""


def _put(site: Site, features: KerasTensor) -> KerasTensor:
    across = parts.depthwise(site, "depthwise", bias=False)
    along = parts.pointwise(
        site,
        site.filters,
        "pointwise",
        bias=bool(site.bias),
        activation=site.layer.activation,
    )
    features = along(across(site.with_zeros(features)))
    taps, mixing = rank_one(site.kernel)
    across.set_weights([taps])
    along.set_weights([mixing, *site.bias])
    return features


SEPARABLE = ModuleChange(
    name="separable",
    what="depthwise-separable convolutions",
    paper="Chollet 2017, arXiv:1610.02357; Howard et al. 2017, arXiv:1704.04861",
    keeps="all but the convolutions' kernels; these begin as their rank-one SVD a "
    "channel",
    refuses=_refuses,
    put=_put,
)
