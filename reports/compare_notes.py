"""What explains a printed column of FLOPs, in the light of what we count."""

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """What we count for one model, beside a printed column."""

    model: str
    drops: tuple[float | None, ...]  # FLOPs drop in per cent, one a printed row
    differences: tuple[float | None, ...]  # ours less the printed one, in points

    @property
    def largest(self) -> float:
        """The largest difference, whatever its sign."""
        return max(abs(value) for value in self.differences if value is not None)


def _explain_first(counted: list[Column]) -> list[str]:
    """Table 1."""
    return [
        f"The printed column reproduces, no cell off by more than "
        f"{_up(counted[0].largest)}: it is cut off, not rounded. Any NASNet-A with a "
        "stem of stride 1 gives the same drops, so the column cannot tell which it was."
    ]


def _explain_second(counted: list[Column]) -> list[str]:
    """Table 2: 74.99 at 16 pixels says that all maps are halved once more."""
    stock, nearest = counted
    return [
        f"The printed column does not reproduce: {stock.model} as keras.applications "
        f"builds it is off by up to {_up(stock.largest)} points. It divides 32 pixels "
        "by 32; the printed 74.99 at 16 pixels wants every map a quarter of its size "
        "there, so only four halvings.",
        f"Of all 70 ways to place four halvings, {nearest.model} comes nearest: off by "
        f"up to {_up(nearest.largest)} points.",
    ]


def _explain_exact(counted: list[Column]) -> list[str]:
    """Tables 3 and 4."""
    largest = _up(counted[0].largest)
    return [f"The printed column reproduces, no cell off by more than {largest}."]


def _explain_fifth(counted: list[Column]) -> list[str]:
    """Table 5 prints the FLOPs of table 4."""
    own, copied = counted
    return [
        f"The printed column is a misprint: it repeats that of ResNet101 (table 4), "
        f"from which no cell is off by more than {_up(copied.largest)}. {own.model} "
        f"itself differs by up to {_up(own.largest)} points."
    ]


EXPLANATIONS: dict[str, Callable[[list[Column]], list[str]]] = {
    "1": _explain_first,
    "2": _explain_second,
    "3": _explain_exact,
    "4": _explain_exact,
    "5": _explain_fifth,
}


def _up(value: float) -> str:
    """Rounded up to three decimals, so that "no more than" stays true."""
    return f"{math.ceil(value * 1000) / 1000:.3f}"
