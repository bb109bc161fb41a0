"""A linear layer fitted to what it should give, on a sample."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]

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


def fit(features: Float32s, given: Float32s) -> Fit:
    """Ordinary least squares, with a ridge that keeps it solvable.

    Args:
        features: (n, p); given: (n, filters).
    """
    count, width = features.shape
    mean, target = (rows.mean(axis=0, dtype=np.float64) for rows in (features, given))
    centred = features - mean.astype(np.float32)
    wanted = given - target.astype(np.float32)
    products = (centred.T @ centred).astype(np.float64) / count
    crossed = (centred.T @ wanted).astype(np.float64) / count
    ridge = _RIDGE * max(float(np.trace(products)) / width, 1e-12)
    kernel = np.linalg.solve(products + ridge * np.eye(width), crossed)
    left = np.square(wanted).mean(axis=0) - np.einsum("pf,pf->f", kernel, crossed)
    spent = count / max(count - width, 0.25 * count)
    return Fit(kernel, target, left.clip(0) * spent)
