"""The smallest .tflite classifiers that LiteRT runs, built with LiteRT's own schema.

mean over the picture -> dense -> softmax; one subgraph and signature a resolution, the
weights shared.
"""

from dataclasses import dataclass, field
from typing import Any

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


def metadata(mean: list[float], deviation: list[float]) -> bytes:
    """Metadata as the TFLite tools write it: one normalisation of the first input."""
    made = flatbuffers.Builder(256)

    def floats(values: list[float]) -> Any:
        made.StartVector(4, len(values), 4)
        for value in reversed(values):
            made.PrependFloat32(value)
        return made.EndVector()

    def table(fields: int, **offsets: Any) -> Any:
        made.StartObject(fields)
        for slot, offset in offsets.items():
            made.PrependUOffsetTRelativeSlot(int(slot[1:]), offset, 0)
        return made.EndObject()

    def vector(offset: Any) -> Any:
        made.StartVector(4, 1, 4)
        made.PrependUOffsetTRelative(offset)
        return made.EndVector()

    means, deviations = floats(mean), floats(deviation)
    options = table(2, f0=means, f1=deviations)
    made.StartObject(2)  # ProcessUnit: kind 1 of its union, NormalizationOptions
    made.PrependUint8Slot(0, 1, 0)
    made.PrependUOffsetTRelativeSlot(1, options, 0)
    unit = made.EndObject()
    units = vector(unit)
    tensors = vector(table(7, f4=units))
    graphs = vector(table(10, f2=tensors))
    made.Finish(table(8, f3=graphs), b"M001")
    return bytes(made.Output())


def with_metadata(maker: Maker, content: bytes) -> Maker:
    entry = schema.MetadataT()
    entry.name, entry.buffer = "TFLITE_METADATA", maker.buffer(content)
    maker.model.metadata = [entry]
    return maker


def ends_in(
    maker: Maker, code: int, outputs: int = 1, bias: float = 0.0, kind: int = 0
) -> Maker:
    """The first subgraph with another last operation over so many float outputs.

    code: of the operation; DENSE leaves the dense layer the last. kind: of its options.
    """
    graph = maker.model.subgraphs[0]
    real = np.random.default_rng(2).normal(size=(outputs, 3)).astype(np.float32)
    graph.tensors[3] = _tensor(
        "w", FLOAT32, real.shape, maker.buffer(real.tobytes()), None
    )
    constant = np.full(outputs, bias, np.float32)
    graph.tensors[4] = _tensor(
        "b", FLOAT32, (outputs,), maker.buffer(constant.tobytes()), None
    )
    for place in (5, 6):
        graph.tensors[place].shape = np.array([1, outputs], np.int32)
    if code == DENSE:
        graph.operators.pop()
        graph.outputs = [5]
        for signature in maker.model.signatureDefs:
            signature.outputs[0].tensorIndex = 5
        return maker
    maker.model.operatorCodes.append(_code(code))
    last = graph.operators[-1]
    last.opcodeIndex = len(maker.model.operatorCodes) - 1
    last.builtinOptionsType, last.builtinOptions = kind, None
    if kind == 9:
        last.builtinOptions = _softmax()
    return maker


def convolutional(
    resolution: int | None, classes: int = 5, float16: bool = False
) -> Maker:
    """conv 3 x 3 to 4 channels, stride 2, same padding -> mean -> dense -> softmax.

    resolution None: stored for one pixel, the size left open as converters do.
    float16: its weights are float16 constants, made float32 when it runs.
    """
    maker = classifier((8,), classes)
    graph = maker.model.subgraphs[0]
    random = np.random.default_rng(3)
    side = resolution or 1
    stored = np.float16 if float16 else np.float32
    kind = 1 if float16 else FLOAT32
    shapes = {"kernel": (4, 3, 3, 3), "shift": (4,), "dense": (classes, 4)}
    held = {
        name: random.normal(size=shape).astype(stored) for name, shape in shapes.items()
    }
    graph.tensors[0].shape = np.array([1, side, side, 3], np.int32)
    if resolution is None:
        graph.tensors[0].shapeSignature = np.array([1, -1, -1, 3], np.int32)
    half = -(-side // 2)
    graph.tensors[2].shape = np.array([1, 4], np.int32)
    graph.tensors.append(_tensor("map", FLOAT32, (1, half, half, 4), 0, None))
    maker.model.operatorCodes += [_code(3), _code(6)]
    made = []
    unpacking = []
    for name, values in held.items():
        graph.tensors.append(
            _tensor(name, kind, values.shape, maker.buffer(values.tobytes()), None)
        )
        made.append(len(graph.tensors) - 1)
        if float16:
            graph.tensors.append(_tensor(f"{name}/f32", FLOAT32, values.shape, 0, None))
            unpacking.append(_operation(4, [made[-1]], made[-1] + 1, 0, None))
            made[-1] += 1
    options = schema.Conv2DOptionsT()
    options.padding, options.strideH, options.strideW = 0, 2, 2
    options.dilationHFactor = options.dilationWFactor = 1
    conv = _operation(3, [0, made[0], made[1]], 7, 1, options)
    graph.operators[0].inputs = [7, 1]
    graph.operators[1].inputs = [2, made[2], 4]
    graph.operators = [*unpacking, conv, *graph.operators]
    return maker
