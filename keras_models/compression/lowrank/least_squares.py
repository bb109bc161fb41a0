"""A linear layer fitted to what it should give, on a sample."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]
Ints = NDArray[np.intp]

_RIDGE = 1e-5  # of the features' mean variance


@dataclass(frozen=True)
class Fit:
    """given = features kernel + offset, as nearly as can be."""

    kernel: Float64s  # (p, filters)
    given_mean: Float64s  # (filters,)
    left: Float64s  # (filters,) variance not explained, corrected for the fit

    def offset(self, features: Float32s) -> Float64s:
        """(filters,): with it these features give the mean of what was given."""
        found: Float64s = self.given_mean - features.mean(axis=0) @ self.kernel
        return found


class Fits:
    """Fits by the same features or by some of them; products are made once."""

    def __init__(self, features: Float32s, given: Float32s) -> None:
        """features: (n, p); given: (n, filters)."""
        self._count = len(features)
        self._mean = given.mean(axis=0, dtype=np.float64)
        centred = features - features.mean(axis=0)
        wanted = given - self._mean.astype(np.float32)
        self._products = np.asarray(centred.T @ centred, np.float64) / self._count
        self._crossed = np.asarray(centred.T @ wanted, np.float64) / self._count
        self._variance = np.asarray(np.square(wanted).mean(axis=0), np.float64)

    def of(self, columns: Ints | None = None) -> Fit:
        """Ordinary least squares, with a ridge that keeps it solvable.

        Args:
            columns: of the features; None: all.
        """
        products, crossed = self._products, self._crossed
        if columns is not None:
            products, crossed = products[np.ix_(columns, columns)], crossed[columns]
        width = len(products)
        ridge = _RIDGE * max(float(np.trace(products)) / width, 1e-12)
        kernel = cho_solve(cho_factor(products + ridge * np.eye(width)), crossed)
        left = self._variance - np.einsum("pf,pf->f", kernel, crossed)
        spent = self._count / max(self._count - width, 0.25 * self._count)
        return Fit(kernel, self._mean, left.clip(0) * spent)


def fit(features: Float32s, given: Float32s) -> Fit:
    """One fit by all features."""
    return Fits(features, given).of()
