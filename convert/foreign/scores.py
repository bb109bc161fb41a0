"""How the output of a foreign .tflite is read: by what it ends in and what it gives."""

import numpy as np
from numpy.typing import NDArray

from convert.score_kinds import LOGITS, ONE_LOGIT, ONE_PROBABILITY, PROBABILITIES
from convert.untrusted.tflite_file import Graph
from datasets.errors import BundleError

_CARRY_ON = (6, 22, 43, 53, 70, 114)  # DEQUANTIZE, RESHAPE, SQUEEZE, CAST,
#   EXPAND_DIMS, QUANTIZE: values stay what they are
_SOFTMAX, _LOGISTIC = 25, 14
_LINEAR = (0, 3, 9, 40, 41)  # ADD, CONV_2D, FULLY_CONNECTED, MEAN, SUB
_SUM_ERROR = 0.05  # integers of 256ths over a thousand classes add up to no exact 1
_STEP = 0.01  # as far as rounding may leave a probability outside 0..1


def kind_of(
    graph: Graph, outputs: NDArray[np.float32], where: str
) -> tuple[str, tuple[str, ...]]:
    """(kind of `convert.score_kinds`, remarks).

    Args:
        outputs: (n, outputs) that made-up pictures gave, dequantised.
    Raises:
        InputError: nothing that can be read as scores of classes.
    """
    if not np.isfinite(outputs).all():
        raise BundleError.of(where, "gives scores that are no numbers")
    last = next((code for code in graph.ends_in if code not in _CARRY_ON), None)
    if outputs.shape[1] == 1:
        return _of_one_unit(last, where)
    inside = bool(outputs.min() >= -_STEP and outputs.max() <= 1 + _STEP)
    sums = bool(np.abs(outputs.sum(axis=1) - 1).max() <= _SUM_ERROR)
    if inside and (sums or last == _SOFTMAX):
        return PROBABILITIES, ()
    if inside and last == _LOGISTIC:
        return PROBABILITIES, (
            "The model ends in a sigmoid a class: its scores need not add up to 1.",
        )
    return LOGITS, (
        "The model ends in no softmax: a softmax is applied to its outputs, which "
        "changes no order of classes.",
    )


def _of_one_unit(last: int | None, where: str) -> tuple[str, tuple[str, ...]]:
    if last == _LOGISTIC:
        return ONE_PROBABILITY, (
            "The model has one unit, a sigmoid: p is the probability of class 1, 1 - p "
            "that of class 0.",
        )
    if last in _LINEAR:
        return ONE_LOGIT, (
            "The model has one unit without a sigmoid: its logistic is taken as the "
            "probability of class 1, the rest as that of class 0.",
        )
    if last == _SOFTMAX:
        raise BundleError.of(
            where,
            "ends in a softmax over one unit, which is 1 for every picture",
            "a sigmoid, or two units",
        )
    raise BundleError.of(
        where,
        f"gives one number that no sigmoid makes (last operation {last})",
        "a classifier: a score a class, or one unit of a sigmoid or a logit",
    )
