"""A valid bundle of two rungs, small enough to break in every way."""

from dataclasses import replace
from pathlib import Path

from convert.bundle import described, write_bundle
from convert.manifest import Json, Manifest, Preprocessing, Rung, Tensor
from tests.convert.tiny_tflite import classifier

CLASSES = 5
LABELS = "".join(f"class {number}\n" for number in range(CLASSES)).encode()
CASCADE: Json = {
    "kind": "cascade",
    "ladder": ["tiny@8", "tiny@16"],
    "confidence": "top1",
    "answer": "last",
    "thresholds": [0.5],
    "temperatures": [],
}
WAY = Preprocessing(
    crop="0.875",
    interpolation="bilinear",
    antialias=True,
    channels="RGB",
    mean=(127.5, 127.5, 127.5),
    deviation=(127.5, 127.5, 127.5),
)


def rung(resolution: int, subgraph: int, classes: int = CLASSES) -> Rung:
    """One rung of the tiny model: 3 x classes MACs and the mean's none."""
    return Rung(
        rung=f"tiny@{resolution}",
        model="tiny",
        resolution=resolution,
        recipe="float32",
        file="tiny.tflite",
        signature=f"r{resolution}",
        subgraph=subgraph,
        macs=15 * resolution,
        parameters=20,
        input=Tensor(name="x", dtype="float32", shape=(1, resolution, resolution, 3)),
        output=Tensor(name="y", dtype="float32", shape=(1, classes)),
        preprocessing=WAY,
    )


def contents() -> dict[str, bytes]:
    """The files of the bundle."""
    return {"tiny.tflite": classifier((8, 16)).packed(), "labels.txt": LABELS}


def manifest(files: dict[str, bytes] | None = None) -> Manifest:
    """The manifest of `contents`."""
    return Manifest(
        name="tiny",
        files=described(files or contents()),
        rungs=(rung(8, 0), rung(16, 1)),
        selector=CASCADE,
        labels="labels.txt",
        measured={"on": "nothing"},
    )


def write(folder: Path) -> Path:
    """The valid bundle, written."""
    files = contents()
    write_bundle(folder, manifest(files), files)
    return folder


def with_model(content: bytes) -> tuple[Manifest, dict[str, bytes]]:
    """The manifest of another model file, its size and SHA-256 right."""
    files = contents() | {"tiny.tflite": content}
    return replace(manifest(), files=described(files)), files
