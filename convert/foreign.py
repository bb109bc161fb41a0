"""A .tflite classifier that somebody else made -> a bundle of one rung, as it is.

Nothing is converted: the file goes into the bundle byte for byte, and the manifest says
how pixels enter it and what its classes are.
"""

import hashlib
import math
import re
from dataclasses import dataclass, field
from pathlib import Path

from convert.bundle import Bundle, described, write_bundle
from convert.foreign_pixels import PixelChoice, preprocessing_of
from convert.manifest import Json, Manifest, Rung, Tensor
from convert.untrusted.bundle_files import MOST_FILE_BYTES, read_plain
from convert.untrusted.tflite_file import Graph, GraphTensor, TfliteFile, read_tflite
from convert.untrusted.verify import read_labels
from convert.untrusted.zip_check import zipped_files
from datasets.errors import InputError

BACKGROUND = "background"
_MOST_LABELS = 8 << 20  # bytes
_DTYPES = ("float32", "uint8", "int8")
_SOFTMAX, _LOGISTIC = 25, 14
_CARRY_ON = (6, 22, 43, 53, 114)  # dequantize, reshape, squeeze, cast, quantize


@dataclass(frozen=True)
class ForeignChoice:
    """What the user says of the file; the rest is read from it."""

    labels: Path | None = None  # None: those in the file's own metadata
    name: str | None = None  # of the model; None: the file's
    class_offset: int | None = None  # None: 1 where class 0 is the background
    pixels: PixelChoice = field(default_factory=PixelChoice)


def import_bundle(file: Path, folder: Path, choice: ForeignChoice) -> Bundle:
    """Writes a bundle that holds `file` as its one rung.

    Raises:
        InputError: no .tflite image classifier, or labels that do not fit.
    """
    content = read_plain(file.resolve(), MOST_FILE_BYTES)
    model = read_tflite(content, str(file))
    name = re.sub(r"[^A-Za-z0-9._+-]+", "_", choice.name or file.stem).lstrip(".-+")
    rung, uncounted = _rung(model, content, name or "model", choice)
    classes = rung.output.shape[-1]
    labels = _labels(content, classes, choice, str(file))
    measured = _measured(model, content, rung, file.name, uncounted)
    offset = _offset(labels, classes, choice)
    files = {
        rung.file: content,
        "labels.txt": "".join(f"{label}\n" for label in labels).encode(),
    }
    manifest = Manifest(
        name=rung.model,
        files=described(files),
        rungs=(rung,),
        selector={"kind": "fixed", "ladder": [rung.rung]},
        labels="labels.txt",
        measured=measured | {"class_offset": offset},
    )
    return write_bundle(folder, manifest, files)


def _rung(
    model: TfliteFile, content: bytes, name: str, choice: ForeignChoice
) -> tuple[Rung, tuple[str, ...]]:
    """The rung, and the operations whose MACs have no formula."""
    place, signature, taken, given = _entrance(model)
    graph = model.graphs[place]
    _check_classifier(graph, model.where)
    resolution = graph.inputs[0].shape[1]
    macs, uncounted = _macs(content, place, model.where)
    rung = Rung(
        rung=f"{name}@{resolution}",
        model=name,
        resolution=resolution,
        recipe="imported",
        file=f"{name}.tflite",
        signature=signature,
        subgraph=place,
        macs=macs,
        parameters=graph.parameters,
        input=_tensor(graph.inputs[0], taken, "input"),
        output=_tensor(graph.outputs[0], given, "output"),
        preprocessing=preprocessing_of(model, graph.inputs[0], name, choice.pixels),
    )
    return rung, uncounted


def _macs(content: bytes, place: int, where: str) -> tuple[int, tuple[str, ...]]:
    """MACs of one image, and the operations that have no formula."""
    from convert.tflite_graph import operator_macs, read

    model = read(content)
    try:
        counted = list(operator_macs(model, model.subgraphs[place]))
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise InputError(f"{where}: its MACs cannot be counted ({error!r}).") from None
    uncounted = sorted({name for name, _, macs in counted if macs is None})
    return sum(macs or 0 for _, _, macs in counted), tuple(uncounted)


