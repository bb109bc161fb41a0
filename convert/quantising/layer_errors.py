"""Which layers of a quantised file err most, beside its float32 file.

Errors travel: a late layer's output is always the furthest off. So each layer is
charged with what it adds: its output's relative error less the largest of its inputs'.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert import tflite_graph
from convert.quantising.ranges import WEIGHTED, keeping_all
from convert.running import dequantised, quantised, tensor

Float32s = NDArray[np.float32]


@dataclass(frozen=True)
class LayerError:
    """One layer; errors are root mean squares, relative to the float32 values."""

    layer: str
    operator: str
    added: float
    error: float  # of its output


def worst_layers(
    float_file: bytes, file: bytes, images: Float32s, count: int = 5
) -> list[LayerError]:
    """The layers that add the largest errors.

    Args:
        float_file, file: of one rung, each with one signature.
        images: (n, R, R, 3) as the files take them; a few suffice.
    """
    measured = _errors(float_file, file, images)
    model = tflite_graph.read(float_file)
    graph = model.subgraphs[0]
    known: dict[int, float] = {}
    errors = []
    for operator in graph.operators:
        given = max(
            (known.get(int(index), 0.0) for index in operator.inputs), default=0
        )
        name = tflite_graph.tensor_name(graph, operator.outputs[0])
        error = measured.get(name, given)
        known[int(operator.outputs[0])] = error
        if name in measured:
            kind = tflite_graph.operator_name(model, operator)
            errors.append(LayerError(name.split(";")[0], kind, error - given, error))
    return sorted(errors, key=lambda one: -one.added)[:count]


def _errors(float_file: bytes, file: bytes, images: Float32s) -> dict[str, float]:
    """Tensor of the float32 file -> relative error in the other."""
    squares: dict[str, list[float]] = {}
    exact, own = _Tensors(float_file), _Tensors(file)
    pairs = _pairs(exact, own)
    for image in images:
        exact.run(image)
        own.run(image)
        for name, other in pairs.items():
            values, near = exact.values(name), own.values(other)
            if values.shape == near.shape:
                sums = squares.setdefault(name, [0.0, 0.0])
                sums[0] += float(np.square(near - values).sum())
                sums[1] += float(np.square(values).sum())
    return {
        name: float(np.sqrt(error / total)) if total else 0.0
        for name, (error, total) in squares.items()
    }


def _pairs(exact: "_Tensors", own: "_Tensors") -> dict[str, str]:
    """Tensors by name; those of weighted layers by their order, if names differ."""
    pairs = {name: name for name in exact.names & own.names}
    if [kind for kind, _ in exact.weighted] == [kind for kind, _ in own.weighted]:
        for (_, name), (_, other) in zip(exact.weighted, own.weighted, strict=True):
            pairs[name] = other
    return pairs


class _Tensors:
    """All tensors of a file after each image."""

    def __init__(self, content: bytes) -> None:
        self._interpreter: Any = keeping_all(content)
        model = tflite_graph.read(content)
        graph = model.subgraphs[0]
        computed = [int(i) for operator in graph.operators for i in operator.outputs]
        self._computed = {tflite_graph.tensor_name(graph, i): i for i in computed}
        details = {one["index"]: one for one in self._interpreter.get_tensor_details()}
        self._facts = {
            name: tensor(name, details[index]) for name, index in self._computed.items()
        }
        self._input = self._interpreter.get_input_details()[0]
        self.names = set(self._computed)
        self.weighted = [
            (kind, tflite_graph.tensor_name(graph, operator.outputs[0]))
            for operator in graph.operators
            if (kind := tflite_graph.operator_name(model, operator)) in WEIGHTED
        ]

    def run(self, image: Float32s) -> None:
        stored = quantised(image[None], tensor("image", self._input))
        self._interpreter.set_tensor(self._input["index"], stored)
        self._interpreter.invoke()

    def values(self, name: str) -> Float32s:
        stored = self._interpreter.get_tensor(self._computed[name])
        return dequantised(stored, self._facts[name])
