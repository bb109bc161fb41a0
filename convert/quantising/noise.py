"""What each tensor of a float32 file, stored as int8, does to the scores.

Rounding errors of different tensors hardly go together: their variances in the
logarithms of the scores add up to 0.18 in mobilenet_v2@96, and all together give 0.22.
So one tensor at a time says where int8 loses.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from convert import tflite_graph
from convert.quantising.ranges import Seen
from convert.running import Runner

Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]
_CLASSES = 5  # whose scores are compared: the likeliest of the float32 file
_LEAST = 1e-9  # a score; below it a logarithm says nothing
_LEVELS = 255


def tensor_noise(
    content: bytes, signature: str, seen: Seen, tensors: Sequence[int], images: Float32s
) -> dict[int, float]:
    """Variance that each tensor alone, stored as int8, gives the logarithms of scores.

    Args:
        content: a float32 file, and `seen` its ranges.
        tensors: numbers of tensors that it computes, or of its input.
        images: (n, R, R, 3), as the file takes them; a few suffice.
    """
    exact = log_scores(content, signature, images)
    return {
        tensor: _variance(
            exact, log_scores(_stored(content, tensor, seen), signature, images)
        )
        for tensor in tensors
    }


def log_scores(content: bytes, signature: str, images: Float32s) -> Float64s:
    """(n, classes); a file of one unit has two classes."""
    runner = Runner(content, signature)
    scores = np.stack([runner.scores(image) for image in images]).astype(np.float64)
    if scores.shape[1] == 1:
        scores = np.concatenate([1 - scores, scores], axis=1)
    return np.asarray(np.log(np.maximum(scores, _LEAST)))


def _variance(exact: Float64s, near: Float64s) -> float:
    likeliest = np.argsort(-exact, axis=1)[:, :_CLASSES]
    error = np.take_along_axis(near - exact, likeliest, axis=1)
    return float(error.var(axis=1).mean())


def _stored(content: bytes, tensor: int, seen: Seen) -> bytes:
    """The file with one tensor as int8: all that read it read what was stored."""
    model = tflite_graph.read(content)
    graph = model.subgraphs[0]
    name = tflite_graph.tensor_name(graph, tensor)
    stored = _like(graph, tensor, schema.TensorType.INT8)
    graph.tensors[stored].quantization = _steps(seen, name)
    real = _like(graph, tensor, schema.TensorType.FLOAT32)
    for operator in graph.operators:
        readers = [real if index == tensor else int(index) for index in operator.inputs]
        operator.inputs = np.array(readers, np.int32)
    made = [tensor in list(operator.outputs) for operator in graph.operators]
    index = made.index(True) + 1 if any(made) else 0
    kinds = schema.BuiltinOperator
    graph.operators[index:index] = [
        _operator(model, kinds.QUANTIZE, tensor, stored),
        _operator(model, kinds.DEQUANTIZE, stored, real),
    ]
    return tflite_graph.write(model)


def _like(graph: Any, tensor: int, kind: int) -> int:
    new = schema.TensorT()
    new.shape, new.type, new.buffer = graph.tensors[tensor].shape, kind, 0
    new.name = f"{tflite_graph.tensor_name(graph, tensor)}/{kind}".encode()
    graph.tensors.append(new)
    return len(graph.tensors) - 1


def _steps(seen: Seen, name: str) -> Any:
    low = min(seen.low[name], 0.0)
    scale = max(seen.width(name), 1e-12) / _LEVELS
    steps = schema.QuantizationParametersT()
    steps.scale = np.array([scale], np.float32)
    steps.zeroPoint = np.array([round(-128 - low / scale)], np.int64)
    return steps


def _operator(model: Any, kind: int, given: int, made: int) -> Any:
    code = schema.OperatorCodeT()
    code.builtinCode, code.deprecatedBuiltinCode, code.version = kind, kind, 1
    model.operatorCodes.append(code)
    operator = schema.OperatorT()
    operator.opcodeIndex = len(model.operatorCodes) - 1
    operator.inputs = np.array([given], np.int32)
    operator.outputs = np.array([made], np.int32)
    return operator
