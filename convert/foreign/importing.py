"""A .tflite classifier that somebody else made -> a bundle of one rung, as it is.

Nothing is converted: the file goes into the bundle byte for byte, and the manifest says
how pixels enter it, how its output is read, and what its classes are. Only a file that
leaves its input's size open is written anew, at the resolution that the user says.
"""

import hashlib
import math
import re
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.bundle import Bundle, described, write_bundle
from convert.entering import stored
from convert.foreign.free_size import at_size
from convert.foreign.labels import BACKGROUND, labels_of
from convert.foreign.pixels import PixelChoice, preprocessing_of
from convert.foreign.scores import kind_of
from convert.foreign.signature import Entrance, entrance_of
from convert.manifest import IMPORTED, Json, Manifest, Rung, Tensor
from convert.score_kinds import PROBABILITIES
from convert.sound import images_of, pictures, reals
from convert.trial import Net, tried
from convert.untrusted.bundle_files import MOST_FILE_BYTES
from convert.untrusted.tflite_file import GraphTensor, TfliteFile, read_tflite
from datasets.errors import BundleError
from datasets.user_files import UserFile

__all__ = ["BACKGROUND", "ForeignChoice", "import_bundle"]


@dataclass(frozen=True, kw_only=True)
class ForeignChoice:
    """What the user says of the file; the rest is read from it."""

    labels: Path | None = None  # None: those in the file's own metadata
    name: str | None = None  # of the model; None: the file's
    class_offset: int | None = None  # None: 1 where class 0 is the background
    pixels: PixelChoice = field(default_factory=PixelChoice)
    resolution: int | None = None  # of a file that leaves its input's size open
    signature: str | None = None  # None: serving_default, or the only one that fits


@dataclass(frozen=True)
class _Held:
    """A file whose input has a size, and what is known of it."""

    model: TfliteFile
    content: bytes
    entrance: Entrance
    remarks: tuple[str, ...]


def import_bundle(file: Path, folder: Path, choice: ForeignChoice) -> Bundle:
    """Writes a bundle that holds `file` as its one rung.

    Raises:
        InputError: no .tflite image classifier, one that LiteRT does not run, or
            pixels, scores or labels that cannot be told.
    """
    named = UserFile(file, expected="a .tflite file", kind=BundleError)
    content = named.content(MOST_FILE_BYTES)
    held = _sized(content, str(file), choice)
    name = re.sub(r"[^A-Za-z0-9._+-]+", "_", choice.name or file.stem).lstrip(".-+")
    rung, uncounted, remarks = _rung(held, name or "model", choice)
    labels = labels_of(
        content, choice.labels, rung.classes, choice.class_offset, str(file)
    )
    facts = {
        "from": "".join(c if c.isprintable() else "_" for c in file.name),
        "sha256": hashlib.sha256(content).hexdigest(),
        "uncounted": list(uncounted),
        "ends_in_probabilities": rung.scores == PROBABILITIES,
        "remarks": [*held.remarks, *remarks, *labels.remarks],
    }
    measured: Json = {"imported": facts, "class_offset": labels.offset}
    files = {
        rung.file: held.content,
        "labels.txt": "".join(f"{label}\n" for label in labels.names).encode(),
    }
    manifest = Manifest(
        name=rung.model,
        files=described(files),
        rungs=(rung,),
        selector={"kind": "fixed", "ladder": [rung.rung]},
        labels="labels.txt",
        measured=measured,
    )
    return write_bundle(folder, manifest, files)


def _sized(content: bytes, where: str, choice: ForeignChoice) -> _Held:
    """The file, at the resolution asked for where it leaves that open."""
    model = read_tflite(content, where)
    entrance = entrance_of(model, choice.signature)
    held = model.graphs[entrance.subgraph].inputs[0]
    if not any(held.free[1:3]):
        if choice.resolution not in (None, held.shape[1]):
            raise BundleError.of(
                where,
                f"`resolution={choice.resolution}`: the file takes {held.shape[1]} "
                "pixels and no others",
            )
        return _Held(model, content, entrance, ())
    resolution = choice.resolution or max(held.shape[1:3])
    if resolution == 1:
        raise BundleError.of(
            where,
            "leaves the size of its input open",
            "`resolution=R`, the pixels a side of the pictures that it is to take",
        )
    shape = (1, resolution, resolution, 3)
    tensor = Tensor(
        name=held.name,
        dtype=held.dtype,
        shape=shape,
        scale=held.scale,
        zero_point=held.zero_point,
    )
    images = stored(pictures(resolution), tensor)[:, None]
    net = Net(
        label="",
        signature=entrance.signature,
        subgraph=entrance.subgraph,
        images=images,
        shapes=True,
    )
    with tempfile.TemporaryDirectory(prefix="reswise-import-") as made:
        sized = at_size(
            content, net, resolution, Path(made), f"{where}: at {resolution} pixels"
        )
    said = (
        f"The file leaves its input's size open: it is written anew for "
        f"{resolution} pixels, "
        "its operations and constants as they were."
    )
    return _Held(read_tflite(sized, where), sized, entrance, (said,))


def _rung(
    held: _Held, name: str, choice: ForeignChoice
) -> tuple[Rung, tuple[str, ...], tuple[str, ...]]:
    """The rung, the operations whose MACs have no formula, and remarks."""
    entrance, where = held.entrance, held.model.where
    graph = held.model.graphs[entrance.subgraph]
    resolution = graph.inputs[0].shape[1]
    preprocessing, remarks = preprocessing_of(held.model, graph, name, choice.pixels)
    macs, uncounted = _macs(held.content, entrance.subgraph, where)
    rung = Rung(
        rung=f"{name}@{resolution}",
        model=name,
        resolution=resolution,
        recipe=IMPORTED,
        file=f"{name}.tflite",
        signature=entrance.signature,
        subgraph=entrance.subgraph,
        macs=macs,
        parameters=graph.parameters,
        input=_tensor(graph.inputs[0], entrance.input, "input"),
        output=_tensor(graph.outputs[0], entrance.output, "output"),
        preprocessing=preprocessing,
    )
    kind, more = kind_of(graph, _outputs(held, rung), where)
    said = (*entrance.remarks, *remarks, *more)
    return replace(rung, scores=kind), uncounted, said


def _outputs(held: _Held, rung: Rung) -> NDArray[np.float32]:
    """(n, outputs) reals that made-up pictures give: LiteRT runs the file."""
    where = held.model.where
    net = Net(
        label="",
        signature=rung.signature,
        subgraph=rung.subgraph,
        images=images_of(rung),
    )
    with tempfile.TemporaryDirectory(prefix="reswise-import-") as made:
        path = Path(made) / "model.tflite"
        path.write_bytes(held.content)
        (ran,) = tried(path, [net], where)
    if math.prod(ran.outputs.shape[1:]) != rung.output.shape[-1]:
        raise BundleError.of(
            where,
            f"gives an output of shape {ran.outputs.shape[1:]}, not of "
            f"{rung.output.shape} as it says",
            "one score a class",
        )
    return reals(ran.outputs, rung.output)


def _macs(content: bytes, subgraph: int, where: str) -> tuple[int, tuple[str, ...]]:
    """MACs of one image, and the operations that have no formula."""
    from convert.tflite_graph import operator_macs, read

    model = read(content)
    try:
        counted = list(operator_macs(model, model.subgraphs[subgraph]))
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise BundleError.of(where, f"its MACs cannot be counted ({error!r})") from None
    uncounted = sorted({name for name, _, macs in counted if macs is None})
    return sum(macs or 0 for _, _, macs in counted), tuple(uncounted)


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
