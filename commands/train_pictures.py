"""The pictures of `reswise train`: those that train, those that choose the epoch."""

import argparse
from typing import TYPE_CHECKING

from commands import train_settings
from datasets.errors import InputError, ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from commands.train_model import Beginning
    from datasets.dataset import Dataset
    from keras_models.pretrained import Pretrained
    from keras_models.training.train import Pictures, Settings


def opened(args: argparse.Namespace, begins: "Beginning") -> "Dataset":
    """The data set of the flags, its classes numbered as the network's are."""
    dataset = _split(args, begins, args.split)
    return dataset if args.limit is None else dataset.limited(args.limit)


def _split(args: argparse.Namespace, begins: "Beginning", split: str) -> "Dataset":
    """One split; a new network takes its classes as they come."""
    from datasets.catalogue import open_dataset
    from datasets.class_order import by_place_alone

    dataset = open_dataset(args.dataset, split, args.data_dir)
    if begins.file is None:
        fitted = by_place_alone(dataset, args.first_class)
    else:
        fitted = _ordered(args, begins.file, args.model, dataset, args.class_names)
    if begins.teacher is not None:
        taught = _ordered(args, begins.teacher, args.distil, dataset, None)
        if (taught.labels != fitted.labels).any():
            raise ModelError.of(
                args.distil,
                f"has its classes in another order than {args.model}",
                "the same",
            )
    return fitted


def _ordered(
    args: argparse.Namespace,
    network: "Pretrained",
    path: str,
    dataset: "Dataset",
    names_file: "Path | None",
) -> "Dataset":
    """A data set with the class numbers of a network that is trained already."""
    from datasets.class_names_file import read_class_names
    from datasets.class_order import ModelClasses, fitted
    from keras_models.class_names import recorded_names

    if names_file is None:
        names, source = recorded_names(path, None), "its record"
    else:
        names, source = read_class_names(names_file), "--class-names"
    if names_file is None and len(names) != network.classes:
        names = ()
    known = ModelClasses(
        model=network.name,
        count=network.classes,
        names=tuple(names),
        source=source,
        binding=names_file is not None,
        first=args.first_class,
    )
    return fitted(dataset, known)


def pictures(
    args: argparse.Namespace,
    begins: "Beginning",
    dataset: "Dataset",
    settings: "Settings",
    resolutions: list[int],
) -> "Iterator[tuple[int, Pictures, Pictures]]":
    """(resolution, pictures to train on, pictures held out); decoded once for all."""
    from keras_models.training import train

    training, validation = (
        train.in_memory_at(part, resolutions, train_settings.preprocessing(args))
        for part in _parts(args, begins, dataset, settings)
    )
    yield from zip(resolutions, training, validation, strict=True)


def _parts(
    args: argparse.Namespace,
    begins: "Beginning",
    dataset: "Dataset",
    settings: "Settings",
) -> "tuple[Dataset, Dataset]":
    """What to train on, and what chooses the epoch: no picture is in both."""
    from datasets.splits import parse_split
    from keras_models.training import train

    if isinstance(settings.validation, float):
        chosen, held = train.hold_out(len(dataset), settings.validation, settings.seed)
        return dataset.take(chosen), dataset.take(held)
    other = _split(args, begins, settings.validation)
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
