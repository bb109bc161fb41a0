"""Files of weights: .weights.h5, .h5, .keras, and our .npz of ordered tensors."""

import json
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.errors import ModelError
from datasets.files import file_sha256
from keras_models.graphs.derived_state import renew_derived_state
from keras_models.normalisation import NORMALISATIONS
from keras_models.opening.model_files import read_model


def load_weights(model: keras.Model, path: Path) -> None:
    """Fills a model from .weights.h5, .h5, .keras, or our .npz of ordered tensors.

    Raises:
        InputError: the file is not of this architecture, alpha or class number.
    """
    try:
        if path.suffix == ".npz":
            model.set_weights(_ordered(path))
        elif path.suffix == ".keras":
            model.set_weights(read_model(path).get_weights())
        else:
            _load_h5(model, path)
        renew_derived_state(model)
    except (ValueError, OSError, KeyError, TypeError) as error:
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError.of(
            path,
            f"does not fit {model.name} with {model.outputs[0].shape[-1]} classes "
            f"({first_line})",
            "",
            "Give the weights of this very architecture, `alpha` and `classes`.",
        ) from error


def _load_h5(model: keras.Model, path: Path) -> None:
    """Keras only warns of tensors that a file lacks: whatever stays NaN was missing."""
    model.set_weights([np.full_like(value, np.nan) for value in model.get_weights()])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        model.load_weights(path)
    for variable in model.weights:
        if np.isnan(np.asarray(variable)).any():
            raise ValueError(f"tensor {variable.path} is not in it")


def _ordered(path: Path) -> list[NDArray[np.float32]]:
    with np.load(path, allow_pickle=False) as arrays:
        return [np.asarray(arrays[name], np.float32) for name in arrays.files]


def native_beside(path: Path) -> int | None:
    """The resolution that `reswise train` noted beside the weights that it wrote."""
    record = record_beside(path)
    return None if record is None else int(record["native"])


def record_beside(path: Path) -> dict[str, Any] | None:
    """What `reswise train` noted beside the weights that it wrote; None: nothing.

    Raises:
        InputError: a file lies there that is no such record.
    """
    beside = path.with_suffix(".json")
    if path.suffix != ".npz" or not beside.is_file():
        return None
    try:
        record: dict[str, Any] = json.loads(beside.read_text(encoding="utf-8"))
        int(record["native"])
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError.of(
            beside,
            f"not the record of a training ({error})",
            "",
            f"Move it away from {path.name}, or train again.",
        ) from error
    return record


def recorded_normalisation(path: Path) -> str | None:
    """What `reswise train` noted beside this very model file; None: nothing."""
    try:
        facts = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        convention, sha256 = str(facts["normalisation"]), str(facts["sha256"])
    except (OSError, ValueError, KeyError, TypeError):  # any other file may lie there
        return None
    same = (
        convention in NORMALISATIONS and path.is_file() and file_sha256(path) == sha256
    )
    return convention if same else None


def classes_in(path: Path) -> int | None:
    """Classes of a weights file: the width of its only matrix, if it has one."""
    if path.suffix == ".npz":
        matrices = [value for value in _ordered(path) if value.ndim == 2]
        return int(matrices[0].shape[1]) if len(matrices) == 1 else None
    if path.suffix not in (".h5", ".hdf5"):
        return None
    import h5py

    widths: list[int] = []

    def visit(name: str, item: object) -> None:
        del name
        if isinstance(item, h5py.Dataset) and len(item.shape) == 2:
            widths.append(item.shape[1])

    try:
        with h5py.File(path) as file:
            file.visititems(visit)
    except OSError as error:
        raise ModelError.of(path, f"not an HDF5 file ({error})") from error
    return widths[0] if len(widths) == 1 else None
