"""What feeds the last dense layer, for every picture and resolution, computed once.

A network without its last layer is swept as the whole one is, so that features lie in a
score store of their own: a shard that is there is never computed again, and other
weights, pictures, crops or resolutions make another key.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import keras
import numpy as np

from datasets.dataset import Dataset
from datasets.errors import DataError
from datasets.preprocessing import Preprocessing
from keras_models.adapting.head_choice import Labelled
from keras_models.head import Split, split
from keras_models.pretrained import Pretrained
from keras_models.scoring.scores import ScoreStore
from keras_models.scoring.sweeping import SweepOptions, sweep

FOLDER = "features"


@dataclass(frozen=True, kw_only=True)
class _Features(Pretrained):
    """A network whose answers are the features of its last dense layer."""

    width: int = 0

    def at(self, resolution: int) -> keras.Model:
        return split(super().at(resolution), self.normalisation).features

    @property
    def outputs(self) -> int:
        return self.width


def features_of(
    source: Pretrained,
    dataset: Dataset,
    resolutions: Sequence[int],
    preprocessing: Preprocessing,
    run: Path,
) -> Labelled:
    """Features at the native resolution and at `sides`, from the store if there.

    Raises:
        InputError: the network has no such layer, labels that it has no class for,
            pictures that cannot be read.
    """
    store = ScoreStore(run / FOLDER)
    ladder = sorted({source.native, *resolutions}, reverse=True)
    rungs = sweep(
        _without_head(source), dataset, ladder, [preprocessing], store, SweepOptions()
    )
    features = {rung.resolution: rung.scores for rung in rungs}
    return Labelled(features, np.asarray(rungs[0].labels, np.int64))


def trained_head(source: Pretrained) -> Split:
    """The last dense layer as it was trained."""
    return split(source.model, source.normalisation)


def _without_head(source: Pretrained) -> _Features:
    whole = {one.name: getattr(source, one.name) for one in fields(Pretrained)}
    head = trained_head(source)
    both = f"{source.weights_sha256} up to its last dense layer".encode()
    whole["weights_sha256"] = hashlib.sha256(both).hexdigest()
    return _Features(**whole, width=int(head.layer.kernel.shape[-2]))


def check_classes(source: Pretrained, dataset: Dataset) -> None:
    """Raises InputError where a data set's classes are not those of the head."""
    if dataset.classes != source.classes:
        raise DataError.of(
            dataset.name,
            f"has {dataset.classes} classes, {source.name} {source.classes}; "
            "`labels` expects the same ones in the same order",
        )
