"""What one changed layer does to the scores: the network runs on with it to its end."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_models.compression.running import Operation, Running
from keras_models.graphs.calls import Calls

Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]

_LEAST = 1e-9  # a score; below it a logarithm says nothing


class Probe:
    """A network on its way through its calls, and its scores."""

    def __init__(self, graph: Calls, pictures: Float32s) -> None:
        self._run = Running(graph)
        self._run.join(pictures)
        self._parent = _logs(self._run.to_end())

    def step(self) -> None:
        """Past the next call."""
        self._run.step()

    def divergence(self, operation: Operation) -> float:
        """Nats a picture, were the next call's operation another (Kullback-Leibler)."""
        gone = self._parent - _logs(self._run.to_end(operation))
        return float((np.exp(self._parent) * gone).sum(axis=1).mean())


def _logs(batches: Any) -> Float64s:
    """Logarithms of (n, classes) probabilities; logits become such first."""
    scores = np.concatenate([np.asarray(outputs, np.float64) for outputs in batches])
    if scores.min() < 0 or not np.allclose(scores.sum(axis=1), 1, atol=1e-3):
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        scores /= scores.sum(axis=1, keepdims=True)
    return np.asarray(np.log(np.maximum(scores, _LEAST)))
