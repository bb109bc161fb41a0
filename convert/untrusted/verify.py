"""A bundle is looked at, whole, before a byte of it is run.

In this order, so that the cheap refusals come first: the manifest, what it says of
itself, each file's kind, size and SHA-256, and then what is inside the .tflite files
against what the manifest says of them.
"""

import struct
from pathlib import Path

from convert.manifest import (
    IMPORTED,
    MANIFEST_FILE,
    Look,
    Manifest,
    Rung,
    Tensor,
)
from convert.pixel_codes import check_codes
from convert.untrusted.bundle_files import read_declared, read_plain
from convert.untrusted.manifest_check import check_manifest, model_files
from convert.untrusted.schema import read_manifest
from convert.untrusted.tflite_file import GraphTensor, TfliteFile, read_tflite
from convert.untrusted.zip_check import zipped_files
from datasets.errors import BundleError
from datasets.strict_json import MOST_BYTES, UNSHOWABLE
from selection.contract import Selector

_MOST_LABELS = 8 << 20  # bytes


def verified(folder: Path) -> tuple[Manifest, Selector, tuple[str, ...]]:
    """The manifest, its selector and its labels (none: empty), everything checked.

    Raises:
        InputError: the first thing that is not as it should be, in one line.
    """
    if not folder.is_dir():
        raise BundleError.of(
            folder, "no folder", f"a bundle, a folder with {MANIFEST_FILE}"
        )
    path = folder / MANIFEST_FILE
    manifest = read_manifest(read_plain(path, MOST_BYTES), str(path))
    selector = check_manifest(manifest, str(path))
    return manifest, selector, _check_files(folder, manifest)


def _check_files(folder: Path, manifest: Manifest) -> tuple[str, ...]:
    labels: tuple[str, ...] = ()
    models = model_files(manifest)
    for file in manifest.files:
        content, where = read_declared(folder, file), str(folder / file.file)
        if file.file in models:
            _check_model(content, manifest, file.file, where)
        if file.file == manifest.labels:
            classes = manifest.rungs[0].classes
            labels = read_labels(content, classes, where)
    return labels


def _check_model(content: bytes, manifest: Manifest, file: str, where: str) -> None:
    model = read_tflite(content, where)
    zipped_files(content, where)
    for rung in manifest.rungs:
        if rung.file == file:
            _check_part(model, rung, f"{where}: {rung.rung}")
    if manifest.look and manifest.look.file == file:
        _check_part(model, manifest.look, f"{where}: look")


def _check_part(model: TfliteFile, part: Rung | Look, where: str) -> None:
    """A signature of a file is what the manifest says of it."""
    if part.subgraph >= len(model.graphs):
        raise BundleError.of(
            where, f"subgraph {part.subgraph}; the file has {len(model.graphs)}"
        )
    graph = model.graphs[part.subgraph]
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise BundleError.of(
            where,
            f"{len(graph.inputs)} inputs and {len(graph.outputs)} outputs",
            "one of each",
        )
    if any(graph.inputs[0].free[1:3]):
        raise BundleError.of(
            where,
            "the file leaves the size of its input open",
            "a file of one size: import it anew with `resolution`",
        )
    if isinstance(part, Rung) and part.recipe == IMPORTED:
        _check_rounding(part, graph.rounded, where)
    names = _signature_names(model, part, where)
    _check_same(part.input, graph.inputs[0], names[0], f"{where}: input")
    _check_same(part.output, graph.outputs[0], names[1], f"{where}: output")


def _check_rounding(rung: Rung, rounded: GraphTensor | None, where: str) -> None:
    """A float input that the file rounds first loses no more than integers may."""
    if rounded is None or rounded.scales != 1 or rung.input.dtype != "float32":
        return
    tensor = Tensor(
        name="input",
        dtype=rounded.dtype,
        shape=rounded.shape,
        scale=rounded.scale,
        zero_point=rounded.zero_point,
    )
    check_codes(rung.preprocessing, tensor, f"{where}: rounded first")


def _signature_names(
    model: TfliteFile, part: Rung | Look, where: str
) -> tuple[str, str]:
    """What the signature calls input and output; without signatures, nothing."""
    if not part.signature and not model.signatures:
        return "", ""
    for one in model.signatures:
        if one.name == part.signature and one.subgraph == part.subgraph:
            return one.inputs[0], one.outputs[0]
    held = ", ".join(f"{one.name} of {one.subgraph}" for one in model.signatures[:8])
    raise BundleError.of(
        where,
        f"no signature {part.signature!r} of subgraph {part.subgraph}; the file has "
        f"{held or 'none'}",
    )


def _check_same(said: Tensor, held: GraphTensor, name: str, where: str) -> None:
    """A tensor of the manifest is the file's."""
    if said.name not in (held.name[:200], name):
        raise BundleError.of(
            where, f"named {said.name!r}; the file has {held.name[:60]!r}"
        )
    pairs: list[tuple[str, object, object]] = [
        ("dtype", said.dtype, held.dtype),
        ("shape", said.shape, held.shape),
    ]
    if said.dtype != "float32":
        pairs += [
            ("scale", _float32(said.scale), held.scale),
            ("zero point", said.zero_point, held.zero_point),
        ]
    for what, declared, other in pairs:
        if declared != other:
            raise BundleError.of(
                where, f"{what} {declared} in the manifest, {other} in the file"
            )


def _float32(value: float) -> float:
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


def read_labels(content: bytes, classes: int, where: str) -> tuple[str, ...]:
    """The class names of a labels file: one a line.

    Raises:
        InputError: not UTF-8, unshowable, too long, or not one line a class.
    """
    lines = label_lines_of(content, where)
    if len(lines) != classes:
        raise BundleError.of(
            where,
            f"{len(lines):,} lines for {classes:,} classes",
            "one class name a line",
        )
    return lines


def label_lines_of(content: bytes, where: str) -> tuple[str, ...]:
    """The lines of a labels file, as any editor leaves them.

    Raises:
        InputError: not UTF-8, unshowable or too long.
    """
    if len(content) > _MOST_LABELS:
        raise BundleError.of(where, f"{len(content):,} bytes are too many for labels")
    try:
        text = content.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise BundleError.of(where, f"byte {error.start} is not UTF-8") from None
    lines = text.removesuffix("\n").replace("\r\n", "\n").removesuffix("\r").split("\n")
    for number, line in enumerate(lines, start=1):
        if UNSHOWABLE.search(line):
            raise BundleError.of(where, f"unshowable characters in line {number}")
    return tuple(lines)
