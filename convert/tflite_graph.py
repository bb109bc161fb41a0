"""A .tflite file as objects: read, name, count and write it.

The objects are those of schema_py_generated, which LiteRT generates from TensorFlow's
schema.fbs. Written files keep every buffer on a multiple of 16 bytes, as that schema
asks for and as some kernels need.
"""

import hashlib
import math
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

IMAGE, SCORES = "image", "scores"  # names of the input and the output
IDENTIFIER = b"TFL3"
_ALIGNMENT = 16  # bytes; force_align of Buffer.data
_SMALL = 1 << 16  # bytes; larger vectors are weights, which are compared elsewhere
_OPERATORS = {
    number: name
    for name, number in vars(schema.BuiltinOperator).items()
    if not name.startswith("_")
}
_UNCHARGED = frozenset(
    {
        "ABS", "ADD", "ARG_MAX", "ARG_MIN", "AVERAGE_POOL_2D", "BATCH_TO_SPACE_ND",
        "BROADCAST_TO", "CAST", "CEIL", "CONCATENATION", "COS", "CUMSUM", "DENSIFY",
        "DEQUANTIZE", "DIV", "ELU", "EQUAL", "EXP", "EXPAND_DIMS", "FILL", "FLOOR",
        "FLOOR_DIV", "FLOOR_MOD", "GATHER", "GATHER_ND", "GELU", "GREATER",
        "GREATER_EQUAL", "HARD_SWISH", "L2_NORMALIZATION", "LEAKY_RELU", "LESS",
        "LESS_EQUAL", "LOG", "LOGICAL_AND", "LOGICAL_NOT", "LOGICAL_OR", "LOGISTIC",
        "LOG_SOFTMAX", "MAXIMUM", "MAX_POOL_2D", "MEAN", "MINIMUM", "MIRROR_PAD", "MUL",
        "NEG", "NOT_EQUAL", "ONE_HOT", "PACK", "PAD", "PADV2", "POW", "PRELU",
        "QUANTIZE", "RANGE", "REDUCE_MAX", "REDUCE_MIN", "RELU", "RELU6",
        "RELU_0_TO_1", "RELU_N1_TO_1", "RESHAPE", "RESIZE_BILINEAR",
        "RESIZE_NEAREST_NEIGHBOR", "REVERSE_V2", "ROUND", "RSQRT", "SELECT",
        "SELECT_V2", "SHAPE", "SIGN", "SIN", "SLICE", "SOFTMAX", "SPACE_TO_BATCH_ND",
        "SPLIT", "SPLIT_V", "SQRT", "SQUARE", "SQUARED_DIFFERENCE", "SQUEEZE",
        "STRIDED_SLICE", "SUB", "SUM", "TANH", "TILE", "TOPK_V2", "TRANSPOSE", "UNPACK",
        "ZEROS_LIKE",
    }
)  # fmt: skip


class _Builder(flatbuffers.Builder):  # type: ignore[misc]
    """Aligns buffers, and writes equal vectors and strings once.

    The scales and zero points of a channel-wise quantised file are a tenth of it, and
    names as much: all rungs of a shared file point at the same ones.
    """

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._written: dict[tuple[str, bytes], int] = {}

    def StartVector(  # noqa: N802
        self,
        elemSize: int,  # noqa: N803
        numElems: int,  # noqa: N803
        alignment: int,
    ) -> int:
        """Python's builder aligns a vector of bytes to 1; the schema wants 16."""
        aligned = _ALIGNMENT if elemSize == 1 else alignment
        return int(super().StartVector(elemSize, numElems, aligned))

    def CreateNumpyVector(self, x: NDArray[Any]) -> int:  # noqa: N802
        """The offset of a vector; a small one that is written already serves."""
        if x.nbytes > _SMALL:
            return int(super().CreateNumpyVector(x))
        key = (x.dtype.str, x.tobytes())
        if key not in self._written:
            self._written[key] = int(super().CreateNumpyVector(x))
        return self._written[key]

    def CreateString(  # noqa: N802
        self, s: str | bytes, encoding: str = "utf-8", errors: str = "strict"
    ) -> int:
        """The same for strings."""
        content = s if isinstance(s, bytes) else s.encode(encoding, errors)
        key = ("string", content)
        if key not in self._written:
            self._written[key] = int(super().CreateString(content))
        return self._written[key]


def read(content: bytes) -> Any:
    """The ModelT of a file; its buffers are views of `content`.

    litert-quantizer stores buffers behind the flatbuffer, by offset, which older
    runtimes do not know; here they are where all others look for them.
    """
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    for buffer in model.buffers:
        if buffer.offset > 1:
            buffer.data = np.frombuffer(content, np.uint8, buffer.size, buffer.offset)
        buffer.offset = buffer.size = 0
    return model


