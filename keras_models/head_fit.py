"""The last dense layer, fitted anew by logistic regression that starts where it was.

Multinomial cross-entropy over pictures, plus a penalty on how far the kernel moves from
the trained one: with few labels the layer stays near what it was, and without any
penalty this is plain logistic regression. The sum is convex, so that L-BFGS (Liu and
Nocedal 1989, Math. Program. 45) ends at the same layer from anywhere.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax

_STEPS = 300

Features = NDArray[np.float32]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Head:
    """Kernel and bias of a dense layer. One unit stands for two classes, 0 and 1."""

    kernel: Features  # (features, units)
    bias: Features | None  # (units,)

    @property
    def classes(self) -> int:
        """Of the scores that it leads to."""
        return max(2, int(self.kernel.shape[1]))

    def log_scores(self, features: Features) -> Floats:
        """(n, classes) logarithms of the scores."""
        logits = (features @ self.kernel).astype(np.float64)
        logits += 0 if self.bias is None else self.bias
        if logits.shape[1] == 1:  # a sigmoid is a softmax over 0 and the logit
            logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
        return np.asarray(log_softmax(logits, axis=1))


def losses(head: Head, features: Features, labels: Ints) -> Floats:
    """(n,) cross-entropies in nats."""
    return -head.log_scores(features)[np.arange(len(labels)), labels]


def fitted(features: Features, labels: Ints, start: Head, strength: float) -> Head:
    """The head of least mean loss plus penalty.

    The penalty is strength / 2 * the squared distance of the kernel from the trained
    one * the mean square of a feature, which makes a strength mean the same for
    features of any scale. The bias is free.

    Args:
        labels: (n,) classes, 0..classes-1.
        start: the trained head.
    """
    spread = strength * float(np.mean(np.square(features, dtype=np.float64)))
    units = start.kernel.shape[1]
    first = start.kernel.astype(np.float64)
    wanted = np.eye(start.classes)[labels]

    def cost(values: Floats) -> tuple[float, Floats]:
        head = _as_head(values, start)
        logs = head.log_scores(features)
        apart = values[: first.size].reshape(first.shape) - first
        loss = -float((wanted * logs).sum()) / len(labels)
        error = ((np.exp(logs) - wanted) / len(labels))[:, -units:]
        slope = (features.T @ error.astype(np.float32)).astype(np.float64)
        slope += spread * apart
        parts = [slope.ravel()] + ([] if start.bias is None else [error.sum(axis=0)])
        return loss + spread / 2 * float((apart**2).sum()), np.concatenate(parts)

    found = minimize(
        cost,
        np.concatenate([first.ravel(), np.zeros(0) if start.bias is None else
                        start.bias.astype(np.float64)]),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _STEPS, "ftol": 1e-10, "gtol": 1e-6},
    )  # fmt: skip
    return _as_head(found.x, start)


def _as_head(values: Floats, start: Head) -> Head:
    size = start.kernel.size
    kernel = values[:size].reshape(start.kernel.shape).astype(np.float32)
    bias = None if start.bias is None else values[size:].astype(np.float32)
    return Head(kernel, bias)
