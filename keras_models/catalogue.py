"""The models by name, as data that needs no framework; `build` makes one.

Numbers are those of the entry's classes at its native resolution; a test counts them
again on the built model.
"""

from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING

from datasets.errors import ModelError
from datasets.limits import check_network

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One architecture: what a user wants to know before it is built."""

    name: str
    native: int  # resolution of the pre-trained weights, pixels
    smallest: int  # below it some feature map would have no pixel, or no weights fit
    parameters: int
    macs: int  # at the native resolution
    classes: int
    normalisation: str  # how pixels enter: see keras_models/normalisation.py
    period: int  # resolutions this far apart have the same graph; 1: all have
    module: str  # in keras_models/architectures
    weights: tuple[str, ...]  # names that --weights takes; a path always works
    imagenet_file: str  # as keras.applications keeps it under ~/.keras/models
    paper: str
    fixed: str = ""  # why it takes its native resolution alone; empty: it does not


_NO_PERIOD = 1 << 20  # more pixels than any resolution: each has a graph of its own
_VGG_PAPER = "Simonyan and Zisserman 2015, arXiv:1409.1556"
_RESNET_PAPER = "He et al. 2016, arXiv:1512.03385"


def _cifar(
    name: str, parameters: int, macs: int, weights: tuple[str, ...] = ()
) -> Entry:
    native, classes = 32, 10
    return Entry(
        name=name,
        native=native,
        smallest=1,
        parameters=parameters,
        macs=macs,
        classes=classes,
        normalisation="tf",
        period=1,
        module="resnet_cifar",
        weights=weights,
        imagenet_file="",
        paper=_RESNET_PAPER,
    )


CATALOGUE: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry(
            name="mobilenet_v2",
            native=224,
            smallest=1,
            parameters=3_538_984,
            macs=300_774_272,
            classes=1000,
            normalisation="tf",
            period=32,
            module="mobilenet_v2",
            weights=("imagenet", "glyphs"),
            imagenet_file="mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{alpha}_224.h5",
            paper="Sandler et al. 2018, arXiv:1801.04381",
        ),
        Entry(
            name="nasnet_mobile",
            native=224,
            smallest=19,
            parameters=5_326_716,
            macs=563_638_816,
            classes=1000,
            normalisation="tf",
            period=32,
            module="nasnet_mobile",
            weights=("imagenet",),
            imagenet_file="nasnet_mobile.h5",
            paper="Zoph et al. 2018, arXiv:1707.07012",
        ),
        Entry(
            name="resnet50",
            native=224,
            smallest=1,
            parameters=25_636_712,
            macs=3_857_973_248,
            classes=1000,
            normalisation="caffe",
            period=1,
            module="resnet",
            weights=("imagenet",),
            imagenet_file="resnet50_weights_tf_dim_ordering_tf_kernels.h5",
            paper=_RESNET_PAPER,
        ),
        Entry(
            name="resnet101",
            native=224,
            smallest=1,
            parameters=44_707_176,
            macs=7_570_194_432,
            classes=1000,
            normalisation="caffe",
            period=1,
            module="resnet",
            weights=("imagenet",),
            imagenet_file="resnet101_weights_tf_dim_ordering_tf_kernels.h5",
            paper=_RESNET_PAPER,
        ),
        Entry(
            name="resnet152",
            native=224,
            smallest=1,
            parameters=60_419_944,
            macs=11_282_415_616,
            classes=1000,
            normalisation="caffe",
            period=1,
            module="resnet",
            weights=("imagenet",),
            imagenet_file="resnet152_weights_tf_dim_ordering_tf_kernels.h5",
            paper=_RESNET_PAPER,
        ),
        Entry(
            name="resnet18",
            native=224,
            smallest=1,
            parameters=11_699_112,
            macs=1_814_073_344,
            classes=1000,
            normalisation="torch",
            period=1,
            module="resnet_basic",
            weights=(),
            imagenet_file="",
            paper=_RESNET_PAPER,
        ),
        Entry(
            name="resnet34",
            native=224,
            smallest=1,
            parameters=21_814_696,
            macs=3_663_761_408,
            classes=1000,
            normalisation="torch",
            period=1,
            module="resnet_basic",
            weights=(),
            imagenet_file="",
            paper=_RESNET_PAPER,
        ),
        Entry(
            name="vgg19",
            native=224,
            smallest=32,
            parameters=20_537_384,
            macs=19_508_940_800,
            classes=1000,
            normalisation="caffe",
            period=1,
            module="vgg19",
            weights=(),
            imagenet_file="",
            paper=f"{_VGG_PAPER}, with global average pooling",
        ),
        Entry(
            name="vgg19_flatten",
            native=224,
            smallest=224,
            parameters=143_667_240,
            macs=19_632_062_464,
            classes=1000,
            normalisation="caffe",
            period=_NO_PERIOD,
            module="vgg19",
            weights=("imagenet",),
            imagenet_file="vgg19_weights_tf_dim_ordering_tf_kernels.h5",
            paper=_VGG_PAPER,
            fixed="it flattens a 7x7 map into Dense weights that fit no other map; "
            "vgg19 has "
            "global average pooling in its place",
        ),
        Entry(
            name="nasnet_cifar",
            native=32,
            smallest=3,
            parameters=3_354_858,
            macs=515_628_544,
            classes=10,
            normalisation="tf",
            period=4,
            module="nasnet_cifar",
            weights=("cifar10",),
            imagenet_file="",
            paper="Zoph et al. 2018, arXiv:1707.07012",
        ),
        replace(
            _cifar("mobilenet_v2_cifar", 2_270_794, 22_667_264, ("cifar10",)),
            module="mobilenet_v2_cifar",
            paper="Sandler et al. 2018, arXiv:1801.04381, four halvings",
        ),
        _cifar("resnet20", 271_098, 40_551_040, ("cifar10",)),
        _cifar("resnet32", 466_426, 68_862_592, ("cifar10",)),
        _cifar("resnet44", 661_754, 97_174_144, ("cifar10",)),
        _cifar("resnet56", 857_082, 125_485_696),
        replace(
            _cifar("vgg19_bn_cifar", 20_046_026, 398_136_320),
            module="vgg_cifar",
            paper=f"{_VGG_PAPER}, batch norm, one dense layer",
        ),
        replace(
            _cifar("resnet101_cifar", 42_618_314, 2_509_983_744),
            module="resnet_bottleneck_cifar",
            paper=f"{_RESNET_PAPER}, stem of its CIFAR networks",
        ),
        Entry(
            name="small_resnet",
            native=96,
            smallest=1,
            parameters=397_548,
            macs=35_005_824,
            classes=36,
            normalisation="tf",
            period=1,
            module="small_resnet",
            weights=("glyphs",),
            imagenet_file="",
            paper="basic blocks of He et al. 2016, arXiv:1512.03385, sized for glyphs",
        ),
    )
}


def entry(name: str) -> Entry:
    """The catalogue's line on a model.

    Raises:
        InputError: no such name.
    """
    if name not in CATALOGUE:
        raise ModelError(
            "model",
            name,
            f"one of {', '.join(CATALOGUE)}, or the path of a .keras file",
            fault="not in the catalogue",
        )
    return CATALOGUE[name]


def build(
    name: str, resolution: int, classes: int | None = None, alpha: float = 1.0
) -> "keras.Model":
    """A fresh model with random weights and a fixed square input.

    Args:
        resolution: pixels; at least the entry's `smallest`.
        classes: of the softmax; None takes the entry's own number.
        alpha: width multiplier, of mobilenet_v2 only.
    Raises:
        InputError: unknown name, a resolution that the architecture cannot take, alpha
            where there is none.
    """
    known = entry(name)
    if known.fixed and resolution != known.native:
        raise ModelError.of(
            f"{name}@{resolution}",
            f"{name} takes {known.native} pixels alone: {known.fixed}",
        )
    if resolution < known.smallest:
        raise ModelError.of(
            f"{name}@{resolution}",
            f"below the smallest resolution that works, {known.smallest}",
            "",
            f"Ask for {name}@{known.smallest} or more.",
        )
    if alpha != 1.0 and name != "mobilenet_v2":
        raise ModelError(
            "alpha", alpha, fault="only mobilenet_v2 has a width; leave it 1"
        )
    classes = known.classes if classes is None else classes
    check_network(resolution, classes, alpha)
    module = import_module(f"keras_models.architectures.{known.module}")
    built: keras.Model = module.build(name, resolution, classes, alpha)
    # One tensor in and out: keras.applications makes a list of one, and then warns.
    return type(built)(built.inputs[0], built.outputs[0], name=name)
