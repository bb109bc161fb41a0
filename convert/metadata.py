"""TFLite metadata, as MediaPipe, ML Kit and Android Studio read it.

A flatbuffer of its own inside the .tflite says how pixels are normalised and which file
names the classes; that file is attached as a zip behind the .tflite. The tables and
the numbers of their fields are those of metadata_schema.fbs 1.1.0 of TFLite Support
(https://github.com/tensorflow/tflite-support). Its own writer does not install beside
current TensorFlow, so this writes the few tables that are needed.
"""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from convert import tflite_graph
from convert.image_input import Entrance
from datasets.shown import shown

LABELS_FILE = "labels.txt"
_ENTRY = b"TFLITE_METADATA"
_IDENTIFIER = b"M001"
_PARSER = "1.0.0"  # of the fields used here
# Of the unions and enums of the schema:
_IMAGE_PROPERTIES, _RGB = 2, 1
_NORMALISATION = 1
_AXIS_LABELS = 2


@dataclass(frozen=True)
class About:
    """What people read."""

    name: str
    description: str
    licence: str = ""


def with_metadata(
    content: bytes, about: About, taken: Entrance, labels: Sequence[str] | None
) -> bytes:
    """The file with metadata for each of its subgraphs, and the labels attached."""
    return finished(tflite_graph.read(content), about, taken, labels)


def finished(
    model: Any, about: About, taken: Entrance, labels: Sequence[str] | None
) -> bytes:
    """The same of a ModelT, which is written once, when all is in it."""
    buffer = schema.BufferT()
    facts = _metadata(model, about, taken, bool(labels))
    buffer.data = np.frombuffer(facts, np.uint8)
    entry = schema.MetadataT()
    entry.name, entry.buffer = _ENTRY, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    whole = tflite_graph.write(model)
    return _attached(whole, label_lines(labels)) if labels else whole


def label_lines(labels: Sequence[str]) -> str:
    """One class a line, in the order of the scores; a name's own line breaks go."""
    return "".join(shown(" ".join(name.split())) + "\n" for name in labels)


def _attached(content: bytes, text: str) -> bytes:
    """Files are stored, not deflated: Android reads them in place."""
    file = io.BytesIO(content)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(LABELS_FILE), text)  # a fixed date: 1980
    return file.getvalue()


def _metadata(model: Any, about: About, taken: Entrance, labelled: bool) -> bytes:
    tables = _Tables()
    subgraphs = [
        tables.table(
            {
                0: tables.text(graph.name.decode()),
                2: tables.vector([_input(tables, taken)]),
                3: tables.vector([_output(tables, labelled)]),
            }
        )
        for graph in model.subgraphs
    ]
    fields = {
        0: tables.text(about.name),
        1: tables.text(about.description),
        3: tables.vector(subgraphs),
        5: tables.text(about.licence),
        7: tables.text(_PARSER),
    }
    return tables.finished(tables.table(fields))


def _input(tables: "_Tables", taken: Entrance) -> int:
    mean, deviation = (
        tables.floats([value] * 3) for value in (taken.mean, taken.deviation)
    )
    normalisation = tables.table({0: mean, 1: deviation})
    unit = tables.table({1: normalisation}, {0: _NORMALISATION})
    image = tables.table({}, {0: _RGB})
    content = tables.table({1: image}, {0: _IMAGE_PROPERTIES})
    about = "RGB pixels, (pixel - mean) / std for pixels in 0..255"
    fields = {
        0: tables.text(tflite_graph.IMAGE),
        1: tables.text(about),
        3: content,
        4: tables.vector([unit]),
    }
    return tables.table(fields)


def _output(tables: "_Tables", labelled: bool) -> int:
    fields = {
        0: tables.text(tflite_graph.SCORES),
        1: tables.text("probability of each class"),
    }
    if labelled:
        name = tables.text(LABELS_FILE)
        file = tables.table({0: name}, {2: _AXIS_LABELS})
        fields[6] = tables.vector([file])
    return tables.table(fields)


class _Tables:
    """Writes tables of a flatbuffer by the numbers of their fields."""

    def __init__(self) -> None:
        self._builder: Any = flatbuffers.Builder(1024)

    def text(self, value: str) -> int:
        return int(self._builder.CreateString(value))

    def floats(self, values: list[float]) -> int:
        return int(self._builder.CreateNumpyVector(np.array(values, np.float32)))

    def vector(self, tables: list[int]) -> int:
        self._builder.StartVector(4, len(tables), 4)
        for table in reversed(tables):
            self._builder.PrependUOffsetTRelative(table)
        return int(self._builder.EndVector())

    def table(
        self, fields: dict[int, int], single_bytes: dict[int, int] | None = None
    ) -> int:
        """A table of offsets of what was written before, and of single bytes."""
        single_bytes = single_bytes or {}
        self._builder.StartObject(max([*fields, *single_bytes]) + 1)
        for field, offset in fields.items():
            self._builder.PrependUOffsetTRelativeSlot(field, offset, 0)
        for field, value in single_bytes.items():
            self._builder.PrependUint8Slot(field, value, 0)
        return int(self._builder.EndObject())

    def finished(self, root: int) -> bytes:
        self._builder.Finish(root, _IDENTIFIER)
        return bytes(self._builder.Output())
