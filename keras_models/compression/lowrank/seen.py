"""One layer and a sample of what it takes and gives: what its splits are made from."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float64s = NDArray[np.float64]

_PIXELS = 20_000  # enough for the covariance of channels


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
    def principal(self) -> tuple[Float64s, Float64s]:
        """(filters, all) directions of the scaled outputs, their variances, descending.

        Where there are more filters than numbers in a patch, found among the patches.
        """
        inputs = self.taken.shape[1]
        if inputs >= len(self.scale):
            covariance = _covariance(self.given) * np.outer(self.scale, self.scale)
            values, directions = np.linalg.eigh(covariance)
            return directions[:, ::-1], values[::-1].clip(0)
        values, axes = np.linalg.eigh(_covariance(self.taken))
        roots = np.sqrt(values.clip(0))[:, None] * axes.T
        mixed = roots @ (self.kernel.reshape(inputs, -1) * self.scale)
        values, axes = np.linalg.eigh(mixed @ mixed.T)
        values, axes = values[::-1].clip(0), axes[:, ::-1]
        norms = np.sqrt(values + 1e-12 * max(values[0], 1e-30))
        return mixed.T @ axes / norms, values

    @cached_property
    def roots(self) -> tuple[Float64s, Float64s]:
        """The root of the channels' covariance, mean over the taps, and its inverse."""
        channels = self.kernel.shape[2]
        rows = self.taken.reshape(-1, channels)[:_PIXELS]
        values, axes = np.linalg.eigh(_covariance(rows))
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


def _covariance(rows: NDArray[np.float32]) -> Float64s:
    centred = rows - rows.mean(axis=0)
    return np.asarray(centred.T @ centred, np.float64) / len(rows)
