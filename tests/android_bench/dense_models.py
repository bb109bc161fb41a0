"""Tiny .tflite classifiers whose answers differ from picture to picture and rung.

picture -> dense over all pixels -> softmax; one subgraph and signature a resolution in
one file. Random weights: nothing is learned, but scores spread and rungs disagree.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from convert.bundle import Bundle, described, write_bundle
from convert.manifest import Json, Look, Manifest, Preprocessing, Rung, Tensor

CLASSES = 36  # of glyphs
RESOLUTIONS = (8, 12, 16)
LOOK_SIDE = 48
_DENSE, _SOFTMAX, _LOGISTIC = 9, 25, 14
_DENSE_OPTIONS, _SOFTMAX_OPTIONS = 8, 9
_CODES = {"float32": 0, "int32": 2, "uint8": 3, "int8": 9}
_ZERO = {"float32": 0, "uint8": 128, "int8": 0}
_WEIGHT, _LOGIT = 0.02, 0.1  # scales of quantised tensors
_WAY = Preprocessing(
    crop="1.0",
    interpolation="bilinear",
    antialias=True,
    channels="RGB",
    mean=(127.5,) * 3,
    deviation=(127.5,) * 3,
)
RUNGS = tuple(f"dense@{side}" for side in RESOLUTIONS)


def cascade(*thresholds: float, rungs: Sequence[str] = RUNGS, **more: Any) -> Json:
    """The selector of most tests: a ladder of three rungs."""
    facts = {"kind": "cascade", "ladder": list(rungs), "confidence": "top1"}
    rest = {"answer": "last", "thresholds": list(thresholds), "temperatures": []}
    return {**facts, **rest, **more}


def bundle(
    folder: Path,
    selector: Json | None = None,
    dtype: str = "float32",
    signatures: bool = True,
    resolutions: Sequence[int] = RESOLUTIONS,
    look: bool = False,
) -> Bundle:
    """A bundle of one shared file, or without signatures of a file a rung."""
    parts = (
        [tuple(resolutions)]
        if signatures
        else [(resolution,) for resolution in resolutions]
    )
    files = {
        f"dense-{part[0]}.tflite": model(part, dtype, signatures) for part in parts
    }
    rungs = tuple(
        rung(resolution, f"dense-{part[0]}.tflite", place, dtype, signatures)
        for part in parts
        for place, resolution in enumerate(part)
    )
    if look:
        files["look.tflite"] = look_model(len(resolutions))
    manifest = Manifest(
        name="dense",
        files=described(files),
        rungs=rungs,
        selector=selector or cascade(0.5, 0.4),
        look=_look(len(resolutions)) if look else None,
    )
    return write_bundle(folder, manifest, files)


def rung(resolution: int, file: str, place: int, dtype: str, signatures: bool) -> Rung:
    """One rung, its MACs those of the dense layer."""
    quantised = dtype != "float32"
    zero, low = _ZERO[dtype], 0 if dtype == "uint8" else -128
    given = (1 / 128, zero) if quantised else (0.0, 0)
    answer = (1 / 256, low) if quantised else (0.0, 0)
    macs = resolution * resolution * 3 * CLASSES
    signature = f"at {resolution}px" if signatures else ""
    names = ("image", "scores")
    return Rung(
        rung=f"dense@{resolution}",
        model="dense",
        resolution=resolution,
        recipe=dtype,
        file=file,
        signature=signature,
        subgraph=place,
        macs=macs,
        parameters=macs,
        input=Tensor(
            name=names[0],
            dtype=dtype,
            shape=(1, resolution, resolution, 3),
            scale=given[0],
            zero_point=given[1],
        ),
        output=Tensor(
            name=names[1],
            dtype=dtype,
            shape=(1, CLASSES),
            scale=answer[0],
            zero_point=answer[1],
        ),
        preprocessing=_WAY,
    )


def model(
    resolutions: Sequence[int],
    dtype: str = "float32",
    signatures: bool = True,
    classes: int = CLASSES,
) -> bytes:
    """The file of these resolutions; uint8 and int8 take pixels and give 256ths."""
    made = _model((_DENSE, _SOFTMAX))
    for place, resolution in enumerate(resolutions):
        made.subgraphs.append(_graph(made, resolution, dtype, classes))
        if signatures:
            made.signatureDefs.append(_signature(f"at {resolution}px", place, 4))
    return _packed(made)


def look_model(rungs: int) -> bytes:
    """A thumbnail's chances: dense, then a sigmoid, float32."""
    made = _model((_DENSE, _LOGISTIC))
    inputs = LOOK_SIDE * LOOK_SIDE * 3
    random = np.random.default_rng(7)
    weights = random.normal(scale=3e-4, size=(rungs, inputs)).astype(np.float32)
    tensors = [
        _tensor("thumbnail", "float32", (1, LOOK_SIDE, LOOK_SIDE, 3), 0),
        _tensor("weights", "float32", weights.shape, _buffer(made, weights)),
        _tensor("bias", "float32", (rungs,), _buffer(made, np.zeros(rungs, "float32"))),
        _tensor("logits", "float32", (1, rungs), 0),
        _tensor("chances", "float32", (1, rungs), 0),
    ]
    made.subgraphs.append(_subgraph(tensors, 0, None))
    made.signatureDefs.append(_signature("serving_default", 0, 4))
    return _packed(made)


