"""What a manifest says of itself fits together, beyond what its schema can say.

No file is opened: the phone benchmark and `write_bundle` use it as it is.
"""

import math

from convert.manifest import MANIFEST_FILE, Look, Manifest, Rung, Tensor
from convert.pixel_codes import check_codes
from convert.score_kinds import OF_ONE_UNIT
from convert.untrusted.bundle_files import check_names
from convert.untrusted.selector_check import check_selector
from datasets.errors import BundleError
from selection.contract import Selector
from selection.selectors.learned import Learned
from selection.selectors.thumbnail import SIDE

_RANGES = {"uint8": (0, 255), "int8": (-128, 127), "int16": (-32768, 32767)}


def check_manifest(manifest: Manifest, where: str) -> Selector:
    """What a manifest says of itself, beyond its schema.

    Raises:
        InputError: rungs, files, tensors or selector that do not fit together.
    """
    check_names(manifest, MANIFEST_FILE, where)
    _check_rungs(manifest, where)
    for rung in manifest.rungs:
        _check_tensor(rung.input, f"{where}: {rung.rung}: input")
        _check_tensor(rung.output, f"{where}: {rung.rung}: output")
        _check_shapes(rung, f"{where}: {rung.rung}")
        check_codes(rung.preprocessing, rung.input, f"{where}: {rung.rung}")
    selector = check_selector(manifest.selector, manifest.rungs, where)
    if manifest.look is not None:
        _check_look(manifest.look, selector, f"{where}: look")
    _check_references(manifest, where)
    _check_offset(manifest, where)
    return selector


def _check_rungs(manifest: Manifest, where: str) -> None:
    classes = manifest.rungs[0].classes
    names, macs = set(), 0
    for rung in manifest.rungs:
        if rung.rung in names:
            raise BundleError.of(where, f"the rung {rung.rung} stands twice")
        if rung.rung != f"{rung.model}@{rung.resolution}":
            raise BundleError.of(
                where,
                f"the rung {rung.rung} has model {rung.model} and resolution "
                f"{rung.resolution}",
                f"{rung.model}@{rung.resolution}",
            )
        if rung.macs < macs:
            raise BundleError.of(
                where,
                f"the rungs do not ascend in MACs: {rung.rung} has {rung.macs:,} "
                f"after {macs:,}",
            )
        if rung.classes != classes:
            raise BundleError.of(
                where,
                f"{rung.rung} has {rung.classes} classes, {manifest.rungs[0].rung} "
                f"{classes}",
                "as many",
            )
        names.add(rung.rung)
        macs = rung.macs


def _check_tensor(tensor: Tensor, where: str) -> None:
    low, high = _RANGES.get(tensor.dtype, (0, 0))
    if not low <= tensor.zero_point <= high:
        raise BundleError.of(
            where,
            f"zero point {tensor.zero_point} is out of range for {tensor.dtype}",
            f"{low}..{high}",
        )
    if tensor.scale and tensor.dtype == "float32":
        raise BundleError.of(
            where,
            f"float32 with scale {tensor.scale:g}",
            "0, which says that reals are stored as they are",
        )


def _check_shapes(rung: Rung, where: str) -> None:
    expected = (1, rung.resolution, rung.resolution, 3)
    if rung.input.shape != expected:
        raise BundleError.of(where, f"input of shape {rung.input.shape}", str(expected))
    shape = rung.output.shape
    if rung.scores in OF_ONE_UNIT and shape[-1] != 1:
        raise BundleError.of(
            where,
            f"output of shape {shape} with scores {rung.scores}",
            "one unit, such as (1, 1)",
        )
    if math.prod(shape) != shape[-1] or rung.classes < 2:
        raise BundleError.of(
            where,
            f"output of shape {shape}",
            "one score a class, such as (1, 1000), or for one unit scores "
            f"{' or '.join(OF_ONE_UNIT)}",
        )


def _check_look(look: Look, selector: Selector, where: str) -> None:
    if not isinstance(selector, Learned):
        raise BundleError.of(where, "only the learned selector looks", "null")
    for tensor, shape in (
        (look.input, (1, SIDE, SIDE, 3)),
        (look.output, (1, len(selector.ladder))),
    ):
        _check_tensor(tensor, where)
        if tensor.shape != shape:
            raise BundleError.of(where, f"shape {tensor.shape}", str(shape))


def _check_references(manifest: Manifest, where: str) -> None:
    declared = {one.file for one in manifest.files}
    for name in model_files(manifest) | ({manifest.labels} - {None}):
        if name not in declared:
            raise BundleError.of(
                where,
                f"the file {name} is not declared in 'files', so its content cannot "
                "be checked",
            )
    if manifest.labels in model_files(manifest):
        raise BundleError.of(where, f"{manifest.labels} is a model", "labels")


def _check_offset(manifest: Manifest, where: str) -> None:
    offset = manifest.measured.get("class_offset", 0)
    classes = manifest.rungs[0].classes
    if offset >= classes:
        raise BundleError.of(where, f"class_offset {offset} of {classes} classes")


def model_files(manifest: Manifest) -> set[str | None]:
    """The files that rungs and look are in."""
    parts = (*manifest.rungs, *((manifest.look,) if manifest.look else ()))
    return {part.file for part in parts}
