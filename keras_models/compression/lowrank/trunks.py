"""What a split layer computes before its last part: patches -> features."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Float64s = NDArray[np.float64]


class Trunk(Protocol):
    """The layers before the last, and what the last one is."""

    def features(self, taken: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, taps x channels) patches -> (n, p), in the order of `last`'s kernel."""

    def kernels(self) -> Sequence[Float64s]:
        """Of the layers before the last."""

    @property
    def last(self) -> tuple[int, ...]:
        """(height, width, channels) of the last layer's kernel."""

    def cut(self, rank: int) -> "Trunk":
        """Its first features; what they cost is all that changes."""


@dataclass(frozen=True)
class Pca:
    """k x k, then 1 x 1."""

    kernel: Float64s  # (height, width, channels, r)

    def features(self, taken: NDArray[np.float32]) -> NDArray[np.float32]:
        rank = self.kernel.shape[-1]
        return taken @ self.kernel.reshape(-1, rank).astype(np.float32)

    def kernels(self) -> Sequence[Float64s]:
        return [self.kernel]

    @property
    def last(self) -> tuple[int, ...]:
        return (1, 1, self.kernel.shape[-1])

    def cut(self, rank: int) -> Trunk:
        return Pca(self.kernel[..., :rank])


@dataclass(frozen=True)
class Separable:
    """k x 1, then 1 x k."""

    kernel: Float64s  # (height, 1, channels, r)
    width: int

    def features(self, taken: NDArray[np.float32]) -> NDArray[np.float32]:
        height, _, channels, rank = self.kernel.shape
        rows = taken.reshape(len(taken), height, self.width, channels)
        rows = np.ascontiguousarray(rows.transpose(0, 2, 1, 3))
        flat = rows.reshape(-1, height * channels)
        given = flat @ self.kernel.reshape(-1, rank).astype(np.float32)
        return given.reshape(len(taken), -1)

    def kernels(self) -> Sequence[Float64s]:
        return [self.kernel]

    @property
    def last(self) -> tuple[int, ...]:
        return (1, self.width, self.kernel.shape[-1])

    def cut(self, rank: int) -> Trunk:
        return Separable(self.kernel[..., :rank], self.width)


@dataclass(frozen=True)
class Tucker:
    """1 x 1, k x k, then 1 x 1."""

    entrance: Float64s  # (1, 1, channels, q)
    core: Float64s  # (height, width, q, r)

    def features(self, taken: NDArray[np.float32]) -> NDArray[np.float32]:
        channels = self.entrance.shape[2]
        entered = taken.reshape(-1, channels) @ self.entrance[0, 0].astype(np.float32)
        core = self.core.reshape(-1, self.core.shape[-1]).astype(np.float32)
        return np.asarray(entered.reshape(len(taken), -1) @ core)

    def kernels(self) -> Sequence[Float64s]:
        return [self.entrance, self.core]

    @property
    def last(self) -> tuple[int, ...]:
        return (1, 1, self.core.shape[-1])

    def cut(self, rank: int) -> Trunk:
        return Tucker(self.entrance, self.core[..., :rank])
