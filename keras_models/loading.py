"""A model by name or file, with weights: imagenet, glyphs, random, or a path."""

import hashlib
import os
import re
import socket
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.errors import InputError
from keras_models import normalisation
from keras_models.catalogue import CATALOGUE, Entry, build, entry
from keras_models.packaged import packaged_weights
from keras_models.rebuild import Builder, native_resolution, rebuild, recognise

_DOWNLOADS = ("storage.googleapis.com", 443)  # where keras.applications keeps weights
_CONNECT_SECONDS = 3.0
_RUNG_NAME = re.compile(r"[\w.-]+")
_KERAS_NAME = re.compile(r"(functional|sequential|model)(_\d+)?")


@dataclass(frozen=True)
class Pretrained:
    """A trained network at its native resolution, ready to be rebuilt at others."""

    name: str  # as in a rung: mobilenet_v2, or a model file's own name
    model: keras.Model
    native: int  # pixels
    classes: int
    weights: str  # what was asked for
    weights_sha256: str
    normalisation: str
    builder: Builder | None  # None: the graph is copied

    def at(self, resolution: int) -> keras.Model:
        """The same network at another resolution; InputError where it cannot be."""
        if resolution == self.native:
            return self.model
        return rebuild(self.model, resolution, self.builder)


@dataclass(frozen=True)
class ModelChoice:
    """The flags that choose a model, as one record."""

    model: str  # a name of the catalogue, or the path of a model file
    weights: str | None = None  # None: the file's own, or imagenet
    classes: int | None = None  # None: as the weights have
    alpha: float = 1.0
    normalisation: str | None = None  # None: the catalogue's, or by the file's name
    seed: int = 0  # of random weights
    name: str | None = None  # of its rungs; None: the catalogue's, or the file's own


def load(choice: ModelChoice) -> Pretrained:
    """Builds or reads a model at its native resolution, with weights.

    Raises:
        InputError: unknown name, missing or unfit file, no network for a download.
    """
    if choice.normalisation not in (None, *normalisation.NORMALISATIONS):
        raise InputError(
            f"--normalisation {choice.normalisation}: unknown; expected one of "
            f"{', '.join(normalisation.NORMALISATIONS)}."
        )
    if choice.name is not None and not _RUNG_NAME.fullmatch(choice.name):
        raise InputError(
            f"--name {choice.name!r}: expected letters, digits, _ . - only, such as "
            "mobilenet_v2_mine."
        )
    found = (_from_catalogue if choice.model in CATALOGUE else _from_file)(choice)
    return found if choice.name is None else replace(found, name=choice.name)


