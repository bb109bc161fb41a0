"""A linear layer fitted to what it should give, on a sample."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]
Indices = NDArray[np.intp]

_RIDGE = 1e-5  # of the features' mean variance
_JUDGED = 128  # filters, at most, that the choice looks at
_SHRUNK = (1e-3, 3e-2, 1.0, np.inf)


@dataclass(frozen=True)
class Fit:
    """given = features kernel + offset, as nearly as can be."""

    kernel: Float64s  # (p, filters)
    given_mean: Float64s  # (filters,)

    def offset(self, features: Float32s) -> Float64s:
        """(filters,): with it these features give the mean of what was given."""
        return np.asarray(self.given_mean - features.mean(axis=0) @ self.kernel)


class Fits:
    """Fits by the same features or by some of them; products are made once."""

    def __init__(self, features: Float32s, given: Float32s) -> None:
        """features: (n, p); given: (n, filters)."""
        self.mean = given.mean(axis=0, dtype=np.float64)
        centred = features - features.mean(axis=0)
        wanted = given - self.mean.astype(np.float32)
        self.products = np.asarray(centred.T @ centred, np.float64) / len(features)
        self.crossed = np.asarray(centred.T @ wanted, np.float64) / len(features)
        self.variance = np.asarray(np.square(wanted).mean(axis=0), np.float64)

    def of(self, columns: Indices | None = None) -> Fit:
        """Ordinary least squares, with a ridge that keeps it solvable.

        Args:
            columns: of the features; None: all.
        """
        products, crossed = self.products, self.crossed
        if columns is not None:
            products, crossed = products[np.ix_(columns, columns)], crossed[columns]
        kernel = _solved(products, crossed, _RIDGE)
        return Fit(kernel, self.mean)

    def near(self, start: Float64s, part: float) -> Float64s:
        """The best kernel near another: its change is shrunk by a ridge.

        Args:
            part: the ridge, of the features' mean variance; infinite: no change.
        """
        if np.isinf(part):
            return start
        change = self.crossed - self.products @ start
        return start + _solved(self.products, change, part)

    def error(self, kernel: Float64s, weights: Float64s) -> float:
        """Weighted variance that a kernel leaves unexplained here."""
        explained = 2 * self.crossed - self.products @ kernel
        left = self.variance - np.einsum("pf,pf->f", kernel, explained)
        return float(weights @ left)


def fit(features: Float32s, given: Float32s) -> Fit:
    """One fit by all features."""
    return Fits(features, given).of()


def refit(start: Fit, features: Float32s, given: Float32s, weights: Float64s) -> Fit:
    """A fit to other features, as far from `start` as other pictures bear out.

    Rows are in the order of their pictures. How much the change is shrunk is tried on
    halves, each fitted on the one and judged on the other.

    Args:
        weights: (filters,) of the error in each.
    """
    middle, few = len(features) // 2, slice(None, None, -(-len(weights) // _JUDGED))
    halves = [
        Fits(features[part], given[part, few])
        for part in (slice(middle), slice(middle, None))
    ]

    def judged(part: float) -> float:
        return sum(
            judge.error(fitted.near(start.kernel[:, few], part), weights[few])
            for fitted, judge in (halves, halves[::-1])
        )

    best = min(_SHRUNK, key=judged)
    both = Fits(features, given)
    return Fit(both.near(start.kernel, best), both.mean)


def _solved(products: Float64s, crossed: Float64s, part: float) -> Float64s:
    ridge = part * max(float(np.trace(products)) / len(products), 1e-12)
    factor = cho_factor(products + ridge * np.eye(len(products)))
    return np.asarray(cho_solve(factor, crossed))