def write(model: Any) -> bytes:
    """The file of a ModelT, without buffers that nothing in it uses."""
    _drop_unused_buffers(model)
    builder = _Builder(1 << 20)
    builder.Finish(model.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


def _drop_unused_buffers(model: Any) -> None:
    """Buffer 0 is the empty one by the schema, and stays."""
    users = [tensor for graph in model.subgraphs for tensor in graph.tensors]
    users += list(model.metadata or [])
    places = {0: 0}
    for user in users:
        user.buffer = places.setdefault(int(user.buffer), len(places))
    model.buffers = [model.buffers[old] for old in places]
    model.metadataBuffer = None  # the old list of the same, which nothing reads


class Opened:
    """A file read once: its bytes, and its objects, parsed when first asked for."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    @cached_property
    def model(self) -> Any:
        """The ModelT, for all who look at it; the last of them may take it apart."""
        return read(self.content)

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def named(
    content: bytes, signature: str, image: str = IMAGE, scores: str = SCORES
) -> bytes:
    """The same file with one signature, and its input and output called so."""
    model = read(content)
    name(model, signature, image, scores)
    return write(model)


def name(model: Any, signature: str, image: str = IMAGE, scores: str = SCORES) -> None:
    """The same, of a ModelT."""
    graph = model.subgraphs[0]
    graph.name = signature.encode()
    graph.tensors[graph.inputs[0]].name = image.encode()
    graph.tensors[graph.outputs[0]].name = scores.encode()
    model.signatureDefs = [signature_of(graph, signature, 0, image, scores)]


def signature_of(
    graph: Any, name: str, subgraph: int, image: str = IMAGE, scores: str = SCORES
) -> Any:
    """The SignatureDefT of a subgraph of one input and one output."""
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = name.encode(), subgraph
    signature.inputs = [_tensor_map(image, graph.inputs[0])]
    signature.outputs = [_tensor_map(scores, graph.outputs[0])]
    return signature


def _tensor_map(name: str, index: int) -> Any:
    mapped = schema.TensorMapT()
    mapped.name, mapped.tensorIndex = name.encode(), int(index)
    return mapped


def operator_name(model: Any, operator: Any) -> str:
    """Such as CONV_2D."""
    code = model.operatorCodes[operator.opcodeIndex]
    return str(_OPERATORS[max(code.builtinCode, code.deprecatedBuiltinCode)])


def tensor_name(graph: Any, index: int) -> str:
    """The name of a tensor; fused layers stand in it, separated by semicolons."""
    name = graph.tensors[index].name
    return str(name.decode() if isinstance(name, bytes) else name)


def constant(model: Any, graph: Any, index: int) -> NDArray[np.float32] | None:
    """The float32 values of a constant tensor, or None: not constant, not float32."""
    if index < 0:
        return None
    tensor = graph.tensors[index]
    data = model.buffers[tensor.buffer].data
    if data is None or tensor.type != schema.TensorType.FLOAT32:
        return None
    return np.frombuffer(data.tobytes(), np.float32).reshape(tensor.shape)


def set_constant(
    model: Any, graph: Any, operator: Any, input_index: int, values: NDArray[np.float32]
) -> None:
    """Gives an operator other float32 values at one of its inputs, and no other one.

    Layers without a bias share one tensor of zeros, or have none: those get their own.
    """
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(values.astype("<f4").tobytes(), np.uint8)
    model.buffers.append(buffer)
    inputs = [int(index) for index in operator.inputs]
    inputs += [-1] * (input_index + 1 - len(inputs))
    if inputs[input_index] < 0 or _uses(graph, inputs[input_index]) > 1:
        tensor = schema.TensorT()
        tensor.shape = np.array(values.shape, np.int32)
        tensor.type = schema.TensorType.FLOAT32
        tensor.name = (
            f"{tensor_name(graph, operator.outputs[0])}/{input_index}".encode()
        )
        inputs[input_index] = len(graph.tensors)
        graph.tensors.append(tensor)
        operator.inputs = np.array(inputs, np.int32)
    graph.tensors[inputs[input_index]].buffer = len(model.buffers) - 1


def _uses(graph: Any, index: int) -> int:
    return sum(int(i) == index for one in graph.operators for i in one.inputs)


def operator_macs(model: Any, graph: Any) -> Iterator[tuple[str, str, int | None]]:
    """(operator, output tensor, multiply-accumulates) of each operator of one image.

    The convention is that of keras_models.macs; None: an operator without a formula.
    """
    for operator in graph.operators:
        name = operator_name(model, operator)
        label = tensor_name(graph, operator.outputs[0])
        yield name, label, _macs(name, graph, operator)


def _macs(name: str, graph: Any, operator: Any) -> int | None:
    if name in _UNCHARGED:
        return 0
    shapes = [list(graph.tensors[i].shape) for i in operator.inputs if i >= 0]
    output = list(graph.tensors[operator.outputs[0]].shape)
    if name in ("CONV_2D", "DEPTHWISE_CONV_2D"):  # filter (O, h, w, I) or (1, h, w, C)
        # a dilated one may have its image cut into a batch of smaller ones
        return int(math.prod(shapes[1]) * math.prod(output[:3]))
    if name == "FULLY_CONNECTED":  # filter (O, I)
        return int(math.prod(output) * shapes[1][-1])
    if name == "BATCH_MATMUL":  # rows of the first, along what both have
        along = shapes[0][-2 if operator.builtinOptions.adjX else -1]
        return int(math.prod(output) * along)
    if name == "TRANSPOSE_CONV":  # output shape, filter (O, h, w, I), input
        return int(math.prod(shapes[1]) * math.prod(shapes[2][1:3]))
    return None
