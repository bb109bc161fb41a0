"""Files of models: .keras and .h5, by Keras 3 or Keras 2. What cannot be read is said.

Nothing of a file is run but layers of Keras, and the user's own where they are trusted.
"""

import json
import shutil
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Any

import keras

from datasets.errors import InputError, ModelError
from datasets.hdf5_limits import check_hdf5
from datasets.strict_json import parse
from datasets.user_files import UserFile
from datasets.zip_limits import check_zip
from keras_models.graphs.derived_state import renew_derived_state
from keras_models.opening import keras2_files
from keras_models.opening.trusted_code import (
    NO_TRUST,
    Trust,
    check_config,
    custom_objects,
)

Json = dict[str, Any]
_H5 = (".h5", ".hdf5")
_DEEPEST_CONFIG = 200
_LARGEST_CONFIG = 64 * 2**20  # bytes; that of NASNetLarge has 1 MB
_OTHERS = {
    ".tflite": "`reswise bundle --import FILE` makes a bundle of it",
    ".onnx": "it is of ONNX",
    ".pb": "give the folder that it lies in, or rather a .keras file",
    ".pt": "it is of PyTorch",
    ".pth": "it is of PyTorch",
    ".json": "it holds a graph without weights",
}


def read_model(path: Path, trust: Trust = NO_TRUST) -> keras.Model:
    """The model of a file or an unpacked .keras folder, as it was saved.

    Raises:
        InputError: it cannot be read; says what is missing and what makes a usable
            file.
    """
    given = custom_objects(trust)
    if path.is_dir() and not (path / "config.json").is_file():
        raise _folder(path)
    if path.suffix in _OTHERS:
        raise ModelError.of(
            path,
            f"no file that Keras reads: {_OTHERS[path.suffix]}",
            "a .keras or .h5 file of a whole model, as model.save('mine.keras') writes",
        )
    if path.suffix in _H5:
        check_hdf5(_model(path))
        return _from_h5(path, given, trust)
    if not path.is_dir():
        _check_keras(path)
    return _from_keras(path, given, trust)


def _model(path: Path) -> UserFile:
    expected = "a .keras or .h5 file of a whole model"
    do = "Save it anew, as model.save('mine.keras') writes."
    return UserFile(path, expected=expected, do=do, kind=ModelError)


def _check_keras(path: Path) -> None:
    """The zip, and the HDF5 file of tensors in it, unpack to what such files do."""
    file = _model(path)
    members = check_zip(file)
    for member in members:
        if not member.filename.endswith(_H5):
            continue
        with tempfile.TemporaryDirectory(prefix="reswise-keras-") as folder:
            tensors = Path(folder) / "tensors.h5"
            try:
                with zipfile.ZipFile(path) as held:
                    _unpack(held, member, tensors)
            except Exception as error:  # a foreign file may raise anything
                raise _unreadable(path, error) from error
            check_hdf5(file.unpacked(tensors))


def _unpack(held: zipfile.ZipFile, member: zipfile.ZipInfo, to: Path) -> None:
    with held.open(member) as packed, to.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)


def _from_keras(path: Path, given: Json, trust: Trust) -> keras.Model:
    config = _config(path)
    check_config(config, given, trust, str(path))
    written = _written_by(path)
    try:
        model = _loaded(path, given, trust)
    except Exception as error:  # a foreign file may raise anything
        if written.startswith("2") or "tf_keras" in json.dumps(config):
            raise ModelError.of(
                path,
                f"a .keras file of Keras {written}, which Keras {keras.__version__} "
                f"does not read ({_first_line(error)})",
                "",
                f"Make an .h5 of it, which is read: {_tf_keras(path)}",
            ) from error
        raise _unreadable(path, error) from error
    renew_derived_state(model)
    return model


def _config(path: Path) -> Json:
    """config.json of a .keras file, without what compiled the model."""
    try:
        if path.is_dir():
            text = _model(path / "config.json").content(_LARGEST_CONFIG)
        else:
            with zipfile.ZipFile(path) as held:
                if held.getinfo("config.json").file_size > _LARGEST_CONFIG:
                    raise ValueError("its config.json is too large")
                text = held.read("config.json")
        config = parsed_config(text)
        return {key: config[key] for key in config if key != "compile_config"}
    except Exception as error:  # a foreign file may raise anything
        raise _unreadable(path, error) from error


