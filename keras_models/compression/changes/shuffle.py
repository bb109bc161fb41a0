"""Channel shuffle, then a convolution of four groups.

Zhang et al. 2018, arXiv:1707.01083, section 3.1: what one group reads comes from all
groups before. Group j reads channels j, j + g, j + 2 g and so on, and gives the j-th
part of the filters, so that all else keeps its channels; what remains of the old kernel
is where the new one begins, times the root of g: sums of fewer then spread as before.

Each group is a convolution of its own, and what it reads is taken by pooling over
channels with a stride: so the graph has the size of no map in it, as a Reshape would.
"""

from keras import KerasTensor, layers

from keras_models.compression.changes.rewriting import ModuleChange
from keras_models.compression.changes.sites import Site

_GROUPS = 4


def _refuses(site: Site) -> str:
    if site.depth % _GROUPS or site.filters % _GROUPS:
        return (
            f"{site.depth} channels to {site.filters}, no multiples of {_GROUPS} groups"
        )
    return ""


def every(site: Site, turned: KerasTensor, first: int) -> KerasTensor:
    """Channels first, first + g and so on, of (N, channels, height, width)."""
    if first:
        cropping = ((first, 0), (0, 0))
        name = site.named(f"from{first}")
        turned = layers.Cropping2D(cropping, name=name)(turned)
    name = site.named(f"every{first}")
    taken = layers.AveragePooling2D((1, 1), (_GROUPS, 1), name=name)(turned)
    return layers.Permute((2, 3, 1), name=site.named(f"group{first}"))(taken)


def _convolution(site: Site, group: int) -> layers.Conv2D:
    return layers.Conv2D(
        site.filters // _GROUPS,
        site.taps,
        strides=site.strides,
        padding=site.border,
        dilation_rate=site.layer.dilation_rate,
        use_bias=bool(site.bias),
        activation=site.layer.activation,
        dtype=site.layer.dtype_policy,
        name=site.named(f"convolution{group}"),
    )


def _put(site: Site, features: KerasTensor) -> KerasTensor:
    padded = site.with_zeros(features)
    turned = layers.Permute((3, 1, 2), name=site.named("turn"))(padded)
    given, width = [], site.filters // _GROUPS
    for group in range(_GROUPS):
        convolution = _convolution(site, group)
        given.append(convolution(every(site, turned, group)))
        own = slice(group * width, (group + 1) * width)
        convolution.set_weights(
            [
                site.kernel[:, :, group::_GROUPS, own] * _GROUPS**0.5,
                *(bias[own] for bias in site.bias),
            ]
        )
    return layers.Concatenate(name=site.named("concatenate"))(given)


SHUFFLE = ModuleChange(
    name="shuffle",
    what="channel shuffle, then convolutions of 4 groups",
    paper="Zhang et al. 2018, arXiv:1707.01083",
    keeps="all but the convolutions' kernels; these begin as twice what is left of "
    "them",
    refuses=_refuses,
    put=_put,
)
