"""One layer as two or three of lower rank: which splits there are, each a small class.

A layer gives y = x W, x a patch. Each split is a trunk, x -> features, and a last
linear layer, features -> y; the last one is fitted to y by least squares afterwards,
so that a split need only find good features. `scale` weighs the channels of y.

pca        k x k to r channels, then 1 x 1: the r principal directions of scaled y.
           Zhang et al. 2015, arXiv:1411.4229. Of 1 x 1 and dense layers too.
separable  k x 1 to r channels, then 1 x k: the singular vectors of the kernel, rows
           and inputs against columns and outputs. Jaderberg et al. 2014,
           arXiv:1405.3866.
tucker     1 x 1 to q channels, k x k to r, then 1 x 1: Tucker-2, the principal input
           directions of the kernel and those of scaled y. Kim et al. 2015,
           arXiv:1511.06530.

In the last two the kernel is multiplied by the root of the inputs' covariance first,
so that directions which inputs do not take cost nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from keras_models.compression.lowrank.seen import Seen
from keras_models.compression.lowrank.trunks import Pca, Separable, Trunk, Tucker

Ranks = tuple[int, ...]
Indices = NDArray[np.intp]


class Split(Protocol):
    """One kind of split."""

    @property
    def name(self) -> str: ...

    @property
    def strided(self) -> tuple[int, int]:
        """Which of the layers takes the strides along the rows, and the columns."""

    def fits(self, kernel: Sequence[int]) -> bool:
        """Whether a kernel of (height, width, channels, filters) has this split."""

    def ranks(self, kernel: Sequence[int], part: float) -> Ranks | None:
        """Ranks that leave about a part of a layer's own multiplications, if any do."""

    def trunk(self, seen: Seen, ranks: Ranks) -> Trunk: ...

    def shapes(self, kernel: Sequence[int], ranks: Ranks) -> list[Ranks]:
        """(height, width, channels, filters) of each layer's kernel."""

    def among(self, kernel: Sequence[int], ranks: Ranks, more: Ranks) -> Indices:
        """Which features of the largest trunk tried are those of smaller ranks."""


@dataclass(frozen=True)
class PcaSplit:
    """k x k, then 1 x 1."""

    name: str = "pca"
    strided: tuple[int, int] = (0, 0)

    def fits(self, kernel: Sequence[int]) -> bool:
        return min(kernel[2:]) > 1

    def ranks(self, kernel: Sequence[int], part: float) -> Ranks | None:
        per = math.prod(kernel[:3]) + kernel[3]
        rank = _rounded(part * math.prod(kernel) / per)
        return (rank,) if rank < min(math.prod(kernel[:3]), kernel[3]) else None

    def trunk(self, seen: Seen, ranks: Ranks) -> Trunk:
        directions = seen.principal[0][:, : ranks[0]]
        return Pca((seen.kernel * seen.scale) @ directions)

    def shapes(self, kernel: Sequence[int], ranks: Ranks) -> list[Ranks]:
        height, width, channels, filters = kernel
        return [(height, width, channels, ranks[0]), (1, 1, ranks[0], filters)]

    def among(self, kernel: Sequence[int], ranks: Ranks, more: Ranks) -> Indices:
        del kernel, more
        return np.arange(ranks[0])


@dataclass(frozen=True)
class SeparableSplit:
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
        columns = seen.columns[:, : ranks[0]].reshape(height, channels, -1)
        kernel = np.einsum("aip,ij->ajp", columns, seen.roots[1])
        return Separable(kernel[:, None], width)

    def shapes(self, kernel: Sequence[int], ranks: Ranks) -> list[Ranks]:
        height, width, channels, filters = kernel
        return [(height, 1, channels, ranks[0]), (1, width, ranks[0], filters)]

    def among(self, kernel: Sequence[int], ranks: Ranks, more: Ranks) -> Indices:
        places = more[0] * np.arange(kernel[1])[:, None] + np.arange(ranks[0])
        return places.ravel()


@dataclass(frozen=True)
class TuckerSplit:
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
        outer = seen.principal[0][:, : ranks[1]]
        core = np.einsum("abio,ip->abpo", seen.whitened, axes) @ outer
        return Tucker((seen.roots[1] @ axes)[None, None], core)

    def shapes(self, kernel: Sequence[int], ranks: Ranks) -> list[Ranks]:
        height, width, channels, filters = kernel
        inner, outer = ranks
        entrance, core = (1, 1, channels, inner), (height, width, inner, outer)
        return [entrance, core, (1, 1, outer, filters)]

    def among(self, kernel: Sequence[int], ranks: Ranks, more: Ranks) -> Indices:
        del kernel, more
        return np.arange(ranks[1])  # the inner rank is the share's


BEST_OF = (PcaSplit(), SeparableSplit())
TUCKER = tuple(TuckerSplit(share) for share in (0.45, 0.65, 0.85))


def _rounded(rank: float) -> int:
    """Runtimes work on channels by eights; small layers have no choice."""
    return max(1, 8 * round(rank / 8) if rank > 12 else round(rank))
