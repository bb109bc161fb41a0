"""A model by name or file, with weights: imagenet, glyphs, random, or a path."""

import hashlib
import os
import re
import socket
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np

from datasets.errors import InputError
from keras_models import graph, normalisation
from keras_models.adapted import Adaptation, read_adaptation
from keras_models.catalogue import CATALOGUE, Entry, build, entry
from keras_models.packaged import packaged_weights
from keras_models.rebuilding import Builder, native_resolution, rebuild, recognise
from keras_models.weight_files import (
    classes_in,
    load_weights,
    native_beside,
    read_model,
)

_DOWNLOADS = ("storage.googleapis.com", 443)  # where keras.applications keeps weights
_CONNECT_SECONDS = 3.0
ConvertsAs = tuple[graph.Signature, str]  # the graph, SHA-256 of adapted tensors
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
    adaptation: Adaptation | None = None  # by resolution; the native one too, if so

    @property
    def outputs(self) -> int:
        """How many numbers it gives of a picture."""
        return self.classes

    def at(self, resolution: int) -> keras.Model:
        """The same network at another resolution; InputError where it cannot be."""
        adapted = () if self.adaptation is None else self.adaptation.accepted
        if resolution == self.native and resolution not in adapted:
            return self.model
        model = rebuild(self.model, resolution, self.builder)
        if self.adaptation is not None:
            self.adaptation.apply(model)
        return model

    def converts_as(self, resolution: int, model: keras.Model) -> ConvertsAs:
        """Equal for resolutions that one conversion serves: same graph, same tensors.

        Args:
            model: what `at` gave for this resolution.
        """
        adapted = {} if self.adaptation is None else self.adaptation.accepted
        return graph.signature(model), adapted.get(resolution, "")


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
    adapted: Path | None = None  # the run folder of `reswise adapt`


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
    if choice.adapted is not None:
        found = adapted(found, choice.adapted)
    return found if choice.name is None else replace(found, name=choice.name)


def tensors_sha256(model: keras.Model) -> str:
    """SHA-256 over all tensors of a model in their order, shapes included."""
    digest = hashlib.sha256()
    for value in model.get_weights():
        digest.update(f"{value.shape} {value.dtype}".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    return digest.hexdigest()


def adapted(source: Pretrained, folder: Path) -> Pretrained:
    """With the tensors that `reswise adapt` left in a folder.

    Its weights have a name and a hash of their own, so that scores do too.
    """
    adaptation = read_adaptation(folder, source.weights_sha256)
    both = f"{source.weights_sha256} {adaptation.sha256}".encode()
    return replace(
        source,
        weights=f"{source.weights}, {adaptation.what}",
        weights_sha256=hashlib.sha256(both).hexdigest(),
        adaptation=adaptation,
    )


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
        native = native_beside(path) or native
        classes = choice.classes or classes_in(path)
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
    model = read_model(_existing(path, "--model"))
    weights = choice.weights or str(path)
    if choice.weights:
        load_weights(model, _existing(Path(weights), "--weights"))
    found = from_model(model, choice.normalisation)
    return replace(found, name=_own_name(model, path), weights=_short(weights))


def from_model(model: keras.Model, convention: str | None = None) -> Pretrained:
    """A model that is built already, with the weights that it holds.

    Args:
        convention: how pixels enter, one of NORMALISATIONS; None: "none" where a layer
            normalises, else by the family that its own name begins with.
    Raises:
        InputError: not one square RGB input, scores of other form, unknown family.
    """
    model = _with_softmax(model)
    if convention is None:
        known = "none" if _normalises(model) else None
        convention = known or normalisation.of_family(model.name)
    return Pretrained(
        str(model.name),
        model,
        native_resolution(model),
        int(model.outputs[0].shape[-1]),
        "its own",
        tensors_sha256(model),
        convention,
        recognise(model),
    )


def _own_name(model: keras.Model, path: Path) -> str:
    """The name in a model file, or the file's where Keras gave the model's."""
    if _KERAS_NAME.fullmatch(model.name) or not _RUNG_NAME.fullmatch(model.name):
        return path.name.removesuffix(".keras").removesuffix(".h5")
    return str(model.name)


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


def _existing(path: Path, flag: str) -> Path:
    if not path.is_file():
        raise InputError(f"{flag} {path}: no such file; expected a model's file.")
    return path


def _names(known: Entry) -> str:
    return ", ".join((*known.weights, "random or a path"))


def _short(weights: str) -> str:
    return Path(weights).name if Path(weights).suffix else weights