def _written_by(path: Path) -> str:
    """The version of Keras that wrote a .keras file; empty: it does not say."""
    try:
        with zipfile.ZipFile(path) as held:
            return str(parsed_config(held.read("metadata.json"))["keras_version"])
    except Exception:  # a foreign file may raise anything
        return ""


def parsed_config(text: bytes) -> Json:
    """A graph's configuration; layers within layers nest deeper than other JSON.

    Raises:
        InputError: no JSON object within the limits.
    """
    config = parse(text, "its configuration", _LARGEST_CONFIG, True, _DEEPEST_CONFIG)
    if not isinstance(config, dict):
        raise ModelError.of("its configuration", "no JSON object")
    return config


def _from_h5(path: Path, given: Json, trust: Trust) -> keras.Model:
    config, written = _h5_config(path)
    if config is None:
        raise ModelError.of(
            path,
            "holds weights and no graph",
            "",
            f"Name the architecture: `model=NAME` `weights={path}` (`reswise models` "
            "lists names); or, where you have the code that builds it: "
            "model.load_weights(...), model.save('mine.keras'), and give mine.keras.",
        )
    check_config(config, given, trust, str(path))
    try:
        changed = keras2_files.mended(config) if written.startswith("2") else config
    except InputError as error:
        raise ModelError.around(path, error) from error
    try:
        if changed == config:
            return _loaded(path, given, trust)
        objects = {**keras2_files.custom_objects(), **given}
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "mended.h5"
            shutil.copyfile(path, copy)
            _write_config(copy, changed)
            return _loaded(copy, objects, trust)
    except Exception as error:  # a foreign file may raise anything
        if not written.startswith("2"):
            raise _unreadable(path, error) from error
        raise ModelError.of(
            path,
            f"written by Keras {written}; Keras {keras.__version__} does not read it "
            f"({_first_line(error)})",
            "",
            "Build the model in Keras 3 by its own code, move the weights by "
            "set_weights(get_weights()), and save it as .keras.",
        ) from error


def _h5_config(path: Path) -> tuple[Json | None, str]:
    """(the graph, or None where there is but weights; the version that wrote it)."""
    import h5py

    try:
        with h5py.File(path) as file:
            written = _text(file.attrs.get("keras_version", ""))
            if "model_config" not in file.attrs:
                return None, written
            text = _text(file.attrs["model_config"])
            return parsed_config(text.encode()), written
    except Exception as error:  # a foreign file may raise anything
        raise _unreadable(path, error) from error


def _write_config(path: Path, config: Json) -> None:
    import h5py

    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = json.dumps(config).encode()


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _loaded(path: Path, given: Json, trust: Trust) -> keras.Model:
    if trust.code:  # a rebuild at another resolution copies Lambda layers too
        keras.config.enable_unsafe_deserialization()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of Keras, about old files
        model = keras.saving.load_model(
            path, custom_objects=given, compile=False, safe_mode=not trust.code
        )
    if not isinstance(model, keras.Model):
        raise ValueError(f"it holds a {type(model).__name__}, no model")
    return model


def _folder(path: Path) -> ModelError:
    saved = (path / "saved_model.pb").is_file()
    if saved and (path / "keras_metadata.pb").is_file():
        return ModelError.of(
            path,
            "a SavedModel of Keras 2; its layers are read by tf-keras alone",
            "",
            f"Make a file of it that is read: {_tf_keras(path)}",
        )
    if saved:
        return ModelError.of(
            path,
            "a SavedModel, as model.export writes: operations without layers, which "
            "cannot be rebuilt at another resolution",
            "",
            "Save the Keras model itself where it was made, model.save('mine.keras'), "
            "and give that file.",
        )
    return ModelError.of(
        path,
        "a folder that holds no model",
        "a .keras or .h5 file, as model.save('mine.keras') writes",
    )


def _tf_keras(path: Path) -> str:
    """The command that makes an .h5 of what Keras 2 wrote."""
    target = path.with_suffix(".h5")
    return (
        'pip install tf-keras && python -c "import tf_keras; '
        f"tf_keras.models.load_model('{path}').save('{target}')\""
    )


def _unreadable(path: Path, error: Exception) -> ModelError:
    return ModelError.of(
        path,
        f"not a Keras model that can be read ({_first_line(error)})",
        "a .keras or .h5 file of a whole model, as model.save('mine.keras') writes",
    )


def _first_line(error: Exception) -> str:
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    return line if len(line) < 200 else line[:200] + " ..."
