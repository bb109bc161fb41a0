"""The module itself: its own cases, hostile bundles, its kinds of bundles."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convert.bundle import described, write_bundle
from convert.manifest import MANIFEST_FILE
from selection.selectors.thumbnail import look
from tests.android_app.module import java
from tests.convert import tiny_bundle
from tests.convert.untrusted.hostile import HOSTILE

pytestmark = pytest.mark.checkout

# What only a reader of the flatbuffer finds: LiteRT's on a phone, `bundle verify` here.
# Their files are as the manifest declares them, byte by byte.
_IN_THE_FILE = {
    "no flatbuffer", "a flatbuffer of 6 bytes", "a flatbuffer cut in half",
    "a root far outside", "a vector of 2^30 graphs", "a table with a field outside",
    "a string without an end", "options of an unknown kind",
    "a tensor of an unknown type", "graphs that share all",
    "a buffer that is not there", "a tensor that is not there",
    "an operation that is not there", "a graph that runs itself",
    "weights of another size", "a tensor of a tebibyte", "a tensor of negative shape",
    "a zip bomb", "a zip of 100 files", "a zip that lies", "a zip that boasts",
    "a broken zip", "a subgraph that is not there", "a signature that is not there",
    "a signature of another graph", "a graph without scores", "another input's name",
    "another shape in the file", "another dtype in the file",
    "another scale in the file",
}  # fmt: skip


def test_its_own_cases_pass(tmp_path: Path) -> None:
    """Counted by hand; threads, cancelling, closing, assets, bitmaps, engines."""
    assert java("own", tiny_bundle.write(tmp_path / "tiny")).strip() == "all passed"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the module says of each hostile bundle, all in one JVM."""
    folders = []
    for hostile in HOSTILE.values():
        folder = tmp_path_factory.mktemp("hostile") / "bundle"
        folder.mkdir()
        hostile.make(folder)
        folders.append(folder)
    # little memory: a size that lies must not be believed
    lines = java("open", *folders, options=("-Xmx96m",)).splitlines()
    assert len(lines) == len(folders)  # each refusal is one line
    return dict(zip(HOSTILE, lines, strict=True))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_bundle_is_refused_in_one_line(
    name: str, opened: dict[str, str]
) -> None:
    line = opened[name]
    if name in _IN_THE_FILE:
        assert re.match("refused|opened", line), line
        return
    assert line.startswith("refused "), line
    assert len(line) < 400
    assert "bundle" in line  # it says where


def test_their_lines_differ(opened: dict[str, str]) -> None:
    lines = [opened[name] for name in HOSTILE if name not in _IN_THE_FILE]
    assert len(lines) >= 60
    assert len(set(lines)) > 0.9 * len(lines)


def test_a_selector_of_another_kind_is_refused_in_one_line(tmp_path: Path) -> None:
    """Such as one that a later version of reswise writes."""
    folder = tiny_bundle.write(tmp_path / "tiny")
    path = folder / MANIFEST_FILE
    text = path.read_text().replace('"cascade"', '"agreement"')
    path.write_text(text)
    (line,) = java("open", folder).splitlines()
    assert "kind is 'agreement'; expected one of fixed, random, cascade" in line
    path.write_text(text.replace('"agreement"', '"cascade"').replace('"top1"', '"new"'))
    (line,) = java("open", folder).splitlines()
    assert "confidence is 'new'; expected one of top1, margin" in line


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    folder = tiny_bundle.write(tmp_path / "tiny")
    model = folder / "tiny.tflite"
    model.write_bytes(model.read_bytes()[:-1])
    (line,) = java("open", folder).splitlines()
    assert "1611 bytes; the manifest declares 1612" in line


def test_every_cut_of_a_manifest_is_refused(tmp_path: Path) -> None:
    """Cut after any byte it is no manifest; none of the cuts crashes the reader."""
    text = (tiny_bundle.write(tmp_path / "tiny") / MANIFEST_FILE).read_bytes().rstrip()
    folders = []
    for length in range(0, len(text), 37):
        folder = tmp_path / str(length)
        shutil.copytree(tmp_path / "tiny", folder)
        (folder / MANIFEST_FILE).write_bytes(text[:length])
        folders.append(folder)
    lines = java("open", *folders).splitlines()
    assert [line for line in lines if not line.startswith("refused ")] == []


def test_thumbnails_are_seen_as_python_sees_them(tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    pixels = random.uniform(0, 255, (20, 48, 48, 3)).astype("<f4")
    pixels[0] = 128  # nothing moves: every energy is the floor
    pixels[1, :, 24:] = 255
    (tmp_path / "looks").write_bytes(pixels.tobytes())
    java("looks", tmp_path / "looks", tmp_path / "out")
    found = np.fromfile(tmp_path / "out", "<f8").reshape(20, -1)
    np.testing.assert_allclose(found, look(pixels), rtol=1e-9, atol=1e-9)


def test_labels_may_be_missing(tmp_path: Path) -> None:
    files = {"tiny.tflite": tiny_bundle.contents()["tiny.tflite"]}
    manifest = replace(tiny_bundle.manifest(), labels=None, files=described(files))
    write_bundle(tmp_path / "tiny", manifest, files)
    assert java("open", tmp_path / "tiny").strip() == "opened tiny"
