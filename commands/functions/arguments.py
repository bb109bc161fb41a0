"""What several functions for scripts take, read alike: models, pictures, rungs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.dataset import Dataset
from datasets.errors import InputError
from keras_models.scoring.score_records import StoredRung
from keras_models.scoring.stored_scores import load_rungs

if TYPE_CHECKING:
    import keras

    from keras_models.pretrained import Pretrained

Rungs = Mapping[str, StoredRung] | str | Path


def source_of(
    model: "keras.Model | str | Path",
    weights: str | None = None,
    normalisation: str | None = None,
    name: str | None = None,
) -> "Pretrained":
    """A built model, one of the catalogue, or one of a file; its rungs called `name`.

    Raises:
        InputError: what cannot be opened, or is no name.
    """
    from keras_models.framework import quiet

    quiet()  # before the first import of Keras
    from keras_models.loading import RUNG_NAME, ModelChoice, from_model, load

    if name is not None and not RUNG_NAME.fullmatch(name):
        raise InputError("name", repr(name), "letters, digits, _, - and .")
    if not isinstance(model, str | Path):
        built = from_model(model, normalisation)
        return built if name is None else replace(built, name=name)
    choice = ModelChoice(
        model=str(model), weights=weights, normalisation=normalisation, name=name
    )
    return load(choice)


def images_of(
    dataset: str, split: str | None, limit: int | None, unlabelled: bool = False
) -> Dataset:
    """The pictures of a data set, the first `limit` of a fixed shuffle.

    Args:
        unlabelled: pictures without a label will do.
    Raises:
        InputError: not so many, or no such data set.
    """
    from datasets.catalogue import open_dataset

    if limit is not None and limit < 1:
        raise InputError("limit", limit, "1 picture or more")
    images = open_dataset(dataset, split, None, unlabelled=unlabelled)
    return images if limit is None else images.limited(limit)


def fitted_images(
    images: Dataset,
    source: "Pretrained",
    model: object,
    weights: str | None,
    class_names: str | Path | None,
) -> Dataset:
    """The pictures with the model's own class numbers.

    Args:
        model: as the script gave it: a record beside its file names its classes.
    Raises:
        InputError: the classes of data and model cannot be brought together.
    """
    from datasets.class_names_file import read_class_names
    from datasets.class_order import ModelClasses, fitted
    from keras_models.class_names import recorded_names

    names: tuple[str, ...] = ()
    if class_names is not None:
        names = read_class_names(Path(class_names))
    elif isinstance(model, str | Path):
        names = recorded_names(str(model), weights)
        names = names if len(names) == source.classes else ()
    known = ModelClasses(
        model=source.name,
        count=source.classes,
        names=names,
        source="its record" if class_names is None else "class_names",
        binding=class_names is not None,
        first=None,
    )
    return fitted(images, known)


def rungs_of(rungs: Rungs | Sequence[Rungs]) -> dict[str, StoredRung]:
    """The rungs of a sweep, of several, or of the run folders that hold them.

    Raises:
        InputError: a rung is there twice.
    """
    parts = [rungs] if isinstance(rungs, Mapping | str | Path) else list(rungs)
    stored: dict[str, StoredRung] = {}
    for part in parts:
        own = part if isinstance(part, Mapping) else load_rungs(Path(part))
        if twice := sorted(set(own) & set(stored)):
            raise InputError(
                "rungs", ", ".join(twice), "each once", "Give each sweep once."
            )
        stored |= own
    return stored


def called(function: str) -> str:
    """What stands where a verb's results say their command."""
    return f"reswise.{function}, from Python"
