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
Float64s = NDArray[np.float64]
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

    def log_scores(self, features: Features) -> Float64s:
        """(n, classes) logarithms of the scores."""
        logits = (features @ self.kernel).astype(np.float64)
        logits += 0 if self.bias is None else self.bias
        if logits.shape[1] == 1:  # a sigmoid is a softmax over 0 and the logit
            logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
        return np.asarray(log_softmax(logits, axis=1))


def losses(head: Head, features: Features, labels: Ints) -> Float64s:
    """(n,) cross-entropies in nats."""
    return -head.log_scores(features)[np.arange(len(labels)), labels]


def fitted(
    features: Features,
    labels: Ints,
    start: Head,
    strength: float,
    near: Head | None = None,
) -> Head:
    """The head of least mean loss plus penalty.

    The penalty is strength / 2 * the squared distance of the kernel from the trained
    one * the mean square of a feature, which makes a strength mean the same for
    features of any scale. The bias is free.

    Args:
        labels: (n,) classes, 0..classes-1.
        start: the trained head.
        near: where the search begins, which decides how long it takes alone.
    """
    spread = strength * float(np.mean(np.square(features), dtype=np.float64))
    centre = _centre(features, start)
    problem = _Problem(features - centre, np.eye(start.classes)[labels], start, spread)
    solution = minimize(
        problem,
        _values(near or start, centre),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _STEPS, "ftol": 1e-8, "gtol": 1e-6},
    )
    head = _as_head(solution.x, start)
    if head.bias is None:
        return head
    return Head(head.kernel, head.bias - centre @ head.kernel)


def _centre(features: Features, start: Head) -> Features:
    """What is taken off the features: the bias makes up for it, in fewer steps."""
    if start.bias is None:
        return np.zeros(features.shape[1], np.float32)
    return np.asarray(features.mean(axis=0), np.float32)


@dataclass(frozen=True)
class _Problem:
    """What is minimised: (value, slope) of kernel and bias, one after the other."""

    features: Features
    wanted: Float64s  # (n, classes), 1 at the label
    start: Head
    spread: float

    def __call__(self, values: Float64s) -> tuple[float, Float64s]:
        head, kernel = _as_head(values, self.start), self.start.kernel
        logs = head.log_scores(self.features)
        apart = values[: kernel.size].reshape(kernel.shape) - kernel
        loss = -float((self.wanted * logs).sum()) / len(logs)
        error = ((np.exp(logs) - self.wanted) / len(logs))[:, -kernel.shape[1] :]
        slope = (self.features.T @ error.astype(np.float32)).astype(np.float64)
        slope += self.spread * apart
        parts = [slope.ravel()]
        if head.bias is not None:
            parts.append(error.sum(axis=0))
        penalty = self.spread / 2 * float((apart**2).sum())
        return loss + penalty, np.concatenate(parts)


def _values(head: Head, centre: Features) -> Float64s:
    parts = [head.kernel.ravel()]
    if head.bias is not None:
        parts.append(head.bias + centre @ head.kernel)
    return np.concatenate(parts).astype(np.float64)


def _as_head(values: Float64s, start: Head) -> Head:
    size = start.kernel.size
    kernel = values[:size].reshape(start.kernel.shape).astype(np.float32)
    bias = None if start.bias is None else values[size:].astype(np.float32)
    return Head(kernel, bias)
