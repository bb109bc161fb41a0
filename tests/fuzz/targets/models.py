"""Model files and files of weights: .keras, .h5, .npz."""

import tempfile
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.mutations import mutated
from tests.fuzz.target import Target

_SEPARATOR = b"\n\0\n"


@cache
def _model() -> Any:
    import keras

    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(4, 3, strides=2),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(3, activation="softmax"),
        ],
        name="tiny",
    )


@cache
def _files() -> dict[str, bytes]:
    """Each form in which weights come."""
    import numpy as np

    folder, model = Path(tempfile.mkdtemp(prefix="reswise-fuzz-")), _model()
    model.save(folder / "m.keras")
    model.save(folder / "m.h5")
    model.save_weights(folder / "w.weights.h5")
    np.savez(folder / "w.npz", *model.get_weights())
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _changed(random: Random, _: object) -> bytes:
    name = random.choice(sorted(_files()))
    return name.encode() + _SEPARATOR + mutated(random, (_files()[name],))


def _read(content: bytes, folder: Path) -> None:
    from keras_models.opening.model_files import read_model
    from keras_models.opening.weight_files import classes_in, load_weights

    name, _, held = content.partition(_SEPARATOR)
    known = name.decode("utf-8", "replace")
    path = folder / (known if known in _files() else "w.npz")
    path.write_bytes(held)
    if path.name.startswith("m."):
        read_model(path)
        return
    classes_in(path)
    load_weights(_model(), path)


MODELS = Target(
    name="models", starts=(), read=_read, cases=1_500, make=_changed, prepare=_files
)