def _entrance(model: TfliteFile) -> tuple[int, str, str, str]:
    """(subgraph, signature, its names of input and output): what a runtime runs."""
    for one in sorted(model.signatures, key=lambda one: one.subgraph)[:1]:
        ends = [next(iter(names), "") for names in (one.inputs, one.outputs)]
        return one.subgraph, one.name, ends[0], ends[1]
    return 0, "", "", ""


def _check_classifier(graph: Graph, where: str) -> None:
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise InputError(
            f"{where}: {len(graph.inputs)} inputs and {len(graph.outputs)} outputs; "
            "expected an image classifier: one picture in, one list of scores out."
        )
    shape, scores = graph.inputs[0].shape, graph.outputs[0].shape
    if len(shape) != 4 or shape[0] != 1 or shape[1] != shape[2] or shape[3] != 3:
        raise InputError(
            f"{where}: input of shape {shape}; expected one square RGB picture, such "
            "as (1, 224, 224, 3)."
        )
    if not scores or math.prod(scores) != scores[-1] or scores[-1] < 2:
        raise InputError(
            f"{where}: output of shape {scores}; expected one score a class, such as "
            "(1, 1001)."
        )
    for tensor in (*graph.inputs, *graph.outputs):
        if tensor.dtype not in _DTYPES:
            raise InputError(
                f"{where}: {tensor.name!r} is {tensor.dtype}; expected "
                f"{', '.join(_DTYPES)}."
            )


def _tensor(held: GraphTensor, signature_name: str, default: str) -> Tensor:
    shown = "".join(c if c.isprintable() else "_" for c in held.name)[:200]
    quantised = held.dtype != "float32"
    return Tensor(
        name=signature_name or shown or default,
        dtype=held.dtype,
        shape=held.shape,
        scale=held.scale if quantised else 0.0,
        zero_point=held.zero_point if quantised else 0,
    )


def _labels(
    content: bytes, classes: int, choice: ForeignChoice, where: str
) -> tuple[str, ...]:
    """One name a class; a missing first one is the background's."""
    text, source = _label_text(content, choice, where)
    lines = text.removesuffix(b"\n").count(b"\n") + 1
    if lines == classes - 1:
        text = f"{BACKGROUND}\n".encode() + text
    return read_labels(text, classes, source)


def _label_text(content: bytes, choice: ForeignChoice, where: str) -> tuple[bytes, str]:
    if choice.labels is not None:
        path = choice.labels.resolve()
        return read_plain(path, _MOST_LABELS), str(choice.labels)
    zipped = zipped_files(content, where)
    names = [name for name in zipped if name.endswith(".txt")]
    if len(names) != 1:
        raise InputError(
            f"{where}: carries no labels of its own; expected --labels FILE, one class "
            "name a line."
        )
    return zipped[names[0]], f"{where}: {names[0]}"


def _offset(labels: tuple[str, ...], classes: int, choice: ForeignChoice) -> int:
    if choice.class_offset is None:
        return int(labels[0].strip().casefold() == BACKGROUND)
    if not 0 <= choice.class_offset < classes:
        raise InputError(
            f"--class-offset {choice.class_offset}: expected 0..{classes - 1}, as the "
            f"model has {classes} classes."
        )
    return choice.class_offset


def _measured(
    model: TfliteFile, content: bytes, rung: Rung, file: str, uncounted: tuple[str, ...]
) -> Json:
    imported = {
        "from": "".join(c if c.isprintable() else "_" for c in file),
        "sha256": hashlib.sha256(content).hexdigest(),
        "uncounted": list(uncounted),
        "ends_in_probabilities": _ends_in_probabilities(model.graphs[rung.subgraph]),
    }
    return {"imported": imported}


def _ends_in_probabilities(graph: Graph) -> bool:
    """Whether the last operation that changes values is a softmax or a logistic."""
    last = next((code for code in graph.ends_in if code not in _CARRY_ON), None)
    return last in (_SOFTMAX, _LOGISTIC)
