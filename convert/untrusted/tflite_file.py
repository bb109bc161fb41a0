"""What a .tflite file holds, read from its bytes alone; nothing in it is run.

The graph is checked as far as a runtime trusts it: indices of tensors, buffers and
operations exist, constants have the size of their shape, scales, options and shapes go
together, nothing is absurdly large, and no operation runs another subgraph, which could
go on for ever.
"""

import math
from dataclasses import dataclass

from convert.untrusted.flatbuffer import Table
from convert.untrusted.flatbuffer_check import check
from convert.untrusted.flatbuffer_layouts import TFLITE
from convert.untrusted.tflite_flow import Flow
from convert.untrusted.tflite_numbers import wrong_quantisation
from convert.untrusted.tflite_operators import NAMES, Operation, wrong_operation
from datasets.errors import BundleError, InputError

MOST_TENSOR_BYTES = 1 << 30
# tensors, operations and their indices, of all graphs: ten times 20 rungs of NASNet
_MOST_PARTS = 400_000
_MOST_GRAPHS = 256
_MOST_RANK = 16
_MOST_ENDS = 64  # inputs or outputs of one graph

# TensorType -> (name, bits an element); 0 bits: of no fixed size
_TYPES = {
    0: ("float32", 32), 1: ("float16", 16), 2: ("int32", 32), 3: ("uint8", 8),
    4: ("int64", 64), 5: ("string", 0), 6: ("bool", 8), 7: ("int16", 16),
    8: ("complex64", 64), 9: ("int8", 8), 10: ("float64", 64), 11: ("complex128", 128),
    12: ("uint64", 64), 13: ("resource", 0), 14: ("variant", 0), 15: ("uint32", 32),
    16: ("uint16", 16), 17: ("int4", 4), 18: ("bfloat16", 16), 19: ("int2", 2),
    20: ("uint4", 4), 21: ("float8_e4m3fn", 8), 22: ("float8_e5m2", 8),
}  # fmt: skip
_WITH_WEIGHTS = (3, 4, 9, 67)  # CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED,
#   TRANSPOSE_CONV
_CUSTOM = 32
_RUNS_SUBGRAPHS = {
    31: "CALL", 118: "IF", 119: "WHILE", 129: "CALL_ONCE", 200: "STABLEHLO_WHILE",
    209: "STABLEHLO_CASE",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class GraphTensor:
    """An input or output. scale 0: not quantised, or not with one scale."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    scale: float
    zero_point: int
    scales: int = 0  # how many it has; more than one: by channel
    free: tuple[bool, ...] = ()  # sides that its signature leaves open; none: empty


@dataclass(frozen=True, kw_only=True)
class Graph:
    """One subgraph."""

    inputs: tuple[GraphTensor, ...]
    outputs: tuple[GraphTensor, ...]
    ends_in: tuple[int, ...]  # codes from the output back, along each first input
    parameters: int  # weights and biases of convolutions and dense layers
    rounded: GraphTensor | None = None  # what QUANTIZE, its one reader, makes of input
    begins_scaling: bool = False  # arithmetic changes pixels before a convolution does


@dataclass(frozen=True)
class Signature:
    """A name of a subgraph, with the names of its inputs and outputs."""

    name: str
    subgraph: int
    inputs: tuple[str, ...]  # in the order of the subgraph's
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class TfliteFile:
    """One file."""

    where: str
    graphs: tuple[Graph, ...]
    signatures: tuple[Signature, ...]
    metadata: bytes = b""  # TFLITE_METADATA, itself a flatbuffer


def read_tflite(content: bytes, where: str) -> TfliteFile:
    """What the file holds, every offset and index in it checked.

    Raises:
        InputError: no .tflite file, cut short, or not one that may be run.
    """
    model = check(content, TFLITE, where)
    if model.count(9):
        raise model.reader.broken("its weights are to come from another file")
    for field, what in ((2, "graphs"), (6, "pieces of metadata"), (7, "signatures")):
        if model.count(field) > _MOST_GRAPHS:
            raise model.reader.broken(f"{model.count(field):,} {what}")
    reading = _Reading(model)
    read = {one.position: reading.graph(one) for one in dict.fromkeys(reading.graphs)}
    graphs = tuple(read[one.position] for one in reading.graphs)
    if not graphs:
        raise model.reader.broken("it has no graph")
    signatures = tuple(reading.signature(one) for one in model.tables(7))
    return TfliteFile(where, graphs, signatures, reading.metadata())


def _buffer(table: Table) -> tuple[int, int]:
    """(start, length) in the file; (0, 0): none. Large ones lie behind the rest."""
    offset, size = table.number(1, "Q"), table.number(2, "Q")
    if offset > 1:
        table.reader.inside(offset, size)
        return offset, size
    return table.vector(0, 1)


class _Reading:
    """The graphs of one model."""

    def __init__(self, model: Table) -> None:
        self.graphs = model.tables(2)
        self._model = model
        self._reader = model.reader
        self._buffers = tuple(_buffer(table) for table in model.tables(4))
        self._kinds = model.tables(1)
        self._codes = tuple(
            max(table.number(0, "b"), table.number(3, "i")) for table in self._kinds
        )
        self._parts = 0

    def metadata(self) -> bytes:
        for entry in self._model.tables(6):
            if entry.text(0) == "TFLITE_METADATA":
                index = self._place(entry.number(1, "I"), self._buffers, "buffer")
                start, length = self._buffers[index]
                return self._reader.content[start : start + length]
        return b""

    def graph(self, table: Table) -> Graph:
        self._spend(table.count(0) + table.count(3))
        tensors = table.tables(0)
        for tensor in tensors:
            self._check_tensor(tensor)
        operations = table.tables(3)
        for one in operations:
            self._check_operation(one, tensors)
        for field in (1, 2):
            if table.count(field) > _MOST_ENDS:
                raise self._reader.broken(f"a graph with {table.count(field):,} ends")
        inputs, outputs = (self._places(table, field, tensors, 0) for field in (1, 2))
        codes = [self._codes[one.number(0, "I")] for one in operations]
        flow = Flow(operations, codes)
        rounded = flow.rounded_to(inputs[0]) if inputs else None
        return Graph(
            inputs=tuple(_tensor(tensors[place]) for place in inputs),
            outputs=tuple(_tensor(tensors[place]) for place in outputs),
            ends_in=flow.back_from(outputs[0]) if outputs else (),
            parameters=self._parameters(flow, tensors),
            rounded=None if rounded is None else _tensor(tensors[rounded]),
            begins_scaling=bool(inputs) and flow.scaled_first(inputs[0]),
        )

    def _parameters(self, flow: Flow, tensors: tuple[Table, ...]) -> int:
        """The constants of layers, each once."""
        return sum(
            math.prod(tensors[constant].whole_numbers(0, 4))
            for constant in flow.constants_of(_WITH_WEIGHTS)
            if self._buffers[tensors[constant].number(2, "I")][1]
        )

    def signature(self, table: Table) -> Signature:
        subgraph = self._place(table.number(4, "I"), self.graphs, "subgraph")
        names = []
        for mapped, held in ((0, 1), (1, 2)):
            self._spend(table.count(mapped))
            by_tensor = {o.number(1, "I"): o.text(0) for o in table.tables(mapped)}
            order = self.graphs[subgraph].whole_numbers(held, 4)
            names.append(tuple(by_tensor.get(tensor, "") for tensor in order))
        return Signature(table.text(2), subgraph, *names)

    def _check_tensor(self, tensor: Table) -> None:
        if tensor.count(0) > _MOST_RANK:
            raise self._reader.broken(f"a tensor of {tensor.count(0):,} dimensions")
        kind, shape = tensor.number(1, "b"), tensor.whole_numbers(0, 4)
        if kind not in _TYPES:
            raise self._reader.broken(f"a tensor of the unknown type {kind}")
        if min(shape, default=1) < 0:
            raise self._reader.broken(f"a tensor of shape {shape}")
        bits = math.prod(shape) * _TYPES[kind][1]
        if bits > 8 * MOST_TENSOR_BYTES:
            raise self._reader.broken(
                f"a tensor of shape {shape} takes {bits // 8:,} bytes; expected at "
                f"most {MOST_TENSOR_BYTES:,}"
            )
        index = self._place(tensor.number(2, "I"), self._buffers, "buffer")
        held = self._buffers[index][1]
        sparse = tensor.place(6) is not None
        if held and bits and not sparse and held != -(-bits // 8):
            raise self._reader.broken(
                f"a tensor of shape {shape} has {held:,} bytes; expected {bits // 8:,}"
            )
        if why := wrong_quantisation(tensor, constant=held > 0):
            raise self._refused(f"a tensor of shape {shape} has {why}")

    def _check_operation(self, table: Table, tensors: tuple[Table, ...]) -> None:
        index = self._place(table.number(0, "I"), self._codes, "operation")
        code = self._codes[index]
        if code in _RUNS_SUBGRAPHS:
            raise self._refused(
                f"operation {_RUNS_SUBGRAPHS[code]} runs other subgraphs, perhaps for "
                "ever; a rung's may not. Export the model for inference, without "
                "control flow"
            )
        if code == _CUSTOM:
            raise self._refused(_custom(self._kinds[index].text(1)))
        operation = Operation(  # -1: an optional input left out
            _ends(tensors, self._places(table, 1, tensors, -1)),
            _ends(tensors, self._places(table, 2, tensors, 0)),
            table.table(4),
        )
        self._places(table, 8, tensors, -1)
        if why := wrong_operation(code, operation, table.number(3, "B")):
            raise self._refused(f"operation {NAMES[code]} has {why}")

    def _refused(self, what: str) -> InputError:
        return BundleError.of(self._reader.where, what)

    def _places(
        self, table: Table, field: int, tensors: tuple[Table, ...], least: int
    ) -> tuple[int, ...]:
        self._spend(table.count(field))
        indices = table.whole_numbers(field, 4)
        for index in (min(indices), max(indices)) if indices else ():
            if not least <= index < len(tensors):
                raise self._reader.broken(
                    f"tensor {index} of a graph of {len(tensors)} tensors"
                )
        return indices

    def _spend(self, parts: int) -> None:
        self._parts += parts
        if self._parts > _MOST_PARTS:
            raise self._reader.broken(f"more than {_MOST_PARTS:,} parts")

    def _place(self, index: int, among: tuple[object, ...], what: str) -> int:
        if index >= len(among):
            raise self._reader.broken(f"{what} {index} of {len(among)}")
        return index


def _ends(
    tensors: tuple[Table, ...], places: tuple[int, ...]
) -> tuple[Table | None, ...]:
    return tuple(tensors[place] if place >= 0 else None for place in places)


def _tensor(table: Table) -> GraphTensor:
    scale, zero_point, scales = 0.0, 0, 0
    if (quantised := table.table(4)) is not None:
        scales = quantised.count(2)
        if scales == 1:
            scale = quantised.floats(2)[0]
            if quantised.vector(3, 8)[1] == 1:
                zero_point = quantised.whole_numbers(3, 8)[0]
    name, _ = _TYPES[table.number(1, "b")]
    return GraphTensor(
        name=table.text(3),
        dtype=name,
        shape=table.whole_numbers(0, 4),
        scale=scale,
        zero_point=zero_point,
        scales=scales,
        free=tuple(resolution < 0 for resolution in table.whole_numbers(7, 4)),
    )


def _custom(name: str) -> str:
    """Why an operation of that name cannot run, and what to do."""
    shown = "".join(one if one.isprintable() else "_" for one in name)[:60]
    if shown.startswith("edgetpu"):
        return (
            f"operation {shown} runs on an Edge TPU alone; expected the file that the "
            "Edge TPU compiler was given, before it was compiled"
        )
    if shown.startswith("Flex"):
        return (
            f"operation {shown} is TensorFlow's {shown[4:]}, which LiteRT has not; "
            "expected a model converted without SELECT_TF_OPS"
        )
    return (
        f"operation {shown or '(without a name)'} is a custom one, which LiteRT has "
        "not; expected builtin operations only"
    )
