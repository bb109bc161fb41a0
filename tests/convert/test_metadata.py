"""TFLite metadata, read by offsets as the public schema numbers them.

metadata_schema.fbs 1.1.0: ModelMetadata name 0, subgraph_metadata 3; SubGraphMetadata
name 0, input 2, output 3; TensorMetadata content 3, process_units 4, associated_files
6; ProcessUnit options 1; NormalizationOptions mean 0, std 1; AssociatedFile name 0,
type 2.
"""

import io
import os
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flatbuffers import number_types
from flatbuffers.encode import Get
from flatbuffers.packer import uoffset
from flatbuffers.table import Table
from PIL import Image

from convert import tflite_graph
from convert.image_input import entrance
from convert.metadata import About, label_lines, with_metadata
from convert.running import Runner
from convert.shared_weights import merged
from convert.to_tflite import FloatFiles, signature_name
from tests.convert.small import SIDE, network, pixels, pretrained

LABELS = ["ant", "bee,\twasp", "cat\nkitten", "dög", "eel"]
_MEDIAPIPE = "RESWISE_TEST_MEDIAPIPE"


class _Read:
    """A table, its fields by number."""

    def __init__(self, data: bytes, place: int) -> None:
        self.table = Table(bytearray(data), place)

    def _at(self, field: int) -> int:
        return int(self.table.Offset(4 + 2 * field))

    def text(self, field: int) -> str:
        found: bytes = self.table.String(self._at(field) + self.table.Pos)
        return found.decode()

    def byte(self, field: int) -> int:
        flags = number_types.Uint8Flags
        return int(self.table.Get(flags, self._at(field) + self.table.Pos))

    def one(self, field: int) -> "_Read":
        place = self.table.Indirect(self._at(field) + self.table.Pos)
        return _Read(self.table.Bytes, place)

    def many(self, field: int) -> "list[_Read]":
        at = self._at(field)
        if not at:
            return []
        start = self.table.Vector(at)
        return [
            _Read(self.table.Bytes, self.table.Indirect(start + 4 * place))
            for place in range(self.table.VectorLen(at))
        ]

    def floats(self, field: int) -> list[float]:
        flags, at = number_types.Float32Flags, self._at(field)
        return [float(x) for x in self.table.GetVectorAsNumpy(flags, at)]


def _files(mode: str) -> list[bytes]:
    floats = FloatFiles(pretrained(network(), mode))
    return [floats.at(SIDE), floats.at(48)]


def _metadata(content: bytes) -> _Read:
    model = tflite_graph.read(content)
    places = {entry.name: entry.buffer for entry in model.metadata}
    data = model.buffers[places[b"TFLITE_METADATA"]].data.tobytes()
    assert data[4:8] == b"M001"
    return _Read(data, Get(uoffset, data, 0))


@pytest.mark.parametrize(
    ("mode", "mean", "deviation"),
    [("tf", 127.5, 127.5), ("caffe", 128.0, 1.0), ("none", 0.0, 1.0)],
)
def test_every_subgraph_says_how_pixels_enter(
    mode: str, mean: float, deviation: float
) -> None:
    shared = merged(_files(mode))
    content = with_metadata(shared, About("net", "what"), entrance(mode), LABELS)
    root = _metadata(content)
    assert root.text(0) == "net"
    assert [graph.text(0) for graph in root.many(3)] == [
        "resolution_32",
        "resolution_48",
    ]
    for graph in root.many(3):
        (image,), (scores,) = graph.many(2), graph.many(3)
        (unit,) = image.many(4)
        assert unit.byte(0) == 1  # NormalizationOptions
        assert unit.one(1).floats(0) == [mean] * 3
        assert unit.one(1).floats(1) == [deviation] * 3
        assert image.one(3).byte(0) == 2  # ImageProperties
        assert image.one(3).one(1).byte(0) == 1  # RGB
        (file,) = scores.many(6)
        assert (file.text(0), file.byte(2)) == ("labels.txt", 2)  # TENSOR_AXIS_LABELS


def test_labels_are_attached_stored_and_one_a_line() -> None:
    content = with_metadata(_files("tf")[0], About("net", ""), entrance("tf"), LABELS)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (info,) = archive.infolist()
        assert (info.filename, info.compress_type) == ("labels.txt", zipfile.ZIP_STORED)
        lines = archive.read("labels.txt").decode().splitlines()
    assert lines == ["ant", "bee, wasp", "cat kitten", "dög", "eel"]
    assert label_lines(LABELS).count("\n") == len(LABELS)


def test_scores_and_bytes_are_those_of_the_file_without() -> None:
    plain = _files("tf")[0]
    labelled = with_metadata(plain, About("net", ""), entrance("tf"), LABELS)
    again = with_metadata(plain, About("net", ""), entrance("tf"), LABELS)
    assert labelled == again
    image = entrance("tf").images(pixels(1))[0]
    runners = [Runner(one, signature_name(SIDE)) for one in (plain, again)]
    assert np.array_equal(runners[0].scores(image), runners[1].scores(image))
    assert (
        not _metadata(with_metadata(plain, About("n", ""), entrance("tf"), None))
        .many(3)[0]
        .many(3)[0]
        .many(6)
    )


_CLASSIFY = """
import sys
from mediapipe import Image
from mediapipe.tasks.python import BaseOptions, vision
options = vision.ImageClassifierOptions(BaseOptions(sys.argv[1]))
with vision.ImageClassifier.create_from_options(options) as classifier:
    found = classifier.classify(Image.create_from_file(sys.argv[2])).classifications
    for one in found[0].categories:
        print(one.index, one.score, one.category_name, sep="\\t")
"""


@pytest.mark.parametrize("mode", ["tf", "caffe", "torch"])
def test_mediapipe_gives_the_scores_of_keras(tmp_path: Path, mode: str) -> None:
    """In an environment of its own: it wants another absl than TensorFlow Datasets."""
    python = os.environ.get(_MEDIAPIPE)
    if not python:
        pytest.skip(f"{_MEDIAPIPE} names no Python that has mediapipe")
    content = with_metadata(_files(mode)[0], About("net", ""), entrance(mode), LABELS)
    file, picture = tmp_path / "net.tflite", tmp_path / "picture.png"
    file.write_bytes(content)
    given: Any = pixels(1)[0].astype(np.uint8)
    Image.fromarray(given).save(picture)
    done = subprocess.run(
        [python, "-c", _CLASSIFY, str(file), str(picture)],
        capture_output=True,
        text=True,
        check=True,
    )
    own = Runner(content, signature_name(SIDE)).scores(entrance(mode).images(given))
    rows = [line.split("\t") for line in done.stdout.splitlines() if "\t" in line]
    assert len(rows) == len(LABELS)
    for index, score, name in rows:
        assert float(score) == pytest.approx(float(own[int(index)]), abs=2e-3)
        assert name == " ".join(LABELS[int(index)].split())
