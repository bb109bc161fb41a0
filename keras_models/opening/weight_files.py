"""Files of weights: .weights.h5, .h5, .keras, and our .npz of ordered tensors."""

import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.errors import InputError, ModelError
from datasets.files import file_sha256
from datasets.hdf5_limits import check_hdf5
from datasets.limits import checked_resolution
from datasets.user_arrays import read_arrays
from datasets.user_files import UserFile
from keras_models.graphs.derived_state import renew_derived_state
from keras_models.normalisation import NORMALISATIONS
from keras_models.opening.model_files import read_model

_MOST_RECORD_BYTES = 64 << 20


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
    except InputError:
        raise
    except Exception as error:  # a foreign file may raise anything
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
    check_hdf5(_weights(path))
    model.set_weights([np.full_like(value, np.nan) for value in model.get_weights()])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        model.load_weights(path)
    for variable in model.weights:
        if np.isnan(np.asarray(variable)).any():
            raise ValueError(f"tensor {variable.path} is not in it")


def _ordered(path: Path) -> list[NDArray[np.float32]]:
    arrays = read_arrays(_weights(path))
    return [np.asarray(array, np.float32) for array in arrays.values()]


def _weights(path: Path) -> UserFile:
    return UserFile(path, expected="a file of weights", kind=ModelError)


def native_beside(path: Path) -> int | None:
    """The resolution that `reswise train` noted beside the weights that it wrote."""
    record = record_beside(path)
    if record is None:
        return None
    where = str(path.with_suffix(".json"))
    return checked_resolution("weights", where, record["native"])


def record_beside(path: Path) -> dict[str, Any] | None:
    """What `reswise train` noted beside the weights that it wrote; None: nothing.

    Raises:
        InputError: a file lies there that is no such record.
    """
    beside = path.with_suffix(".json")
    if path.suffix != ".npz" or not beside.is_file():
        return None
    do = f"Move it away from {path.name}, or train again."
    expected = "the record of a training"
    file = UserFile(beside, expected=expected, do=do, kind=ModelError)
    record = file.object()
    with file.shaped():
        checked_resolution("weights", str(beside), record["native"])
    return record


def recorded_normalisation(path: Path) -> str | None:
    """What `reswise train` noted beside this very model file; None: nothing."""
    try:
        facts = UserFile(path.with_suffix(".json")).object(_MOST_RECORD_BYTES)
        convention, sha256 = str(facts["normalisation"]), str(facts["sha256"])
    except (InputError, KeyError):  # any other file may lie there
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

    check_hdf5(_weights(path))
    try:
        with h5py.File(path) as file:
            file.visititems(visit)
    except Exception as error:  # a foreign file may raise anything
        raise ModelError.of(path, f"not an HDF5 file ({error})") from error
    return widths[0] if len(widths) == 1 else None
