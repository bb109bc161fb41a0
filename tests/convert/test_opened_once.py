"""A conversion opens and parses a rung's file once, and writes a bundle's once."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from convert import tflite_graph, to_bundle
from convert.image_input import entrance
from convert.metadata import About, finished, with_metadata
from convert.shared_weights import merged, merged_model
from convert.to_tflite import FloatFiles, at_resolution
from datasets.user_files import MOST_TEXT_BYTES, UserFile
from tests.convert.small import network, pretrained

RESOLUTIONS = [32, 24]


class Counted:
    """What is read from the disk, parsed and written while it counts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened: Counter[str] = Counter()
        self.parsed: Counter[bytes] = Counter()
        self.written = 0
        read, write, content = (
            tflite_graph.read, tflite_graph.write, UserFile.content,
        )  # fmt: skip

        def parsing(content: bytes) -> Any:
            self.parsed[bytes(content)] += 1
            return read(content)

        def writing(model: Any) -> bytes:
            self.written += 1
            return write(model)

        def opening(file: UserFile, most: int = MOST_TEXT_BYTES) -> bytes:
            self.opened[file.path.name] += file.path.parent.name == "parts"
            return content(file, most)

        monkeypatch.setattr(tflite_graph, "read", parsing)
        monkeypatch.setattr(tflite_graph, "write", writing)
        monkeypatch.setattr(UserFile, "content", opening)


@pytest.mark.parametrize("separate", [False, True])
def test_what_is_made_is_opened_parsed_and_written_once(
    separate: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = network(classes=36)

    def bundled() -> None:
        to_bundle(
            [model],
            "glyphs",
            tmp_path,
            resolutions=RESOLUTIONS,
            limit=8,
            normalisation="tf",
            separate=separate,
        )

    bundled()
    parts = {path.name: path.read_bytes() for path in (tmp_path / "parts").iterdir()}
    assert len(parts) == len(RESOLUTIONS)
    counted = Counted(monkeypatch)
    bundled()  # the rungs' files are there
    assert dict(+counted.opened) == dict.fromkeys(parts, 1)
    assert counted.parsed == Counter(parts.values())
    assert counted.written == (len(RESOLUTIONS) if separate else 1)


def test_a_file_of_another_resolution_is_parsed_and_written_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = FloatFiles(pretrained(network())).at(RESOLUTIONS[0])
    counted = Counted(monkeypatch)
    assert at_resolution(content, RESOLUTIONS[1])
    assert counted.parsed == Counter([content])
    assert counted.written == 1


def test_writing_once_gives_the_same_bytes() -> None:
    files = FloatFiles(pretrained(network()))
    contents = [files.at(resolution) for resolution in RESOLUTIONS]
    about, labels = About("net", "what"), list("abcde")
    models = [tflite_graph.read(content) for content in contents]
    once = finished(merged_model(models), about, entrance("tf"), labels)
    assert once == with_metadata(merged(contents), about, entrance("tf"), labels)
