"""Rungs -> a bundle: shared or separate files with metadata, and the manifest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convert import tflite_graph
from convert.bundle import Bundle, described, write_bundle
from convert.image_input import Entrance, entrance
from convert.manifest import Json, Look, Manifest, Preprocessing, Rung
from convert.metadata import LABELS_FILE, About, finished, label_lines
from convert.quantising.recipes import Recipe
from convert.rung_files import RungFiles, file_name, read_part
from convert.running import Runner
from convert.shared_weights import merged_model
from convert.to_tflite import signature_name
from convert.wanted import Wanted, WantedRung
from keras_models.scoring.engines import float_flatbuffer
from keras_models.scoring.score_records import RungMeta
from selection.selectors.catalogue import from_json
from selection.selectors.learned import Learned

LOOK_FILE, LOOK_SIGNATURE = "look.tflite", "look"


@dataclass(frozen=True)
class Made:
    """A model's files by name, and its rungs."""

    files: dict[str, bytes]
    rungs: tuple[Rung, ...]


def bundle_name(wanted: Wanted, recipe: Recipe) -> str:
    """mobilenet_v2_full_int8; a ladder of two models names both."""
    models = "+".join(file_name(source.name) for source in wanted.sources)
    return f"{models}_{recipe.name}"


def write(
    folder: Path,
    wanted: Wanted,
    made: Sequence[Made],
    labels: Sequence[str] | None,
    measured: Json,
) -> Bundle:
    """Writes the bundle of one recipe, whole or not at all."""
    files = {name: content for one in made for name, content in one.files.items()}
    rungs = sorted((rung for one in made for rung in one.rungs), key=lambda r: r.macs)
    if labels:
        files[LABELS_FILE] = label_lines(labels).encode()
    selector = from_json(wanted.selector)
    look = None
    if isinstance(selector, Learned):
        files[LOOK_FILE], look = _look(selector)
    manifest = Manifest(
        name=folder.name,
        files=described(files),
        rungs=tuple(rungs),
        selector=wanted.selector,
        labels=LABELS_FILE if labels else None,
        look=look,
        measured=measured,
    )
    return write_bundle(folder, manifest, files)


def opened(
    rung_files: RungFiles, rungs: Sequence[WantedRung], recipe: Recipe
) -> list[tflite_graph.Opened]:
    """The rungs' own files, read from the disk once for all that is done with them."""
    paths = [rung_files.path(rung, recipe) for rung in rungs]
    return [tflite_graph.Opened(read_part(path)) for path in paths]


def made_files(
    rung_files: RungFiles,
    rungs: Sequence[WantedRung],
    files: Sequence[tflite_graph.Opened],
    recipe: Recipe,
    counted: Mapping[str, RungMeta],
    labels: Sequence[str] | None,
    separate: bool,
) -> Made:
    """The files of one model by one recipe; the first rung is subgraph 0.

    Each is written once, of what was parsed of the rungs' own files.

    Args:
        files: that of each rung; what was parsed of it is taken apart.
        counted: by rung, with its MACs and parameters.
        separate: a file a rung, which MediaPipe's ImageClassifier needs.
    """
    taken = entrance(rung_files.source.normalisation)
    about = _about(rung_files, recipe)
    stem = file_name(rung_files.source.name)
    if separate:
        names = [f"{stem}_{rung.resolution}_{recipe.name}.tflite" for rung in rungs]
        made = {
            name: finished(file.model, about, taken, labels)
            for name, file in zip(names, files, strict=True)
        }
        places = [0] * len(rungs)
    else:
        names = [f"{stem}_{recipe.name}.tflite"] * len(rungs)
        whole = merged_model([file.model for file in files])
        shared = finished(whole, about, taken, labels)
        for rung, file in zip(rungs, files, strict=True):
            _check_same(shared, file.content, rung)
        made, places = {names[0]: shared}, list(range(len(rungs)))
    rows = zip(rungs, files, names, places, strict=True)
    return Made(
        made,
        tuple(
            _rung(
                wanted,
                counted[wanted.rung],
                file.content,
                recipe,
                taken,
                name,
                subgraph,
            )
            for wanted, file, name, subgraph in rows
        ),
    )


def _about(rung_files: RungFiles, recipe: Recipe) -> About:
    source = rung_files.source
    said = f"{source.name}, weights {source.weights}, recipe {recipe.name}"
    return About(source.name, f"{said}: {recipe.what}")


def _rung(
    wanted: WantedRung,
    counted: RungMeta,
    content: bytes,
    recipe: Recipe,
    taken: Entrance,
    file: str,
    subgraph: int,
) -> Rung:
    signature, preprocessing = signature_name(wanted.resolution), wanted.preprocessing
    ends = Runner(content, signature)
    return Rung(
        rung=wanted.rung,
        model=wanted.source.name,
        resolution=wanted.resolution,
        recipe=recipe.name,
        file=file,
        signature=signature,
        subgraph=subgraph,
        macs=counted.macs,
        parameters=counted.parameters,
        input=ends.input,
        output=ends.output,
        preprocessing=Preprocessing(
            crop=preprocessing.crop_name,
            interpolation=preprocessing.interpolation,
            antialias=preprocessing.antialias,
            channels="RGB",
            mean=(taken.mean,) * 3,
            deviation=(taken.deviation,) * 3,
        ),
    )


def _check_same(shared: bytes, content: bytes, rung: WantedRung) -> None:
    """Sharing weights must change no bit of any score."""
    resolution = rung.resolution
    image = (
        np.random.default_rng(0)
        .uniform(-1, 1, (resolution, resolution, 3))
        .astype(np.float32)
    )
    own, alone = (
        Runner(file, signature_name(resolution)).scores(image)
        for file in (shared, content)
    )
    if not np.array_equal(own, alone):
        raise RuntimeError(f"{rung.rung}: the shared file gives other scores.")


def _look(selector: Learned) -> tuple[bytes, Look]:
    """The learned selector as a file of its own."""
    from selection.selectors.export_learned import as_keras

    content = tflite_graph.named(
        float_flatbuffer(as_keras(selector)), LOOK_SIGNATURE, "thumbnail", "chances"
    )
    ends = Runner(content, LOOK_SIGNATURE)
    return content, Look(
        file=LOOK_FILE,
        signature=LOOK_SIGNATURE,
        subgraph=0,
        input=ends.input,
        output=ends.output,
    )
