"""What the shared flags ask for: the model, the pictures, how they are prepared."""

import argparse
from typing import TYPE_CHECKING, TypedDict

from datasets.errors import InputError
from datasets.limits import checked_resolution

if TYPE_CHECKING:
    from datasets.dataset import Dataset
    from datasets.preprocessing import Preprocessing
    from keras_models.loading import ModelChoice
    from keras_models.opening.trusted_code import Trust

_CROPPED_ALREADY = ("tfds:cifar10", "tfds:cifar100", "tfds:mnist")


class FileFlags(TypedDict):
    """What only the user can say of a model file."""

    output: str | None
    scores: str | None
    native: int | None
    trust: "Trust"


def model_choice(args: argparse.Namespace) -> "ModelChoice":
    """The record that `keras_models.loading.load` takes."""
    from keras_models.loading import ModelChoice

    return ModelChoice(
        model=args.model,
        weights=args.weights,
        classes=args.classes,
        alpha=args.alpha,
        normalisation=args.normalisation,
        name=args.name,
        adapted=getattr(args, "adapted", None),
        **file_flags(args),
    )


def file_flags(args: argparse.Namespace) -> "FileFlags":
    """What `add_file_flags` added, as fields of a ModelChoice.

    Raises:
        InputError: a resolution that cannot be.
    """
    from keras_models.opening.trusted_code import Trust

    native = args.native_resolution
    if native is not None:
        checked_resolution("native_resolution", str(native), native)
    return {
        "output": args.output_name,
        "scores": args.output_is,
        "native": native,
        "trust": Trust(args.trust_code, args.custom_objects),
    }


def opened_dataset(args: argparse.Namespace, unlabelled: bool = False) -> "Dataset":
    """The data set of the flags, limited as they say.

    Args:
        unlabelled: pictures without a label will do.
    """
    from datasets.catalogue import open_dataset

    dataset = open_dataset(
        args.dataset, args.split, args.data_dir, unlabelled=unlabelled
    )
    if args.limit is None:
        return dataset
    if args.limit < 1:
        raise InputError("limit", args.limit, "at least 1 image")
    return dataset.limited(args.limit)


def fitted_dataset(
    args: argparse.Namespace, dataset: "Dataset", model: str, classes: int
) -> "Dataset":
    """The data set with the model's own class numbers.

    Args:
        model: its name, for lines; classes: how many it has.
    """
    from datasets.class_names_file import read_class_names
    from datasets.class_order import ModelClasses, fitted
    from keras_models.class_names import recorded_names

    names: tuple[str, ...] = ()
    if args.class_names is not None:
        names, source = read_class_names(args.class_names), "`class_names`"
    else:
        first, weights = (
            value[0] if isinstance(value, list) else value
            for value in (args.model, args.weights)
        )
        names, source = recorded_names(first, weights, args.alpha), "its record"
        names = names if len(names) == classes else ()
    known = ModelClasses(
        model=model,
        count=classes,
        names=names,
        source=source,
        binding=args.class_names is not None,
        first=args.first_class,
    )
    return fitted(dataset, known)


def preprocessings(args: argparse.Namespace) -> "list[Preprocessing]":
    """One per crop asked for.

    Raises:
        InputError: --keras-pixels beside a flag that says otherwise.
    """
    from datasets.preprocessing import Preprocessing, parse_crop

    if args.keras_pixels:
        return [keras_pixels(args)]
    text = args.crop or _usual_crop(args)
    crops = dict.fromkeys(parse_crop(word) for word in text.split(","))
    return [
        Preprocessing(crop, args.interpolation, not args.no_antialias) for crop in crops
    ]


def keras_pixels(args: argparse.Namespace) -> "Preprocessing":
    """As keras.utils.image_dataset_from_directory resizes by default.

    Raises:
        InputError: another crop or interpolation is asked for beside it.
    """
    from datasets.preprocessing import Preprocessing

    if args.crop not in (None, "squash") or args.interpolation != "bilinear":
        name = "interpolation" if args.crop in (None, "squash") else "crop"
        raise InputError(
            name,
            getattr(args, name),
            "either this or `keras_pixels`",
            "`keras_pixels` is `crop=squash`, `interpolation=bilinear` and "
            "`no_antialias`: leave one out.",
        )
    return Preprocessing(None, "bilinear", antialias=False)


def _usual_crop(args: argparse.Namespace) -> str:
    """Of packaged weights the one they were trained with, else by the data set."""
    from datasets.preprocessing import Preprocessing
    from keras_models.packaged import trained_crop

    if args.dataset.startswith(_CROPPED_ALREADY):
        return "1.0"
    model, weights = (
        value[0] if isinstance(value, list) else value
        for value in (args.model, args.weights)
    )
    return trained_crop(model, weights, args.alpha) or str(Preprocessing().crop)
