"""The pictures of `reswise train`: those that train, those that choose the epoch."""

import argparse
from typing import TYPE_CHECKING

from commands import train_settings
from datasets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datasets.dataset import Dataset
    from keras_models.training.train import Pictures, Settings


def opened(args: argparse.Namespace) -> "Dataset":
    """The data set of the flags."""
    from datasets.catalogue import open_dataset
    from datasets.class_order import by_place_alone

    dataset = open_dataset(args.dataset, args.split, args.data_dir)
    dataset = by_place_alone(dataset, args.first_class)
    return dataset if args.limit is None else dataset.limited(args.limit)


def pictures(
    args: argparse.Namespace,
    dataset: "Dataset",
    settings: "Settings",
    resolutions: list[int],
) -> "Iterator[tuple[int, Pictures, Pictures]]":
    """(resolution, pictures to train on, pictures held out); decoded once for all."""
    from keras_models.training import train

    training, validation = (
        train.in_memory_at(part, resolutions, train_settings.preprocessing(args))
        for part in _parts(args, dataset, settings)
    )
    yield from zip(resolutions, training, validation, strict=True)


def _parts(
    args: argparse.Namespace, dataset: "Dataset", settings: "Settings"
) -> "tuple[Dataset, Dataset]":
    """What to train on, and what chooses the epoch: no picture is in both."""
    from datasets.catalogue import open_dataset
    from datasets.class_order import by_place_alone
    from datasets.splits import parse_split
    from keras_models.training import train

    if isinstance(settings.validation, float):
        chosen, held = train.hold_out(len(dataset), settings.validation, settings.seed)
        return dataset.take(chosen), dataset.take(held)
    other = open_dataset(args.dataset, settings.validation, args.data_dir)
    other = by_place_alone(other, args.first_class)
    if other.classes != dataset.classes:
        raise InputError(
            "validation",
            settings.validation,
            f"the {dataset.classes} of `split={args.split}`",
            fault=f"{other.classes} classes",
        )
    both = set(dataset.ids) & set(other.ids)
    if both and parse_split(args.split)[0] == parse_split(settings.validation)[0]:
        raise InputError(
            "validation",
            settings.validation,
            "others, such as a split validation, or a part such as 0.05",
            fault=f"{len(both)} of its pictures are in `split={args.split}` too",
        )
    return dataset, other
