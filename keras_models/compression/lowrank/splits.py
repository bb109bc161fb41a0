"""One layer as two or three of lower rank: which ways there are, each a small class.

A layer gives y = x W, x a patch. Each split is a trunk, x -> features, and a last
linear layer, features -> y; the last one is fitted to y by least squares afterwards,
so that a split need only find good features. `scale` weighs the channels of y.

pca        k x k to r channels, then 1 x 1: the r principal directions of scaled y.
           Zhang et al. 2015, arXiv:1411.4229. Of 1 x 1 and dense layers too.
separable  k x 1 to r channels, then 1 x k: the singular vectors of the kernel, rows
           and inputs against columns and outputs. Jaderberg et al. 2014, arXiv:1405.3866.
tucker     1 x 1 to q channels, k x k to r, then 1 x 1: Tucker-2, the principal input
           directions of the kernel and those of scaled y. Kim et al. 2015,
           arXiv:1511.06530.

In the last two the kernel is multiplied by the root of the inputs' covariance first,
so that directions which inputs do not take cost nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Float64s = NDArray[np.float64]
Ranks = tuple[int, ...]


@dataclass(frozen=True)
class Seen:
    """A layer, and a sample of what it takes and gives."""

    layer: Any  # Conv2D of one group, or Dense
    taken: NDArray[np.float32]  # (n, taps x channels) patches
    given: NDArray[np.float32]  # (n, filters), before activation
    scale: Float64s  # (filters,)

    @cached_property
    def kernel(self) -> Float64s:
        """(height, width, channels, filters); a dense layer's is 1 x 1."""
        kernel = np.asarray(self.layer.kernel, np.float64)
        return kernel if kernel.ndim == 4 else kernel[None, None]

    @cached_property
    def principal(self) -> Float64s:
        """(filters, filters): directions of the scaled outputs, the largest first."""
        centred = (self.given - self.given.mean(axis=0)) * self.scale
        _, directions = np.linalg.eigh(centred.T @ centred)
        return np.asarray(directions[:, ::-1], np.float64)

    @cached_property
    def roots(self) -> tuple[Float64s, Float64s]:
        """The root of the channels' covariance, mean over the taps, and its inverse."""
        channels = self.kernel.shape[2]
        rows = self.taken.reshape(-1, channels)
        rows = rows - rows.mean(axis=0)
        values, axes = np.linalg.eigh((rows.T @ rows).astype(np.float64) / len(rows))
        values = values.clip(0) + 1e-6 * max(float(values.mean()), 1e-12)
        return (axes * np.sqrt(values)) @ axes.T, (axes / np.sqrt(values)) @ axes.T

    @cached_property
    def whitened(self) -> Float64s:
        """The kernel as whitened inputs and scaled outputs see it."""
        kernel = np.einsum("abio,ij->abjo", self.kernel, self.roots[0])
        return np.asarray(kernel * self.scale)

    @cached_property
    def columns(self) -> Float64s:
        """(height x channels, all): left singular vectors times values, rows first."""
        height, _, channels, _ = self.kernel.shape
        flat = self.whitened.transpose(0, 2, 1, 3).reshape(height * channels, -1)
        values, vectors = np.linalg.eigh(flat @ flat.T)
        return np.asarray((vectors * np.sqrt(values.clip(0)))[:, ::-1])

    @cached_property
    def entrances(self) -> Float64s:
        """(channels, channels): directions of whitened inputs, the largest first."""
        flat = self.whitened.transpose(2, 0, 1, 3).reshape(self.kernel.shape[2], -1)
        _, axes = np.linalg.eigh(flat @ flat.T)
        return np.asarray(axes[:, ::-1])


class Trunk(Protocol):
    """The layers before the last, and what the last one is."""

    def features(self, taken: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, taps x channels) patches -> (n, p), in the order of `last`'s kernel."""

    def kernels(self) -> Sequence[Float64s]:
        """Of the layers before the last."""

    @property
    def last(self) -> tuple[int, ...]:
        """(height, width, channels) of the last layer's kernel."""


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
        found = flat @ self.kernel.reshape(-1, rank).astype(np.float32)
        return found.reshape(len(taken), -1)

    def kernels(self) -> Sequence[Float64s]:
        return [self.kernel]

    @property
    def last(self) -> tuple[int, ...]:
        return (1, self.width, self.kernel.shape[-1])


@dataclass(frozen=True)
class Tucker:
    """1 x 1, k x k, then 1 x 1."""

    entrance: Float64s  # (1, 1, channels, q)
    core: Float64s  # (height, width, q, r)

    def features(self, taken: NDArray[np.float32]) -> NDArray[np.float32]:
        channels = self.entrance.shape[2]
        entered = taken.reshape(-1, channels) @ self.entrance[0, 0].astype(np.float32)
        core = self.core.reshape(-1, self.core.shape[-1]).astype(np.float32)
        found: NDArray[np.float32] = entered.reshape(len(taken), -1) @ core
        return found

    def kernels(self) -> Sequence[Float64s]:
        return [self.entrance, self.core]

    @property
    def last(self) -> tuple[int, ...]:
        return (1, 1, self.core.shape[-1])


