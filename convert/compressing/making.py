"""A variant's network: made by its techniques, saved as .keras, opened again.

What is measured is what lies in the file, so what `convert` and `bench` are given later
is what was judged.
"""

import os
import tempfile
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from convert.compressing.variant import Setting
from datasets.errors import ModelError
from keras_models.compression.applying import compressed
from keras_models.compression.recipes import Compression
from keras_models.framework import give_back_memory
from keras_models.loading import from_model
from keras_models.opening.canonical import Said
from keras_models.opening.model_files import read_model
from keras_models.opening.outputs import PROBABILITIES
from keras_models.pretrained import Pretrained
from keras_models.scoring.engines import AGREEMENT

FOLDER = "compressed"
_COMPARED = 2  # pictures


def keras_file(setting: Setting, compression: Compression) -> Path | None:
    """Where a variant's .keras file lies; None: its network is the parent itself."""
    if not compression.steps:
        return None
    name = f"{setting.source.name}{compression.slug}"
    return setting.run / FOLDER / f"{name}_{setting.steps_key(compression)}.keras"


def made(setting: Setting, compression: Compression) -> Pretrained:
    """The variant's network, at the parent's native resolution, from its file.

    Raises:
        InputError: a technique does not apply, or the file is another network.
    """
    path = keras_file(setting, compression)
    if path is None:
        return setting.source
    if path.exists():
        return _opened(setting, compression, path)
    network = compressed(setting.source.model, compression, lambda: setting.pictures)
    name = _name(setting, compression)
    named = keras.Model(network.inputs[0], network.outputs[0], name=name)
    _save(named, path)
    opened = _opened(setting, compression, path)
    _check(named, opened, path)
    give_back_memory()
    return opened


def _name(setting: Setting, compression: Compression) -> str:
    return f"{setting.source.name}{compression.slug}"


def _save(model: keras.Model, path: Path) -> None:
    """The file is whole or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".making-") as folder:
        begun = Path(folder) / path.name
        model.save(begun)
        os.replace(begun, path)


def _opened(setting: Setting, compression: Compression, path: Path) -> Pretrained:
    said = Said(normalisation=setting.source.normalisation, scores=PROBABILITIES)
    opened = from_model(read_model(path, setting.trust), said=said)
    parent = setting.source
    if (opened.native, opened.classes) != (parent.native, parent.classes):
        raise ModelError.of(
            path,
            f"has {opened.classes} classes at {opened.native} pixels",
            f"{parent.classes} at {parent.native}",
            "Delete it and run again.",
        )
    return replace(
        opened,
        name=_name(setting, compression),
        weights=setting.source.weights,
        remarks=setting.source.remarks,
    )


def _check(built: keras.Model, opened: Pretrained, path: Path) -> None:
    """The file gives the scores of the network that was saved."""
    resolution = opened.native
    drawn = np.random.default_rng(0).uniform(
        -1, 1, (_COMPARED, resolution, resolution, 3)
    )
    images = drawn.astype(np.float32)
    ours, theirs = (
        np.asarray(model(images, training=False)) for model in (built, opened.model)
    )
    difference = float(np.abs(ours - theirs).max())
    if not difference <= AGREEMENT:
        path.unlink()
        raise ModelError.of(
            opened.name,
            f"has scores that differ by {difference:.2g} once it is saved",
            f"at most {AGREEMENT:g}",
        )
