"""Manifests of bundles, and .tflite files: what verifies must run."""

import json
from dataclasses import replace
from pathlib import Path

from convert.bundle import described, open_bundle
from convert.foreign.importing import ForeignChoice, import_bundle
from convert.manifest import MANIFEST_FILE
from convert.sound import sound_bundle
from convert.untrusted.manifest_check import check_manifest
from convert.untrusted.schema import read_manifest
from convert.untrusted.tflite_file import read_tflite
from convert.untrusted.zip_check import zipped_files
from tests.convert import tiny_bundle
from tests.convert.tiny_tflite import classifier, convolutional
from tests.convert.untrusted.hostile import zipped
from tests.convert.untrusted.test_fuzz import STARTS
from tests.fuzz.target import Target

_MODEL = classifier((8, 16)).packed()


def _manifest(content: bytes, folder: Path) -> None:
    manifest = read_manifest(content, "manifest.json")
    check_manifest(manifest, "manifest.json")
    json.dumps(manifest.to_json(), allow_nan=False)
    for name, held in tiny_bundle.contents().items():
        (folder / name).write_bytes(held)
    (folder / MANIFEST_FILE).write_bytes(content)
    open_bundle(folder)


def _tflite(content: bytes, folder: Path) -> None:
    model = read_tflite(content, "x.tflite")
    assert all(len(signature.inputs) <= 64 for signature in model.signatures)
    zipped_files(content, "x.tflite")
    path, labels = folder / "x.tflite", folder / "labels.txt"
    path.write_bytes(content)
    labels.write_bytes(tiny_bundle.LABELS)
    import_bundle(path, folder / "b", ForeignChoice(labels=labels))


def _verified(content: bytes, folder: Path) -> None:
    """What verifies runs here too, in this process, which a fault would end."""
    from ai_edge_litert.interpreter import Interpreter

    files = tiny_bundle.contents() | {"tiny.tflite": content}
    manifest = replace(tiny_bundle.manifest(), files=described(files))
    for name, held in files.items():
        (folder / name).write_bytes(held)
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest.to_json()))
    sound_bundle(folder)
    interpreter = Interpreter(model_path=str(folder / "tiny.tflite"), num_threads=1)
    for name in interpreter.get_signature_list():
        runner = interpreter.get_signature_runner(name)
        given = runner.get_input_details().items()
        runner(**{key: _zeros(facts) for key, facts in given})


def _zeros(facts: "dict[str, object]") -> object:
    import numpy as np

    return np.zeros(facts["shape"], facts["dtype"])  # type: ignore[call-overload]


MANIFESTS = Target(
    name="manifests",
    starts=tuple(json.dumps(facts).encode() for facts in STARTS),
    read=_manifest,
    cases=16_000,
)
TFLITE = Target(
    name="tflite",
    starts=(
        _MODEL,
        classifier((8,), dtype="uint8").packed(),
        classifier((8,), dtype="int8").packed(),
        convolutional(8).packed(),
        convolutional(8, float16=True).packed(),
        zipped({"labels.txt": tiny_bundle.LABELS})(_MODEL),
    ),
    read=_tflite,
    cases=12_000,
    programs=True,
)
VERIFIED = Target(
    name="verified", starts=(_MODEL,), read=_verified, cases=1_500, programs=True
)
