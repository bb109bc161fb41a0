"""Layers that modules are made of, each beside the convolution that it belongs to."""

from typing import Any

from keras import layers

from keras_models.compression.changes.sites import Pair, Site


def kernel(site: Site, filters: int, what: str, *, bias: bool) -> layers.Conv2D:
    """A k x k convolution with the site's strides, to go after `Site.with_zeros`."""
    return layers.Conv2D(
        filters,
        site.taps,
        strides=site.strides,
        padding=site.border,
        dilation_rate=site.layer.dilation_rate,
        use_bias=bias,
        kernel_initializer="he_normal",
        dtype=site.layer.dtype_policy,
        name=site.named(what),
    )


def pointwise(
    site: Site,
    filters: int,
    what: str,
    *,
    bias: bool,
    activation: Any = None,
    strides: Pair = (1, 1),
) -> layers.Conv2D:
    """A 1 x 1 convolution."""
    return layers.Conv2D(
        filters,
        1,
        strides=strides,
        use_bias=bias,
        activation=activation,
        kernel_initializer="he_normal",
        dtype=site.layer.dtype_policy,
        name=site.named(what),
    )


def depthwise(
    site: Site, what: str, *, bias: bool, multiplier: int = 1
) -> layers.DepthwiseConv2D:
    """A k x k kernel a channel with the site's strides, after `Site.with_zeros`."""
    return layers.DepthwiseConv2D(
        site.taps,
        strides=site.strides,
        padding=site.border,
        depth_multiplier=multiplier,
        dilation_rate=site.layer.dilation_rate,
        use_bias=bias,
        depthwise_initializer="he_normal",
        dtype=site.layer.dtype_policy,
        name=site.named(what),
    )


def scaling(
    site: Site, what: str, *, taps: int = 1, bias: bool = False
) -> layers.DepthwiseConv2D:
    """One kernel a channel that leaves the map's size alone."""
    return layers.DepthwiseConv2D(
        taps,
        padding="same",
        use_bias=bias,
        depthwise_initializer="he_normal",
        dtype=site.layer.dtype_policy,
        name=site.named(what),
    )
