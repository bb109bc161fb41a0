"""What calibration images show of a float32 file: ranges and means of its tensors."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert import tflite_graph
from keras_models.framework import silent

WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
Means = NDArray[np.float64]
# A range holds the extremes of this part of the images: one picture of a hundred can
# double it, and all others then have half the steps (block 15 of MobileNetV2@96: 181
# against 23 in the median). 0.97 was no better there, 0.9 and 1 worse.
_REACHED = 0.99


@dataclass
class Seen:
    """Of each tensor, by name: a range that nearly all images keep to, and means."""

    low: dict[str, float] = field(default_factory=dict)
    high: dict[str, float] = field(default_factory=dict)
    means: dict[str, Means] = field(default_factory=dict)  # inputs of weighted layers
    images: int = 0

    def width(self, name: str) -> float:
        """From the lowest to the highest value, 0 included as quantisation needs."""
        return max(self.high[name], 0.0) - min(self.low[name], 0.0)


def seen_by(content: bytes, images: NDArray[np.float32], threads: int = 2) -> Seen:
    """Runs the images through a file of one signature, all tensors kept.

    Args:
        images: (n, R, R, 3), as the file takes them.
    """
    interpreter = keeping_all(content, threads)
    model = tflite_graph.read(content)
    graph = model.subgraphs[0]
    averaged = {
        int(operator.inputs[0])
        for operator in graph.operators
        if tflite_graph.operator_name(model, operator) in WEIGHTED
    }
    computed = [int(index) for index in graph.inputs] + [
        int(index) for operator in graph.operators for index in operator.outputs
    ]
    seen = Seen()
    extremes: dict[str, list[tuple[float, float]]] = {}
    for _ in invoked(interpreter, images):
        for index in computed:
            values = interpreter.get_tensor(index)
            name = tflite_graph.tensor_name(graph, index)
            ends = (float(values.min()), float(values.max()))
            extremes.setdefault(name, []).append(ends)
            if index in averaged:
                total = values[0].astype(np.float64)
                seen.means[name] = seen.means.get(name, 0.0) + total
        seen.images += 1
    for total in seen.means.values():
        total /= seen.images
    _set_ranges(seen, extremes)
    return seen


def keeping_all(content: bytes, threads: int = 2) -> Any:
    """An interpreter that keeps what lies between layers."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    with silent():
        interpreter: Any = Interpreter(
            model_content=content,
            num_threads=threads,
            experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        interpreter.allocate_tensors()
    return interpreter


def invoked(interpreter: Any, images: NDArray[np.float32]) -> Iterator[None]:
    """After each image's turn."""
    index = interpreter.get_input_details()[0]["index"]
    for image in images:
        interpreter.set_tensor(index, image[None])
        interpreter.invoke()
        yield


def _set_ranges(seen: Seen, extremes: dict[str, list[tuple[float, float]]]) -> None:
    for name, ends in extremes.items():
        lows, highs = np.transpose(ends)
        seen.low[name] = float(np.quantile(lows, 1 - _REACHED))
        seen.high[name] = float(np.quantile(highs, _REACHED))