def tensors_sha256(model: keras.Model) -> str:
    """SHA-256 over all tensors of a model in their order, shapes included."""
    digest = hashlib.sha256()
    for value in model.get_weights():
        digest.update(f"{value.shape} {value.dtype}".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    return digest.hexdigest()


def _from_catalogue(choice: ModelChoice) -> Pretrained:
    known = entry(choice.model)
    weights = choice.weights or "imagenet"
    native, alpha = known.native, choice.alpha
    if weights == "imagenet":
        model = _imagenet(known, alpha)
    elif weights == "random":
        keras.utils.set_random_seed(choice.seed)
        model = build(known.name, native, choice.classes, alpha)
    elif weights in known.weights:
        packaged = packaged_weights(known.name, weights, alpha)
        native, alpha = packaged.native, packaged.alpha
        model = build(known.name, native, packaged.classes, alpha)
        load_weights(model, packaged.path)
    elif Path(weights).suffix:
        path = _existing(Path(weights), "--weights")
        classes = choice.classes or _classes_in(path)
        model = build(known.name, native, classes, alpha)
        load_weights(model, path)
    else:
        raise InputError(
            f"--weights {weights}: {known.name} has {_names(known)} "
            "(.weights.h5, .h5, .npz or .keras)."
        )
    classes = int(model.outputs[0].shape[-1])

    def builder(resolution: int) -> keras.Model:
        return build(known.name, resolution, classes, alpha)

    convention = choice.normalisation or known.normalisation
    name = known.name if alpha == 1.0 else f"{known.name}_{alpha:g}"
    return Pretrained(
        name,
        model,
        native,
        classes,
        _short(weights),
        tensors_sha256(model),
        convention,
        builder,
    )


def _from_file(choice: ModelChoice) -> Pretrained:
    path = Path(choice.model)
    if not path.suffix and not path.exists():
        entry(choice.model)  # says which names there are
    model = _read_model(_existing(path, "--model"))
    weights = choice.weights or str(path)
    if choice.weights:
        load_weights(model, _existing(Path(weights), "--weights"))
    model = _with_softmax(model)
    convention = choice.normalisation or (
        "none" if _normalises(model) else normalisation.of_family(model.name)
    )
    return Pretrained(
        _own_name(model, path),
        model,
        native_resolution(model),
        int(model.outputs[0].shape[-1]),
        _short(weights),
        tensors_sha256(model),
        convention,
        recognise(model),
    )


def _own_name(model: keras.Model, path: Path) -> str:
    """The name in a model file, or the file's where Keras gave the model's."""
    if _KERAS_NAME.fullmatch(model.name) or not _RUNG_NAME.fullmatch(model.name):
        return path.name.removesuffix(".keras").removesuffix(".h5")
    return str(model.name)


def load_weights(model: keras.Model, path: Path) -> None:
    """Fills a model from .weights.h5, .h5, .keras, or our .npz of ordered tensors.

    Raises:
        InputError: the file is not of this architecture, alpha or class number.
    """
    try:
        if path.suffix == ".npz":
            model.set_weights(_ordered(path))
        elif path.suffix == ".keras":
            model.set_weights(_read_model(path).get_weights())
        else:
            _load_h5(model, path)
    except (ValueError, OSError, KeyError, TypeError) as error:
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(
            f"{path}: does not fit {model.name} with "
            f"{model.outputs[0].shape[-1]} classes ({first_line}). Give the weights of "
            "this very architecture, --alpha and --classes."
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


def _imagenet(known: Entry, alpha: float) -> keras.Model:
    application = {
        "mobilenet_v2": keras.applications.MobileNetV2,
        "nasnet_mobile": keras.applications.NASNetMobile,
        "resnet50": keras.applications.ResNet50,
        "resnet101": keras.applications.ResNet101,
        "resnet152": keras.applications.ResNet152,
        "vgg19_flatten": keras.applications.VGG19,
    }.get(known.name)
    if application is None:
        raise InputError(
            f"--weights imagenet: there are none of {known.name}; expected "
            f"{_names(known)}."
        )
    _reachable_or_cached(known, alpha)
    options = {"alpha": alpha} if known.name == "mobilenet_v2" else {}
    downloaded = application(weights="imagenet", **options)
    model = build(known.name, known.native, 1000, alpha)
    model.set_weights(downloaded.get_weights())
    return model


def _reachable_or_cached(known: Entry, alpha: float) -> None:
    folder = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    file = folder / "models" / known.imagenet_file.format(alpha=f"{alpha:.1f}")
    if file.exists():
        return
    try:
        socket.create_connection(_DOWNLOADS, _CONNECT_SECONDS).close()
    except OSError as error:
        raise InputError(
            f"--weights imagenet: {file.name} is not in {file.parent} and cannot be "
            f"downloaded ({error}). Put it there, or give --weights PATH."
        ) from error


def _read_model(path: Path) -> keras.Model:
    try:
        model = keras.saving.load_model(path, compile=False)
    except Exception as error:  # a foreign file may raise anything
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(
            f"{path}: not a Keras model that can be read ({first_line}). Expected a "
            ".keras file without custom layers."
        ) from error
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise InputError(
            f"{path}: {len(model.inputs)} inputs and {len(model.outputs)} outputs; "
            "expected one image in and the scores of its classes out."
        )
    return keras.Model(model.inputs[0], model.outputs[0], name=model.name)


def _with_softmax(model: keras.Model) -> keras.Model:
    if len(model.outputs) != 1 or len(model.outputs[0].shape) != 2:
        shapes = [tuple(tensor.shape) for tensor in model.outputs]
        raise InputError(
            f"{model.name}: output of shape {shapes}; expected one (None, classes)."
        )
    activation = getattr(model.layers[-1], "activation", None)
    if isinstance(model.layers[-1], keras.layers.Softmax):
        return model
    if activation is keras.activations.softmax:
        return model
    if activation in (None, keras.activations.linear):  # logits
        scores = keras.layers.Softmax(name="scores")(model.outputs[0])
        return keras.Model(model.inputs[0], scores, name=model.name)
    raise InputError(
        f"{model.name}: its last layer ends in {activation.__name__}; expected softmax "
        "or logits of one label per image."
    )


def _normalises(model: keras.Model) -> bool:
    kinds = (keras.layers.Rescaling, keras.layers.Normalization)
    return any(isinstance(layer, kinds) for layer in model.layers)


def _classes_in(path: Path) -> int | None:
    """Classes of a weights file: the width of its only matrix, if it has one."""
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
        raise InputError(f"{path}: not an HDF5 file ({error}).") from error
    return widths[0] if len(widths) == 1 else None


def _existing(path: Path, flag: str) -> Path:
    if not path.is_file():
        raise InputError(f"{flag} {path}: no such file; expected a model's file.")
    return path


def _names(known: Entry) -> str:
    return ", ".join((*known.weights, "random or a path"))


def _short(weights: str) -> str:
    return Path(weights).name if Path(weights).suffix else weights
