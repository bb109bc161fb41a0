"""tiny_tflite's classifiers with other ends: logits, or one unit; [1, n] or [n].

Each rung has weights of its own, so that rungs disagree.
"""

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from convert.score_kinds import LOGITS, ONE_LOGIT, ONE_PROBABILITY, PROBABILITIES
from tests.convert.tiny_tflite import Maker, classifier

LOGIT_SCALE = float(np.float32(0.1))  # of tiny_tflite's quantised logits
_LOGITS, _SCORES = 5, 6  # tensors of a graph
_LOGISTIC, _RESHAPE = 14, 22


def model(
    resolutions: tuple[int, ...],
    classes: int,
    dtype: str,
    kind: str = PROBABILITIES,
    flat: bool = False,
) -> bytes:
    """The file; its outputs are of `kind`, flat ones of shape [n]."""
    units = 1 if kind in (ONE_PROBABILITY, ONE_LOGIT) else classes
    maker = classifier(resolutions, units, dtype)
    if kind == PROBABILITIES:
        return maker.packed()
    for place, graph in enumerate(maker.model.subgraphs):
        _weigh(maker, graph, units, dtype, resolutions[place])
        if kind in (LOGITS, ONE_LOGIT):
            graph.operators.pop()
            graph.outputs = [_LOGITS]
        else:
            last = graph.operators[-1]
            last.opcodeIndex = _operation(maker, _LOGISTIC)
            last.builtinOptionsType, last.builtinOptions = 0, None
        if flat:
            _flatten(maker, graph, units)
        maker.model.signatureDefs[place].outputs[0].tensorIndex = graph.outputs[0]
    return maker.packed()


def _weigh(
    maker: Maker, graph: schema.SubGraphT, units: int, dtype: str, seed: int
) -> None:
    real = np.random.default_rng(seed).normal(scale=2, size=(units, 3))
    if dtype == "float32":
        stored = real.astype(np.float32)
    else:
        zero = 128 if dtype == "uint8" else 0
        stored = (np.clip(np.rint(real / 0.02), -127, 127) + zero).astype(dtype)
    graph.tensors[3].buffer = maker.buffer(stored.tobytes())


def _flatten(maker: Maker, graph: schema.SubGraphT, units: int) -> None:
    """[1, n] -> [n], by a reshape at the end."""
    held = graph.tensors[graph.outputs[0]]
    flat, shape = schema.TensorT(), schema.TensorT()
    flat.name, flat.type, flat.buffer = "flat", held.type, 0
    flat.shape, flat.quantization = np.array([units], np.int32), held.quantization
    shape.name, shape.type, shape.shape = "shape", 2, np.array([1], np.int32)
    shape.buffer = maker.buffer(np.array([units], np.int32).tobytes())
    count = len(graph.tensors)
    graph.tensors += [flat, shape]
    reshape = schema.OperatorT()
    reshape.opcodeIndex = _operation(maker, _RESHAPE)
    reshape.inputs, reshape.outputs = [graph.outputs[0], count + 1], [count]
    reshape.builtinOptionsType = 17
    reshape.builtinOptions = schema.ReshapeOptionsT()
    reshape.builtinOptions.newShape = np.array([units], np.int32)
    graph.operators.append(reshape)
    graph.outputs = [count]


def _operation(maker: Maker, code: int) -> int:
    """The place of an operation's code among the model's."""
    one = schema.OperatorCodeT()
    one.builtinCode, one.deprecatedBuiltinCode, one.version = code, code, 1
    maker.model.operatorCodes.append(one)
    return len(maker.model.operatorCodes) - 1