def _look(rungs: int) -> Look:
    given = Tensor(name="image", dtype="float32", shape=(1, LOOK_SIDE, LOOK_SIDE, 3))
    answer = Tensor(name="scores", dtype="float32", shape=(1, rungs))
    return Look(
        file="look.tflite",
        signature="serving_default",
        subgraph=0,
        input=given,
        output=answer,
    )


def _graph(
    made: schema.ModelT, resolution: int, dtype: str, classes: int
) -> schema.SubGraphT:
    inputs = resolution * resolution * 3
    random = np.random.default_rng(resolution)
    real = random.normal(scale=2.5 / resolution, size=(classes, inputs)).astype(
        np.float32
    )
    quantised = dtype != "float32"
    zero, low = _ZERO[dtype], 0 if dtype == "uint8" else -128
    bias = np.zeros(classes, "int32" if quantised else "float32")
    scales = {
        "image": (1 / 128, zero), "weights": (_WEIGHT, zero),
        "bias": (_WEIGHT / 128, 0), "logits": (_LOGIT, zero), "scores": (1 / 256, low),
    }  # fmt: skip
    weights = _stored(real, dtype, zero) if quantised else real
    tensors = [
        _tensor("image", dtype, (1, resolution, resolution, 3), 0),
        _tensor("weights", dtype, weights.shape, _buffer(made, weights)),
        _tensor("bias", bias.dtype.name, bias.shape, _buffer(made, bias)),
        _tensor("logits", dtype, (1, classes), 0),
        _tensor("scores", dtype, (1, classes), 0),
    ]
    for tensor in tensors if quantised else ():
        tensor.quantization = schema.QuantizationParametersT()
        scale, point = scales[tensor.name]
        tensor.quantization.scale, tensor.quantization.zeroPoint = [scale], [point]
    softmax = schema.SoftmaxOptionsT()
    softmax.beta = 1.0
    return _subgraph(tensors, _SOFTMAX_OPTIONS, softmax)


def _stored(real: Any, dtype: str, zero: int) -> Any:
    return (np.clip(np.rint(real / _WEIGHT), -127, 127) + zero).astype(dtype)


def _model(codes: Sequence[int]) -> schema.ModelT:
    made = schema.ModelT()
    made.version = 3
    made.operatorCodes = []
    for code in codes:
        one = schema.OperatorCodeT()
        one.builtinCode, one.deprecatedBuiltinCode, one.version = code, code, 1
        made.operatorCodes.append(one)
    made.buffers = [schema.BufferT()]
    made.subgraphs, made.signatureDefs, made.metadata = [], [], []
    return made


def _buffer(made: schema.ModelT, values: Any) -> int:
    one = schema.BufferT()
    one.data = np.frombuffer(values.tobytes(), np.uint8)
    made.buffers.append(one)
    return len(made.buffers) - 1


def _tensor(name: str, dtype: str, shape: Sequence[int], buffer: int) -> schema.TensorT:
    tensor = schema.TensorT()
    tensor.name, tensor.type, tensor.buffer = name, _CODES[dtype], buffer
    tensor.shape = np.array(shape, np.int32)
    return tensor


def _subgraph(
    tensors: list[schema.TensorT], kind: int, options: object
) -> schema.SubGraphT:
    graph = schema.SubGraphT()
    graph.tensors, graph.inputs, graph.outputs = tensors, [0], [4]
    dense, last = schema.OperatorT(), schema.OperatorT()
    dense.opcodeIndex, dense.inputs, dense.outputs = 0, [0, 1, 2], [3]
    dense.builtinOptionsType = _DENSE_OPTIONS
    dense.builtinOptions = schema.FullyConnectedOptionsT()
    last.opcodeIndex, last.inputs, last.outputs = 1, [3], [4]
    last.builtinOptionsType, last.builtinOptions = kind, options
    graph.operators = [dense, last]
    return graph


def _signature(key: str, subgraph: int, output: int) -> schema.SignatureDefT:
    one = schema.SignatureDefT()
    one.signatureKey, one.subgraphIndex = key, subgraph
    one.inputs, one.outputs = [_named("image", 0)], [_named("scores", output)]
    return one


def _named(name: str, tensor: int) -> schema.TensorMapT:
    one = schema.TensorMapT()
    one.name, one.tensorIndex = name, tensor
    return one


def _packed(made: schema.ModelT) -> bytes:
    builder = flatbuffers.Builder(1 << 12)
    builder.Finish(made.Pack(builder), b"TFL3")
    return bytes(builder.Output())
