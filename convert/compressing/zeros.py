"""Weights of 0 in a .tflite file: how many there are, and what multiplies by them.

The file stores them like any others and a CPU multiplies by them like by any others;
so these are savings on paper.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from convert import tflite_graph

_KERNEL_AT = 1  # place of the kernel among the inputs of all of these
_KERNELS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")
_TYPES: dict[int, np.dtype[Any]] = {
    schema.TensorType.FLOAT32: np.dtype("<f4"),
    schema.TensorType.FLOAT16: np.dtype("<f2"),
    schema.TensorType.INT8: np.dtype("i1"),
}


@dataclass(frozen=True)
class Zeros:
    """Of the kernels of convolutions and dense layers in one file."""

    weights: int  # each kernel once
    zeros: int
    macs: int  # of all operators
    idle_macs: int  # that multiply by a weight of 0


def zeros_in(content: bytes) -> Zeros:
    """Counts in the first subgraph; int8 weights are 0 where their code is."""
    model = tflite_graph.read(content)
    graph = model.subgraphs[0]
    makers = {int(one.outputs[0]): one for one in graph.operators}
    counted: dict[int, tuple[int, int]] = {}  # buffer -> (weights, zeros)
    macs = idle = 0
    operators = zip(
        graph.operators, tflite_graph.operator_macs(model, graph), strict=True
    )
    for operator, (name, _, cost) in operators:
        macs += cost or 0
        if name not in _KERNELS:
            continue
        buffer, values = _kernel(model, graph, makers, operator)
        if values is not None:
            empty = int(values.size - np.count_nonzero(values))
            counted[buffer] = (values.size, empty)
            idle += (cost or 0) * empty // values.size
    weights = sum(size for size, _ in counted.values())
    return Zeros(weights, sum(empty for _, empty in counted.values()), macs, idle)


def _kernel(
    model: Any, graph: Any, makers: dict[int, Any], operator: Any
) -> tuple[int, Any]:
    """(its buffer, its values as stored); those in float16 are unpacked on the way."""
    index = int(operator.inputs[_KERNEL_AT])
    maker = makers.get(index)
    if maker is not None and tflite_graph.operator_name(model, maker) == "DEQUANTIZE":
        index = int(maker.inputs[0])
    tensor = graph.tensors[index]
    data = model.buffers[tensor.buffer].data
    if data is None or tensor.type not in _TYPES:
        return 0, None
    return int(tensor.buffer), np.frombuffer(data.tobytes(), _TYPES[tensor.type])
