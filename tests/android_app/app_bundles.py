"""Bundles of tiny networks, in every kind that an app meets, and pictures for them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from android_bench.inputs import pack
from android_bench.interpreter import rung_scores
from convert.bundle import described, write_bundle
from convert.manifest import Json, Manifest, Preprocessing, Rung, Tensor
from datasets.catalogue import open_dataset
from selection.scored import Scored
from tests.convert import tiny_bundle
from tests.convert.tiny_tflite import classifier

CLASSES = 5
RESOLUTIONS = (8, 16)
LADDER = tuple(f"tiny@{side}" for side in RESOLUTIONS)
WAYS = {
    "float32": tiny_bundle.WAY,
    "uint8": replace(tiny_bundle.WAY, interpolation="bicubic"),
    "int8": replace(tiny_bundle.WAY, crop="squash"),
}
_ENDS = {"uint8": (128, 0), "int8": (0, -128)}  # zero points of input and output
Choose = Callable[[Scored], Json]


def write_pictures(folder: Path, count: int) -> Path:
    """Colours in waves, of odd sides, as PNG: every decoder gives the same pixels."""
    random = np.random.default_rng(8)
    for place in range(count):
        height, width = 2 * random.integers(8, 40, 2) + 1
        rows, columns = np.mgrid[:height, :width, :1][:2]
        tint, depth = random.uniform(0, 255, 3), random.uniform(0, 90, 3)
        waves = np.sin(rows * random.uniform(0, 1) + columns * random.uniform(0, 1))
        pixels = np.clip(tint + depth * waves, 0, 255).astype(np.uint8)
        path = folder / f"class {place % CLASSES}" / f"Ł {place:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path, compress_level=1)
    return folder


def write(
    folder: Path, pictures: Path, dtype: str, separate: bool, choose: Choose
) -> Path:
    """A bundle whose selector is chosen on the pictures' own scores.

    Args:
        separate: a file a rung, not one for both.
        choose: scores -> the selector's JSON.
    """
    files = _files(dtype, separate)
    fixed: Json = {"kind": "fixed", "ladder": [LADDER[0]]}
    manifest = _manifest(files, dtype, separate, fixed)
    write_bundle(folder, manifest, files)
    scored = _scored(folder, manifest, pictures)
    write_bundle(folder, replace(manifest, selector=choose(scored)), files)
    return folder


def _files(dtype: str, separate: bool) -> dict[str, bytes]:
    labels = {"labels.txt": tiny_bundle.LABELS}
    if not separate:
        return {"tiny.tflite": classifier(RESOLUTIONS, dtype=dtype).packed()} | labels
    return labels | {
        f"tiny_{resolution}.tflite": classifier((resolution,), dtype=dtype).packed()
        for resolution in RESOLUTIONS
    }


def _manifest(
    files: Mapping[str, bytes], dtype: str, separate: bool, selector: Json
) -> Manifest:
    return Manifest(
        name=f"tiny {dtype}",
        files=described(files),
        rungs=tuple(
            _rung(resolution, place, dtype, separate, WAYS[dtype])
            for place, resolution in enumerate(RESOLUTIONS)
        ),
        selector=selector,
        labels="labels.txt",
    )


def _rung(
    resolution: int, place: int, dtype: str, separate: bool, way: Preprocessing
) -> Rung:
    plain = tiny_bundle.rung(resolution, 0 if separate else place)
    ends = {"input": plain.input, "output": plain.output}
    if dtype != "float32":
        for (name, end), zero, scale in zip(
            ends.items(), _ENDS[dtype], (1 / 128, 1 / 256), strict=True
        ):
            ends[name] = Tensor(
                name=end.name,
                dtype=dtype,
                shape=end.shape,
                scale=scale,
                zero_point=zero,
            )
    file = f"tiny_{resolution}.tflite" if separate else "tiny.tflite"
    return replace(plain, file=file, preprocessing=way, recipe=dtype, **ends)  # type: ignore[arg-type]


def _scored(folder: Path, manifest: Manifest, pictures: Path) -> Scored:
    dataset = open_dataset(f"folder:{pictures}", None, None)
    inputs = pack(dataset, manifest, folder.parent / "scored")
    scores = tuple(rung_scores(folder, rung, inputs) for rung in manifest.rungs)
    macs = tuple(rung.macs for rung in manifest.rungs)
    labels = np.array(inputs.labels, np.int64)
    return Scored(rungs=LADDER, macs=macs, scores=scores, labels=labels, ids=inputs.ids)


def cascade(confidence: str, answer: str) -> Choose:
    """Stops where the first rung is surer than half of the pictures are."""

    def choose(scored: Scored) -> Json:
        from selection.selectors.cascade import Cascade

        probe = Cascade(
            ladder=LADDER, thresholds=(0.5,), confidence=confidence, answer=answer
        )
        threshold = float(np.median(probe.confidences(scored.scores[:1])))
        return Cascade(
            ladder=LADDER, thresholds=(threshold,), confidence=confidence, answer=answer
        ).to_json()

    return choose


def deferral(scored: Scored) -> Json:
    """A line over the six features of an answer, its threshold the median."""
    from selection.selectors.deferral import Deferral
    from selection.selectors.rules import Linear

    rule = Linear(0.7, (-1.3, 0.31, -0.77, 1.9, 0.53, -2.1))
    probe = Deferral(LADDER, (rule,), (0.5,))
    threshold = float(np.median(probe.confidences(scored.scores[:1])))
    return probe.with_thresholds((threshold,)).to_json()


def drawn(_: Scored) -> Json:
    """Random, by the names of the pictures."""
    from selection.selectors.random_choice import RandomChoice

    return RandomChoice(LADDER, (1.0, 1.0), seed=5).to_json()


def fixed(_: Scored) -> Json:
    """The dearer rung for all."""
    return {"kind": "fixed", "ladder": [LADDER[1]]}