class Way(Protocol):
    """One way to split a layer."""

    @property
    def name(self) -> str: ...

    @property
    def strided(self) -> tuple[int, int]:
        """Which of the layers takes the strides along the rows, and the columns."""

    def fits(self, kernel: Sequence[int]) -> bool:
        """Whether a kernel of (height, width, channels, filters) has this way."""

    def ranks(self, kernel: Sequence[int], part: float) -> Ranks | None:
        """Ranks that leave about a part of a layer's own multiplications, if any do."""

    def trunk(self, seen: Seen, ranks: Ranks) -> Trunk: ...

    def shapes(self, kernel: Sequence[int], ranks: Ranks) -> list[Ranks]:
        """(height, width, channels, filters) of each layer's kernel."""


@dataclass(frozen=True)
class PcaWay:
    """k x k, then 1 x 1."""

    name: str = "pca"
    strided: tuple[int, int] = (0, 0)

    def fits(self, kernel: Sequence[int]) -> bool:
        return min(kernel[2:]) > 1

    def ranks(self, kernel: Sequence[int], part: float) -> Ranks | None:
        per = math.prod(kernel[:3]) + kernel[3]
        rank = _rounded(part * math.prod(kernel) / per)
        return (rank,) if rank < kernel[3] else None

    def trunk(self, seen: Seen, ranks: Ranks) -> Trunk:
        directions = seen.principal[:, : ranks[0]]
        return Pca((seen.kernel * seen.scale) @ directions)

    def shapes(self, kernel: Sequence[int], ranks: Ranks) -> list[Ranks]:
        height, width, channels, filters = kernel
        return [(height, width, channels, ranks[0]), (1, 1, ranks[0], filters)]


@dataclass(frozen=True)
class SeparableWay:
    """k x 1, then 1 x k."""

    name: str = "separable"
    strided: tuple[int, int] = (0, 1)

    def fits(self, kernel: Sequence[int]) -> bool:
        return min(kernel[:2]) > 1

    def ranks(self, kernel: Sequence[int], part: float) -> Ranks | None:
        height, width, channels, filters = kernel
        per = height * channels + width * filters
        rank = _rounded(part * math.prod(kernel) / per)
        return (rank,) if rank < min(height * channels, width * filters) else None

    def trunk(self, seen: Seen, ranks: Ranks) -> Trunk:
        height, width, channels, _ = seen.kernel.shape
        found = seen.columns[:, : ranks[0]].reshape(height, channels, -1)
        kernel = np.einsum("aip,ij->ajp", found, seen.roots[1])
        return Separable(kernel[:, None], width)

    def shapes(self, kernel: Sequence[int], ranks: Ranks) -> list[Ranks]:
        height, width, channels, filters = kernel
        return [(height, 1, channels, ranks[0]), (1, width, ranks[0], filters)]


@dataclass(frozen=True)
class TuckerWay:
    """1 x 1, k x k, then 1 x 1."""

    share: float  # of the channels that enter
    name: str = "tucker"
    strided: tuple[int, int] = (1, 1)

    def fits(self, kernel: Sequence[int]) -> bool:
        return min(kernel[:2]) > 1 and min(kernel[2:]) > 1

    def ranks(self, kernel: Sequence[int], part: float) -> Ranks | None:
        height, width, channels, filters = kernel
        inner = min(channels, _rounded(self.share * channels))
        left = part * math.prod(kernel) - channels * inner
        outer = left / (height * width * inner + filters)
        return (inner, _rounded(outer)) if 1 <= outer <= filters else None

    def trunk(self, seen: Seen, ranks: Ranks) -> Trunk:
        axes = seen.entrances[:, : ranks[0]]
        outer = seen.principal[:, : ranks[1]]
        core = np.einsum("abio,ip->abpo", seen.whitened, axes) @ outer
        return Tucker((seen.roots[1] @ axes)[None, None], core)

    def shapes(self, kernel: Sequence[int], ranks: Ranks) -> list[Ranks]:
        height, width, channels, filters = kernel
        inner, outer = ranks
        entrance, core = (1, 1, channels, inner), (height, width, inner, outer)
        return [entrance, core, (1, 1, outer, filters)]


BEST_OF = (PcaWay(), SeparableWay())
TUCKER = tuple(TuckerWay(share) for share in (0.4, 0.55, 0.7, 0.85))


def _rounded(rank: float) -> int:
    """Runtimes work on channels by eights; small layers have no choice."""
    return max(1, 8 * round(rank / 8) if rank > 12 else round(rank))
