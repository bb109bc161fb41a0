"""A .tflite that leaves its input's size open -> the same file at one resolution.

Such a file is stored as if for pictures of one pixel. A runtime works the shapes of all
tensors out when it is told a size; they are written into a copy, whose constants and
operations are those of the file.
"""

import io
import zipfile
from pathlib import Path

import numpy as np

from convert import tflite_graph
from convert.trial import Net, Ran, tried
from convert.untrusted.zip_check import zipped_files
from datasets.errors import BundleError
from datasets.files import whole_file

_AGREEMENT = 1e-4  # of outputs, between kernels with and without a delegate


def at_size(
    content: bytes, net: Net, resolution: int, folder: Path, where: str
) -> bytes:
    """The file for pictures of `side` pixels.

    Args:
        net: the signature, its images of that size, with shapes wanted.
        folder: where copies are written and run.
    Raises:
        InputError: the graph fits no such size, or is another one there.
    """
    (ran,) = tried(_written(folder, content), [net], where)
    if not np.isfinite(ran.outputs.astype(np.float64)).all():
        raise BundleError.of(
            where,
            "gives scores that are no numbers",
            "a size that its graph fits, such as the one that it was trained at",
        )
    sized = _with_shapes(content, net.subgraph, ran)
    (again,) = tried(_written(folder, sized), [net], where)
    scale = max(1.0, float(np.abs(ran.outputs.astype(np.float64)).max()))
    differ = np.abs(again.outputs.astype(np.float64) - ran.outputs).max()
    whole = again.outputs.dtype != np.float32
    if not differ <= (1 if whole else _AGREEMENT * scale):
        raise BundleError.of(
            where,
            f"fixed at {resolution} pixels it gives other scores (by {differ:.3g})",
            "a graph that fits",
            f"Convert the model at {resolution} pixels.",
        )
    return _with_zip(sized, zipped_files(content, where))


def _written(folder: Path, content: bytes) -> Path:
    path = folder / "model.tflite"
    with whole_file(path) as file:
        file.write(content)
    return path


def _with_shapes(content: bytes, subgraph: int, ran: Ran) -> bytes:
    model = tflite_graph.read(content)
    for index, tensor in enumerate(model.subgraphs[subgraph].tensors):
        if index in ran.shapes:
            tensor.shape = np.asarray(ran.shapes[index], np.int32)
        tensor.shapeSignature = None
    return tflite_graph.write(model)


def _with_zip(content: bytes, members: dict[str, bytes]) -> bytes:
    """The labels of its metadata behind it again."""
    if not members:
        return content
    file = io.BytesIO(content)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_STORED) as archive:
        for name, member in members.items():
            archive.writestr(zipfile.ZipInfo(name), member)
    return file.getvalue()
