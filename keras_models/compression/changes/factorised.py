"""A k x 1 convolution and then a 1 x k one, in the place of a k x k one.

Szegedy et al. 2016, arXiv:1512.00567, section 3.2, where as many channels lie between
the two as around them; here the fewer of both sides. The old kernel as a matrix, rows
and inputs against columns and filters, gives its best matrix of that rank, so nothing
but a bias lies between the two.
"""

import numpy as np
from keras import KerasTensor, layers

from keras_models.compression.changes.rewriting import ModuleChange
from keras_models.compression.changes.sites import Float32s, Pair, Site


def two_factors(kernel: Float32s, between: int) -> tuple[Float32s, Float32s]:
    """(k x 1 kernel, 1 x k kernel) nearest to a k x k one, by squares.

    Args:
        kernel: (taps, taps, depth, filters).
        between: channels between the two.
    Returns:
        (taps, 1, depth, between) and (1, taps, between, filters).
    """
    rows, columns, depth, filters = kernel.shape
    matrix = kernel.transpose(0, 2, 1, 3).reshape(rows * depth, columns * filters)
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    root = np.sqrt(values[:between])
    down = (left[:, :between] * root).reshape(rows, 1, depth, between)
    across = (root[:, None] * right[:between]).reshape(1, between, columns, filters)
    return down, across.transpose(0, 2, 1, 3)


def _refuses(site: Site) -> str:
    del site
    return ""


def _line(site: Site, filters: int, vertical: bool) -> layers.Conv2D:
    """A kernel along one side, with the site's stride on that side."""
    stride, dilation = site.strides[0], int(site.layer.dilation_rate[0])

    def along(size: int) -> Pair:
        return (size, 1) if vertical else (1, size)

    return layers.Conv2D(
        filters,
        along(site.taps),
        strides=along(stride),
        padding=site.border,
        dilation_rate=along(dilation),
        use_bias=not vertical and bool(site.bias),
        activation=None if vertical else site.layer.activation,
        dtype=site.layer.dtype_policy,
        name=site.named("vertical" if vertical else "horizontal"),
    )


def _zeros(site: Site, features: KerasTensor, vertical: bool) -> KerasTensor:
    """Those of one side only, so that none is computed on the other."""
    if site.padded is None:
        return features
    rows, columns = site.padded
    padding = (rows, 0) if vertical else (0, columns)
    name = site.named("rows_of_zeros" if vertical else "columns_of_zeros")
    return layers.ZeroPadding2D(padding, name=name)(features)


def _put(site: Site, features: KerasTensor) -> KerasTensor:
    between = min(site.depth, site.filters)
    down = _line(site, between, vertical=True)
    across = _line(site, site.filters, vertical=False)
    features = down(_zeros(site, features, vertical=True))
    features = across(_zeros(site, features, vertical=False))
    first, second = two_factors(site.kernel, between)
    down.set_weights([first])
    across.set_weights([second, *site.bias])
    return features


FACTORISED = ModuleChange(
    name="factorised",
    what="k x 1 and then 1 x k convolutions",
    paper="Szegedy et al. 2016, arXiv:1512.00567, section 3.2",
    keeps="all but the convolutions' kernels; these begin as their truncated SVD",
    refuses=_refuses,
    put=_put,
)
