"""Ghost modules: half of the maps by the convolution, the others by cheap kernels.

Han et al. 2020, arXiv:1911.11907, section 3.1, with the paper's s = 2 and d = 3. The
first half of the filters stays as it is. Map m + i is made of map i, of m, by a kernel
of 3 x 3: the one that comes nearest to the old filter, by squares. So nothing but a
bias lies between the two.
"""

import numpy as np
from keras import KerasTensor, layers

from keras_models.compression.changes import parts
from keras_models.compression.changes.rewriting import ModuleChange
from keras_models.compression.changes.sites import Float32s, Site

_PARTS = 2  # the paper's s: maps that come of each one that the convolution makes
_CHEAP = 3  # the paper's d: the side of the cheap kernels


def cheap_kernels(own: Float32s, ghosts: Float32s, stride: int) -> Float32s:
    """(3, 3, maps, 1): makes of each own filter what is nearest to its ghost.

    Args:
        own, ghosts: (taps, taps, depth, maps) of the old kernel.
        stride: pixels that the own filter reads on from one place of its map to the
            next.
    """
    kernels = []
    taps = [(row, column) for row in range(_CHEAP) for column in range(_CHEAP)]
    middle = (_CHEAP // 2, _CHEAP // 2)
    for filter_of_own, ghost in zip(
        np.moveaxis(own, -1, 0), np.moveaxis(ghosts, -1, 0), strict=True
    ):
        seen = [_seen_from(filter_of_own, tap, stride).ravel() for tap in taps]
        wanted = _seen_from(ghost, middle, stride).ravel()
        kernels.append(np.linalg.lstsq(np.stack(seen, 1), wanted, rcond=None)[0])
    cheap = np.stack(kernels, axis=-1).reshape(_CHEAP, _CHEAP, -1, 1)
    return cheap.astype(np.float32)


def _seen_from(kernel: Float32s, tap: tuple[int, int], stride: int) -> Float32s:
    """A filter of the map, (taps, taps, depth), as a tap of the cheap kernel reads it:
    at its place of a kernel of zeros that covers all nine."""
    row, column = (stride * number for number in tap)
    side = kernel.shape[0] + (_CHEAP - 1) * stride
    larger = np.zeros((side, side, kernel.shape[2]), np.float32)
    larger[row : row + len(kernel), column : column + len(kernel)] = kernel
    return larger


def _refuses(site: Site) -> str:
    if site.filters % _PARTS:
        return f"{site.filters} filters, an odd number"
    if max(site.layer.dilation_rate) > 1:
        return "it is dilated"
    return ""


def _put(site: Site, features: KerasTensor) -> KerasTensor:
    count, bias = site.filters // _PARTS, bool(site.bias)
    primary = parts.kernel(site, count, "primary", bias=bias)
    cheap = parts.scaling(site, "cheap", taps=_CHEAP, bias=bias)
    own = primary(site.with_zeros(features))
    together = layers.Concatenate(name=site.named("concatenate"))([own, cheap(own)])
    first, others = site.kernel[..., :count], site.kernel[..., count:]
    taps = cheap_kernels(first, others, site.strides[0])
    carried = taps.sum(axis=(0, 1, 3))  # of the own filter's bias
    primary.set_weights([first, *(one[:count] for one in site.bias)])
    cheap.set_weights(
        [taps, *(one[count:] - carried * one[:count] for one in site.bias)]
    )
    return site.activated(together)


GHOST = ModuleChange(
    name="ghost",
    what="Ghost modules: half of the maps made of the other half by 3 x 3 kernels",
    paper="Han et al. 2020, arXiv:1911.11907",
    keeps="all else, and half of each kernel; the cheap kernels come nearest to the "
    "other half",
    refuses=_refuses,
    put=_put,
)
