"""Finished files of one model into one, a signature each, equal buffers stored once.

Merging comes last, so each signature keeps its own ranges and gives the scores of its
own file to the last bit. Weights are equal at all resolutions; what differs is small:
biases, and for integers the scales, which stand beside the tensors.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from convert import tflite_graph

_RUNTIME = b"min_runtime_version"


def merged(files: Sequence[bytes]) -> bytes:
    """One file; the subgraphs stand in the order of `files`.

    Args:
        files: each of one subgraph with one signature, under different names.
    """
    return tflite_graph.write(merged_model([tflite_graph.read(one) for one in files]))


def merged_model(models: Sequence[Any]) -> Any:
    """The ModelT of that file, of those of the others, which it takes apart."""
    target = schema.ModelT()
    target.version, target.description = 3, b"reswise: one signature a resolution"
    target.operatorCodes, target.subgraphs, target.signatureDefs = [], [], []
    target.buffers, target.metadata = [schema.BufferT()], []
    buffers, codes = _Buffers(target), _Codes(target)
    for model in models:
        _add(target, model, buffers, codes)
    return target


def _add(target: Any, model: Any, buffers: "_Buffers", codes: "_Codes") -> None:
    graph = model.subgraphs[0]
    for tensor in graph.tensors:
        tensor.buffer = buffers.place(model.buffers[tensor.buffer].data)
    for operator in graph.operators:
        operator.opcodeIndex = codes.place(model.operatorCodes[operator.opcodeIndex])
    signature = model.signatureDefs[0]
    signature.subgraphIndex = len(target.subgraphs)
    target.subgraphs.append(graph)
    target.signatureDefs.append(signature)
    _keep_runtime(target, model)


class _Buffers:
    """Where each content lies in the shared file."""

    def __init__(self, target: Any) -> None:
        self._target = target
        self._places: dict[bytes, list[int]] = {}

    def place(self, data: Any) -> int:
        """The number of the buffer of this content; 0, the empty one, for none."""
        if data is None or not len(data):
            return 0
        content = data.tobytes()
        same = self._places.setdefault(hashlib.sha256(content).digest(), [])
        for place in same:
            if self._target.buffers[place].data.tobytes() == content:
                return place
        buffer = schema.BufferT()
        buffer.data = data
        self._target.buffers.append(buffer)
        same.append(len(self._target.buffers) - 1)
        return same[-1]


class _Codes:
    """Where each operator with its version lies in the shared file."""

    def __init__(self, target: Any) -> None:
        self._target = target
        self._places: dict[tuple[object, ...], int] = {}

    def place(self, code: Any) -> int:
        key = (
            code.builtinCode,
            code.deprecatedBuiltinCode,
            code.customCode,
            code.version,
        )
        if key not in self._places:
            self._places[key] = len(self._target.operatorCodes)
            self._target.operatorCodes.append(code)
        return self._places[key]


def _keep_runtime(target: Any, model: Any) -> None:
    """The highest of the runtime versions that the files ask for."""
    for entry in model.metadata or []:
        if entry.name != _RUNTIME:
            continue
        data = model.buffers[entry.buffer].data
        known = target.metadata[0] if target.metadata else None
        if known is None:
            kept = schema.MetadataT()
            kept.name, kept.buffer = _RUNTIME, len(target.buffers)
            target.metadata.append(kept)
            target.buffers.append(schema.BufferT())
            known = kept
            target.buffers[known.buffer].data = data
        elif _version(data) > _version(target.buffers[known.buffer].data):
            target.buffers[known.buffer].data = data


def _version(data: Any) -> tuple[int, ...]:
    text = data.tobytes().rstrip(b"\0").decode()
    return tuple(int(part) for part in text.split(".") if part.isdigit())
