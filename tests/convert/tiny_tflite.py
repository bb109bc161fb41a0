"""The smallest .tflite classifiers that LiteRT runs, built with LiteRT's own schema.

mean over the picture -> dense -> softmax; one subgraph and signature a resolution, the
weights shared.
"""

from dataclasses import dataclass, field

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

FLOAT32, INT32, UINT8, INT8 = 0, 2, 3, 9
MEAN, DENSE, SOFTMAX = 40, 9, 25
_TYPES = {"float32": FLOAT32, "uint8": UINT8, "int8": INT8}


@dataclass
class Maker:
    """A model in LiteRT's object form, and what its tensors share."""

    model: schema.ModelT = field(default_factory=schema.ModelT)

    def __post_init__(self) -> None:
        self.model.version = 3
        self.model.operatorCodes = [_code(code) for code in (MEAN, DENSE, SOFTMAX)]
        self.model.buffers = [schema.BufferT()]
        self.model.subgraphs, self.model.signatureDefs = [], []
        self.model.metadata = []

    def buffer(self, content: bytes) -> int:
        one = schema.BufferT()
        one.data = np.frombuffer(content, np.uint8)
        self.model.buffers.append(one)
        return len(self.model.buffers) - 1

    def packed(self) -> bytes:
        builder = flatbuffers.Builder(1 << 12)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def classifier(
    resolutions: tuple[int, ...] = (8, 16),
    classes: int = 5,
    dtype: str = "float32",
    signatures: bool = True,
) -> Maker:
    """A model of random weights; `dtype` is of input and output.

    uint8 and int8 take pixels as they are (real -1..1) and give 256ths.
    """
    maker = Maker()
    random = np.random.default_rng(1)
    real = random.normal(size=(classes, 3)).astype(np.float32)
    weights: np.ndarray = real if dtype == "float32" else _stored(real, dtype)
    bias_type = np.float32 if dtype == "float32" else np.int32
    shared = [
        maker.buffer(one.tobytes())
        for one in (np.array([1, 2], np.int32), weights, np.zeros(classes, bias_type))
    ]
    for place, resolution in enumerate(resolutions):
        maker.model.subgraphs.append(_graph(resolution, classes, dtype, shared))
        if signatures:
            maker.model.signatureDefs.append(_signature(place, resolution))
    return maker


def _stored(real: np.ndarray, dtype: str) -> np.ndarray:
    zero = 128 if dtype == "uint8" else 0
    return (np.clip(np.rint(real / 0.02), -127, 127) + zero).astype(dtype)


def _graph(
    resolution: int, classes: int, dtype: str, shared: list[int]
) -> schema.SubGraphT:
    kind, quantised = _TYPES[dtype], dtype != "float32"
    zero = {"float32": 0, "uint8": 128, "int8": 0}[dtype]
    low = 0 if dtype == "uint8" else -128
    bias = INT32 if quantised else FLOAT32
    pixels, half = (1 / 128, zero), (0.1, zero)
    tensors = [
        _tensor("image", kind, (1, resolution, resolution, 3), 0, pixels),
        _tensor("axes", INT32, (2,), shared[0], None),
        _tensor("mean", kind, (1, 3), 0, pixels),
        _tensor("weights", kind, (classes, 3), shared[1], (0.02, zero)),
        _tensor("bias", bias, (classes,), shared[2], (0.02 / 128, 0)),
        _tensor("logits", kind, (1, classes), 0, half),
        _tensor("scores", kind, (1, classes), 0, (1 / 256, low)),
    ]
    if not quantised:
        for tensor in tensors:
            tensor.quantization = None
    graph = schema.SubGraphT()
    graph.name = f"r{resolution}"
    graph.tensors = tensors
    graph.inputs, graph.outputs = [0], [6]
    graph.operators = [
        _operation(0, [0, 1], 2, 27, schema.ReducerOptionsT()),
        _operation(1, [2, 3, 4], 5, 8, schema.FullyConnectedOptionsT()),
        _operation(2, [5], 6, 9, _softmax()),
    ]
    return graph


def _softmax() -> schema.SoftmaxOptionsT:
    options = schema.SoftmaxOptionsT()
    options.beta = 1.0
    return options


def _tensor(
    name: str,
    kind: int,
    shape: tuple[int, ...],
    buffer: int,
    quantised: tuple[float, int] | None,
) -> schema.TensorT:
    tensor = schema.TensorT()
    tensor.name, tensor.type, tensor.buffer = name, kind, buffer
    tensor.shape = np.array(shape, np.int32)
    if quantised:
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale = [quantised[0]]
        tensor.quantization.zeroPoint = [quantised[1]]
    return tensor


def _code(code: int) -> schema.OperatorCodeT:
    one = schema.OperatorCodeT()
    one.builtinCode, one.deprecatedBuiltinCode, one.version = code, code, 1
    return one


def _operation(
    code: int, inputs: list[int], output: int, kind: int, options: object
) -> schema.OperatorT:
    one = schema.OperatorT()
    one.opcodeIndex, one.inputs, one.outputs = code, inputs, [output]
    one.builtinOptionsType, one.builtinOptions = kind, options
    return one


def _signature(subgraph: int, resolution: int) -> schema.SignatureDefT:
    one = schema.SignatureDefT()
    one.signatureKey, one.subgraphIndex = f"r{resolution}", subgraph
    one.inputs, one.outputs = [_named("x", 0)], [_named("y", 6)]
    return one


def _named(name: str, tensor: int) -> schema.TensorMapT:
    one = schema.TensorMapT()
    one.name, one.tensorIndex = name, tensor
    return one
