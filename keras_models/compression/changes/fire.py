"""Fire modules: 1 x 1 to few channels, ReLU, then 1 x 1 and k x k side by side.

Iandola et al. 2016, arXiv:1602.07360, section 3.1, with SqueezeNet's numbers: an eighth
of the filters in the squeeze layer, half of the filters of either kind after it. The
squeeze layer has a bias, as SqueezeNet's have.
"""

from keras import KerasTensor, layers

from keras_models.compression.changes import parts
from keras_models.compression.changes.rewriting import ModuleChange
from keras_models.compression.changes.sites import Site

_SQUEEZED = 8  # filters that come out for each that the squeeze layer has


def _refuses(site: Site) -> str:
    if site.filters % _SQUEEZED:
        return f"{site.filters} filters, no multiple of {_SQUEEZED}"
    return ""


def _put(site: Site, features: KerasTensor) -> KerasTensor:
    bias, half = bool(site.bias), site.filters // 2
    few = parts.pointwise(
        site, site.filters // _SQUEEZED, "squeeze", bias=True, activation="relu"
    )(features)
    point = parts.pointwise(site, half, "expand1", bias=bias, strides=site.strides)
    wide = parts.kernel(site, half, "expand", bias=bias)
    both = [
        point(site.under_centre(few, "centre")),
        wide(site.with_zeros(few)),
    ]
    together = layers.Concatenate(name=site.named("concatenate"))(both)
    if bias:
        (old,) = site.bias
        point.bias.assign(old[:half])
        wide.bias.assign(old[half:])
    return site.activated(together)


FIRE = ModuleChange(
    name="fire",
    what="fire modules: 1 x 1 to an eighth, then half 1 x 1 and half k x k",
    paper="Iandola et al. 2016, arXiv:1602.07360",
    keeps="all but the convolutions' kernels; the modules' begin at random",
    refuses=_refuses,
    put=_put,
)
