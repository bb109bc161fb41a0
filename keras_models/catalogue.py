"""The models by name, as data that needs no framework; `build` makes one.

Numbers are those of the entry's classes at its native resolution; a test counts them
again on the built model.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from datasets.errors import InputError

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
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


def _cifar_resnet(
    name: str, parameters: int, macs: int, weights: tuple[str, ...] = ()
) -> Entry:
    native, classes = 32, 10
    return Entry(
        name,
        native,
        1,
        parameters,
        macs,
        classes,
        "tf",
        1,
        "resnet_cifar",
        weights,
        "",
        _RESNET_PAPER,
    )


CATALOGUE: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry(
            "mobilenet_v2",
            224,
            1,
            3_538_984,
            300_774_272,
            1000,
            "tf",
            32,
            "mobilenet_v2",
            ("imagenet", "glyphs"),
            "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{alpha}_224.h5",
            "Sandler et al. 2018, arXiv:1801.04381",
        ),
        Entry(
            "nasnet_mobile",
            224,
            19,
            5_326_716,
            563_638_816,
            1000,
            "tf",
            32,
            "nasnet_mobile",
            ("imagenet",),
            "nasnet_mobile.h5",
            "Zoph et al. 2018, arXiv:1707.07012",
        ),
        Entry(
            "resnet50",
            224,
            1,
            25_636_712,
            3_857_973_248,
            1000,
            "caffe",
            1,
            "resnet",
            ("imagenet",),
            "resnet50_weights_tf_dim_ordering_tf_kernels.h5",
            _RESNET_PAPER,
        ),
        Entry(
            "resnet101",
            224,
            1,
            44_707_176,
            7_570_194_432,
            1000,
            "caffe",
            1,
            "resnet",
            ("imagenet",),
            "resnet101_weights_tf_dim_ordering_tf_kernels.h5",
            _RESNET_PAPER,
        ),
        Entry(
            "resnet152",
            224,
            1,
            60_419_944,
            11_282_415_616,
            1000,
            "caffe",
            1,
            "resnet",
            ("imagenet",),
            "resnet152_weights_tf_dim_ordering_tf_kernels.h5",
            _RESNET_PAPER,
        ),
        Entry(
            "resnet18",
            224,
            1,
            11_699_112,
            1_814_073_344,
            1000,
            "torch",
            1,
            "resnet_basic",
            (),
            "",
            _RESNET_PAPER,
        ),
        Entry(
            "resnet34",
            224,
            1,
            21_814_696,
            3_663_761_408,
            1000,
            "torch",
            1,
            "resnet_basic",
            (),
            "",
            _RESNET_PAPER,
        ),
        Entry(
            "vgg19",
            224,
            32,
            20_537_384,
            19_508_940_800,
            1000,
            "caffe",
            1,
            "vgg19",
            (),
            "",
            f"{_VGG_PAPER}, with global average pooling",
        ),
        Entry(
            "vgg19_flatten",
            224,
            224,
            143_667_240,
            19_632_062_464,
            1000,
            "caffe",
            _NO_PERIOD,
            "vgg19",
            ("imagenet",),
            "vgg19_weights_tf_dim_ordering_tf_kernels.h5",
            _VGG_PAPER,
            "it flattens a 7x7 map into Dense weights that fit no other map; vgg19 has "
            "global average pooling in its place",
        ),
        Entry(
            "nasnet_cifar",
            32,
            3,
            3_354_858,
            515_628_544,
            10,
            "tf",
            4,
            "nasnet_cifar",
            ("cifar10",),
            "",
            "Zoph et al. 2018, arXiv:1707.07012",
        ),
        Entry(
            "mobilenet_v2_cifar",
            32,
            1,
            2_270_794,
            22_667_264,
            10,
            "tf",
            1,
            "mobilenet_v2_cifar",
            ("cifar10",),
            "",
            "Sandler et al. 2018, arXiv:1801.04381, four halvings",
        ),
        _cifar_resnet("resnet20", 271_098, 40_551_040, ("cifar10",)),
        _cifar_resnet("resnet32", 466_426, 68_862_592, ("cifar10",)),
        _cifar_resnet("resnet44", 661_754, 97_174_144, ("cifar10",)),
        _cifar_resnet("resnet56", 857_082, 125_485_696),
        Entry(
            "small_resnet",
            96,
            1,
            397_548,
            35_005_824,
            36,
            "tf",
            1,
            "small_resnet",
            ("glyphs",),
            "",
            "basic blocks of He et al. 2016, arXiv:1512.03385, sized for glyphs",
        ),
    )
}


def entry(name: str) -> Entry:
    """The catalogue's line on a model.

    Raises:
        InputError: no such name.
    """
    if name not in CATALOGUE:
        raise InputError(
            f"--model {name}: not in the catalogue; expected one of "
            f"{', '.join(CATALOGUE)}, or the path of a .keras file."
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
        raise InputError(
            f"{name}@{resolution}: {name} takes {known.native} pixels alone: "
            f"{known.fixed}."
        )
    if resolution < known.smallest:
        raise InputError(
            f"{name}@{resolution}: below the smallest resolution that works, "
            f"{known.smallest}. Ask for {name}@{known.smallest} or more."
        )
    if alpha != 1.0 and name != "mobilenet_v2":
        raise InputError(f"--alpha {alpha}: only mobilenet_v2 has a width; leave it 1.")
    classes = known.classes if classes is None else classes
    module = import_module(f"keras_models.architectures.{known.module}")
    built: keras.Model = module.build(name, resolution, classes, alpha)
    # One tensor in and out: keras.applications makes a list of one, and then warns.
    return type(built)(built.inputs[0], built.outputs[0], name=name)
