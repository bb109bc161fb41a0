"""What was understood, in four lines at most, before long work begins."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from commands import echo

if TYPE_CHECKING:
    from datasets.dataset import Dataset
    from datasets.preprocessing import Preprocessing
    from keras_models.pretrained import Pretrained

_NAMED = 4  # classes that a line names


def lines(dataset: "Dataset", model: str, pixels: str) -> list[str]:
    """Images, classes, pixels, and what was passed over or decided."""
    import numpy as np

    dataset.fingerprint  # noqa: B018  (reads the contents, so that copies are known)
    counts = np.bincount(dataset.labels, minlength=dataset.classes)
    filled = counts[counts > 0]
    empty = dataset.classes - filled.size
    without = f", {empty} without any" if empty else ""
    of_model = f"{model or 'the data'}: {dataset.classes} classes"
    known = [note for note in dataset.notes if note.startswith(("classes ", "split"))]
    other = [note for note in dataset.notes if note not in known]
    other += filter(None, (dataset.lost, dataset.repeated))
    return [
        f"{len(dataset):,} images of {dataset.name}, split {dataset.split}; "
        f"{filled.size} classes of {filled.min()} to {filled.max()} each{without}",
        f"{of_model} ({_first(dataset)})" + "".join(f"; {note}" for note in known),
        f"pixels: {pixels}",
        *(["; ".join(other)] if other else []),
    ]


def show(dataset: "Dataset", model: str, pixels: str) -> None:
    """Prints the lines."""
    for line in lines(dataset, model, pixels):
        echo.say(line)


def pixels(
    preprocessings: "Sequence[Preprocessing]",
    resolutions: Sequence[int],
    source: "Pretrained | str",
) -> str:
    """How pictures become what the model takes.

    Args:
        source: the model, or its normalisation.
    """
    crops = ", ".join(preprocessing.crop_name for preprocessing in preprocessings)
    smooth = "antialiased" if preprocessings[0].antialias else "not antialiased"
    normalisation = source if isinstance(source, str) else source.normalisation
    return (
        f"crop {crops}; {preprocessings[0].interpolation}, {smooth}; "
        f"{', '.join(map(str, resolutions))} pixels; normalisation {normalisation}"
    )


def _first(dataset: "Dataset") -> str:
    """The first classes that have pictures, with their numbers in the model."""
    places = sorted(set(dataset.labels.tolist()))
    named = [f"{place} {dataset.class_names[place]}" for place in places[:_NAMED]]
    return ", ".join(named) + (", ..." if len(places) > _NAMED else "")
