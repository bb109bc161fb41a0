"""Thumbnails of a data set's pictures, as the features that `learned` reads."""

import numpy as np

from datasets.batches import pictures
from datasets.dataset import Dataset
from datasets.errors import DataError
from datasets.preprocessing import Preprocessing
from selection.arrays import Float64s
from selection.selectors.thumbnail import SIDE, look


def looks_of(
    dataset: Dataset, ids: tuple[str, ...], preprocessing: Preprocessing
) -> Float64s:
    """(n, features) in the order of the ids.

    Args:
        preprocessing: the crop and resize of the rungs, so that all see the same part.
    Raises:
        InputError: an id is not in the data set, or its picture cannot be read.
    """
    index_of = {name: index for index, name in enumerate(dataset.ids)}
    try:
        indices = [index_of[name] for name in ids]
    except KeyError as error:
        raise DataError.of(
            dataset.name,
            f"no picture {error}",
            "the data set that the scores were made from",
        ) from error
    looks = []
    for batch in pictures(dataset, [SIDE], [preprocessing], indices=indices):
        if batch.unreadable:
            raise DataError.of(
                dataset.name,
                f"{len(batch.unreadable)} pictures became unreadable since the sweep",
                "",
                "Sweep again.",
            )
        looks.append(look(batch.pixels[(preprocessing, SIDE)]))
    return np.concatenate(looks)
