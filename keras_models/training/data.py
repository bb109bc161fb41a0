"""Pictures for training: decoded once, held in memory, shuffled anew each epoch."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.batches import pictures, unreadable_line
from datasets.dataset import Dataset
from datasets.errors import DataError
from datasets.preprocessing import Preprocessing
from datasets.progress import progress
from keras_models.normalisation import normalise

_PICTURES_A_BATCH = 100


@dataclass(frozen=True)
class Pictures:
    """Decoded pictures in memory."""

    pixels: NDArray[np.uint8]  # (n, R, R, 3)
    labels: NDArray[np.int64]  # (n,)
    classes: int


@dataclass(frozen=True)
class BatchRule:
    """How pictures become batches."""

    batch: int
    seed: int
    normalisation: str
    mixup: float = 0.0  # alpha of the Beta distribution; 0: none


def in_memory(
    dataset: Dataset, resolution: int, preprocessing: Preprocessing
) -> Pictures:
    """The pictures of a data set, (n, resolution, resolution, 3), in its order.

    Raises:
        InputError: some cannot be read; names them.
    """
    return in_memory_at(dataset, [resolution], preprocessing)[0]


def in_memory_at(
    dataset: Dataset, resolutions: Sequence[int], preprocessing: Preprocessing
) -> list[Pictures]:
    """`in_memory` at several resolutions; each picture is decoded once.

    Raises:
        InputError: some cannot be read; names them.
    """
    held = {
        resolution: np.empty((len(dataset), resolution, resolution, 3), np.uint8)
        for resolution in resolutions
    }
    unreadable: dict[int, str] = {}
    batches = pictures(dataset, list(held), [preprocessing], _PICTURES_A_BATCH)
    total = -(-len(dataset) // _PICTURES_A_BATCH)
    what = f"batches of {_PICTURES_A_BATCH} {dataset.name} {dataset.split} pictures"
    for batch in progress(batches, total, what):
        for resolution, pixels in held.items():
            pixels[batch.indices] = np.rint(batch.pixels[preprocessing, resolution])
        unreadable |= batch.unreadable
    if unreadable:
        raise DataError.of(
            f"{dataset.name} {dataset.split}",
            unreadable_line(dataset, unreadable),
            "every picture, to train on",
            "Delete them, or take them out of the list.",
        )
    return [
        Pictures(held[resolution], dataset.labels, dataset.classes)
        for resolution in resolutions
    ]


def hold_out(
    count: int, part: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices to train on and to validate on, both ascending.

    Raises:
        InputError: one of them would be empty.
    """
    order = np.random.default_rng(seed).permutation(count)
    held = round(count * part)
    if not 0 < held < count:
        raise DataError(
            "validation",
            part,
            "at least one to train on and one to validate on",
            fault=f"{held} of {count} pictures",
        )
    return np.sort(order[held:]), np.sort(order[:held])


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Shuffled batches; each is a function of (seed, epoch, index), as resuming needs.

    Images are normalised, (batch, R, R, 3); labels are (batch, classes), one-hot unless
    mixed up.
    """

    def __init__(self, examples: Pictures, rule: BatchRule) -> None:
        super().__init__()
        self._examples = examples
        self._rule = rule
        self._batch = min(rule.batch, len(examples.labels))
        self.begin(0)

    def begin(self, epoch: int) -> None:
        """Sets the order of one epoch."""
        self._epoch = epoch
        random = np.random.default_rng([self._rule.seed, epoch])
        self._order = random.permutation(len(self._examples.labels))

    def __len__(self) -> int:
        """Whole batches; what is left over goes into another epoch's batches."""
        return len(self._examples.labels) // self._batch

    def __getitem__(
        self, index: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        chosen = self._order[index * self._batch : (index + 1) * self._batch]
        pixels = normalise(self._examples.pixels[chosen], self._rule.normalisation)
        one_hot = np.eye(self._examples.classes, dtype=np.float32)
        labels = one_hot[self._examples.labels[chosen]]
        if not self._rule.mixup:
            return pixels, labels
        seed = np.random.SeedSequence([self._rule.seed, self._epoch, index, 1])
        return mixed_up(
            pixels, labels, self._rule.mixup, int(seed.generate_state(1)[0] >> 1)
        )


def mixed_up(
    images: NDArray[np.float32], labels: NDArray[np.float32], alpha: float, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Pairs of pictures and labels, blended alike. Zhang et al., arXiv:1710.09412."""
    layer = keras.layers.MixUp(alpha=alpha, seed=seed, dtype="float32")
    mixed = layer({"images": images, "labels": labels}, training=True)
    return (
        keras.ops.convert_to_numpy(mixed["images"]),
        keras.ops.convert_to_numpy(mixed["labels"]),
    )
