"""Batches of a training that dies in its second epoch."""

import numpy as np
from numpy.typing import NDArray

from keras_models.training import train


class _KilledError(Exception):
    pass


class KilledBatches(train.Batches):
    """Dies at one batch of the second epoch, counted from 0."""

    at = 4
    epoch = 0

    def begin(self, epoch: int) -> None:
        self.epoch = epoch
        super().begin(epoch)

    def __getitem__(
        self, index: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        if self.epoch == 1 and index == self.at:
            raise _KilledError("_KilledError")  # jax raises it itself
        return super().__getitem__(index)
