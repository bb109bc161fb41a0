"""DiCE-like units: a kernel a channel, a column and a row of the map, then fused.

Mehta et al. 2020, arXiv:1906.03516, section 3. (1) DimConv: depthwise kernels along
each of the three dimensions, each over the plane of the other two. (2) Local fusion:
for each channel the three maps are weighed and added. (3) Global fusion: k x k kernels
a channel, times a gate of each filter from the means of the maps. Unlike there, batch
norm follows the unit only, as it followed the convolution.

A kernel a row and column binds the network to its resolution: no other can be rebuilt.
"""

from keras import KerasTensor, layers

from keras_models.compression.changes import parts
from keras_models.compression.changes.rewriting import ModuleChange
from keras_models.compression.changes.sites import Site

_GATED = 4  # channels for each hidden unit of the gate
# Dimension -> the order of axes that makes it the last one; twice, nothing changed.
_TURNS = {"width": (1, 3, 2), "height": (3, 2, 1)}


def _refuses(site: Site) -> str:
    if site.filters % site.depth:
        return f"{site.filters} filters, no multiple of the {site.depth} channels read"
    if site.depth < _GATED:
        return f"{site.depth} channels, fewer than {_GATED}"
    if max(site.layer.dilation_rate) > 1:
        return "it is dilated"
    return ""


def _along(site: Site, features: KerasTensor, dimension: str) -> KerasTensor:
    """A kernel for each place of a dimension, over the plane of the other two."""
    turn = _TURNS.get(dimension)
    if turn is not None:
        name = site.named(f"{dimension}_turn")
        features = layers.Permute(turn, name=name)(features)
    features = parts.scaling(site, dimension, taps=site.taps, bias=True)(features)
    features = layers.ReLU(name=site.named(f"{dimension}_relu"))(features)
    if turn is not None:
        name = site.named(f"{dimension}_back")
        features = layers.Permute(turn, name=name)(features)
    return parts.scaling(site, f"{dimension}_weight")(features)


def _gate(site: Site, fused: KerasTensor) -> KerasTensor:
    means = layers.GlobalAveragePooling2D(keepdims=True, name=site.named("means"))
    hidden = parts.pointwise(
        site, site.depth // _GATED, "gate_hidden", bias=True, activation="relu"
    )
    gate = parts.pointwise(site, site.filters, "gate", bias=True, activation="sigmoid")
    return gate(hidden(means(fused)))


def _put(site: Site, features: KerasTensor) -> KerasTensor:
    three = [_along(site, features, one) for one in ("depth", "width", "height")]
    fused = layers.Add(name=site.named("fused"))(three)
    fused = layers.ReLU(name=site.named("fused_relu"))(fused)
    spatial = parts.depthwise(
        site, "spatial", bias=bool(site.bias), multiplier=site.filters // site.depth
    )(site.with_zeros(fused))
    gated = layers.Multiply(name=site.named("gated"))([spatial, _gate(site, fused)])
    return site.activated(gated)


DICE = ModuleChange(
    name="dice",
    what="DiCE-like units: kernels along channels, columns and rows, fused",
    paper="Mehta et al. 2020, arXiv:1906.03516",
    keeps="all but the convolutions; the units begin at random. Takes its native "
    "resolution alone",
    refuses=_refuses,
    put=_put,
)
