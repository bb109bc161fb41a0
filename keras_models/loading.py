"""A model by name or file, with weights: imagenet, glyphs, random, or a path."""

import hashlib
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from absl import logging
from numpy.typing import NDArray

from datasets.errors import InputError
from keras_models import graph, normalisation
from keras_models.adapted import Adaptation, read_adaptation
from keras_models.catalogue import CATALOGUE, build, entry
from keras_models.graphs import proof
from keras_models.imagenet import weights_of, with_imagenet_weights
from keras_models.normalisation import normalise
from keras_models.opening.canonical import Canonical, Own, Said, canonical
from keras_models.opening.model_files import read_model
from keras_models.opening.trusted_code import NO_TRUST, Trust
from keras_models.opening.weight_files import (
    classes_in,
    load_weights,
    native_beside,
)
from keras_models.packaged import packaged_weights
from keras_models.rebuilding import Builder, recognise, unproven

Float32s = NDArray[np.float32]
ConvertsAs = tuple[graph.Signature, str]  # the graph, SHA-256 of adapted tensors
_RUNG_NAME = re.compile(r"[\w.-]+")
_KERAS_NAME = re.compile(r"(functional|sequential|model)(_\d+)?")


@dataclass(frozen=True, kw_only=True)
class Pretrained:
    """A trained network at its native resolution, ready to be rebuilt at others."""

    name: str  # as in a rung: mobilenet_v2, or a model file's own name
    model: keras.Model  # (None, R, R, 3) float32 -> (None, classes) probabilities
    native: int  # pixels
    classes: int
    weights: str  # what was asked for
    weights_sha256: str  # of its tensors; of a file's graph and reading too
    older_sha256: str = ""  # of a file's tensors alone, as records before 0.2 name it
    normalisation: str
    builder: Builder | None  # None: the graph is copied
    adaptation: Adaptation | None = None  # by resolution; the native one too, if so
    user: Own | None = None  # None: `model` is what its user built
    remarks: tuple[str, ...] = ()  # what was found out or assumed, for under a table
    proven: set[int] = field(default_factory=set, repr=False, compare=False)  # so far
    natives: dict[str, keras.Model] = field(  # adapted copies, by their weights' hash
        default_factory=dict, repr=False, compare=False
    )

    @property
    def outputs(self) -> int:
        """How many numbers `model` gives of a picture."""
        return self.classes

    @property
    def own(self) -> keras.Model:
        """The model as its user built it, in float32; `model` shares its weights."""
        return self.model if self.user is None else self.user.model

    def to_scores(self, outputs: Any) -> Float32s:
        """What `own.predict` gives -> (n, classes) probabilities."""
        if self.user is None:
            return np.asarray(outputs, np.float32)
        return self.user.to_scores(outputs)

    def own_scores(self, images: Float32s) -> Float32s:
        """What `own` answers: what the scores at the native resolution must be.

        Where an adaptation changed that resolution too, what its copy of `own` answers.

        Args:
            images: (n, R, R, 3) at the native resolution, normalised, made of whole
                pixels: a model may take nothing else.
        """
        if self.adapts(self.native):
            model = self.at(self.native)
            return np.asarray(model.predict(images, verbose=0), np.float32)
        return self._trained_scores(images)

    def adapts(self, resolution: int) -> bool:
        """Whether an adaptation changed this resolution."""
        return self.adaptation is not None and resolution in self.adaptation.accepted

    def _trained_scores(self, images: Float32s) -> Float32s:
        if self.user is None:
            return np.asarray(self.model.predict(images, verbose=0), np.float32)
        return self.user.scores(images)

    def at(self, resolution: int) -> keras.Model:
        """The same network at a resolution, a copy of its own below the native one.

        At the native one too, where an adaptation changed it: `model` stays as it was.

        Each resolution is held against the user's own model before it is given out
        first (`proof`), the native one before any other.

        Raises:
            InputError: it cannot be rebuilt, or its scores are not the user's model's.
        """
        if self.native not in self.proven:
            self._prove(self.model, self.native)
        if resolution != self.native:
            return self._copy(resolution)
        if not self.adapts(resolution):
            return self.model
        if self.weights_sha256 not in self.natives:
            self.natives[self.weights_sha256] = self._copy(resolution)
        return self.natives[self.weights_sha256]

    def _copy(self, resolution: int) -> keras.Model:
        model = unproven(self.model, resolution, self.builder)
        if resolution == self.native or resolution not in self.proven:
            self._prove(model, resolution)
        if self.adaptation is not None:
            self.adaptation.apply(model)
        return model

    def _prove(self, model: keras.Model, resolution: int) -> None:
        """Holds a rung against the user's model; InputError where they differ."""
        rung = f"{self.name}@{resolution}"
        images = normalise(proof.pictures(resolution), self.normalisation)
        if resolution == self.native:
            if self.user is not None:
                proof.check_native(rung, model, self._trained_scores, images)
        elif self.builder is not None:
            proof.check_built(rung, model, self.model, images)
        else:
            proof.check_copy(rung, model, self.model, images)
            if self.user is not None:
                taken = self.user.to_own(images)
                proof.check_own(rung, model, self.own, images, taken, self.to_scores)
        self.proven.add(resolution)

    def converts_as(self, resolution: int, model: keras.Model) -> ConvertsAs:
        """Equal for resolutions that one conversion serves: same graph, same tensors.

        Args:
            model: what `at` gave for this resolution.
        """
        adapted = {} if self.adaptation is None else self.adaptation.accepted
        return graph.signature(model), adapted.get(resolution, "")


@dataclass(frozen=True, kw_only=True)
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
    output: str | None = None  # of a file with several: which holds the scores
    scores: str | None = None  # what a file's output is; None: as is found
    native: int | None = None  # resolution of a file that takes any
    trust: Trust = NO_TRUST  # code that a file may run

    @property
    def said(self) -> Said:
        """What the user says of a model file."""
        return Said(
            normalisation=self.normalisation,
            output=self.output,
            scores=self.scores,
            native=self.native,
        )


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
    known = (source.weights_sha256, source.older_sha256)
    adaptation = read_adaptation(folder, *known)
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
        model = with_imagenet_weights(known, alpha)
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
            f"--weights {weights}: {known.name} has {weights_of(known)} "
            "(.weights.h5, .h5, .npz or .keras)."
        )
    classes = int(model.outputs[0].shape[-1])

    def builder(resolution: int) -> keras.Model:
        return build(known.name, resolution, classes, alpha)

    convention = choice.normalisation or known.normalisation
    name = known.name if alpha == 1.0 else f"{known.name}_{alpha:g}"
    return Pretrained(
        name=name,
        model=model,
        native=native,
        classes=classes,
        weights=_short(weights),
        weights_sha256=tensors_sha256(model),
        normalisation=convention,
        builder=builder,
    )


def _from_file(choice: ModelChoice) -> Pretrained:
    path = Path(choice.model)
    if not path.suffix and not path.exists():
        entry(choice.model)  # says which names there are
    model = read_model(_existing_model(path), choice.trust)
    weights = choice.weights or str(path)
    if choice.weights:
        load_weights(model, _existing(Path(weights), "--weights"))
    found = from_model(model, said=choice.said)
    for remark in found.remarks:
        logging.info("%s: %s", path, remark)
    return replace(found, name=_own_name(model, path), weights=_short(weights))


def from_model(
    model: keras.Model, convention: str | None = None, said: Said | None = None
) -> Pretrained:
    """A model that is built already, with the weights that it holds.

    Args:
        convention: how pixels enter, one of NORMALISATIONS; None: as is found.
        said: what else only the user can know; holds the convention then.
    Raises:
        InputError: no picture in, no scores of one label out, or it cannot be told.
    """
    found = canonical(model, said or Said(normalisation=convention))
    builder = recognise(found.model)
    return Pretrained(
        name=str(model.name),
        model=found.model,
        native=found.native,
        classes=int(found.model.outputs[0].shape[-1]),
        weights="its own",
        weights_sha256=_sha256(found, builder),
        older_sha256=tensors_sha256(found.own.model),
        normalisation=found.normalisation,
        builder=builder,
        user=found.own,
        remarks=found.remarks,
    )


def _sha256(found: Canonical, builder: Builder | None) -> str:
    """Of the tensors, and of the graph where that is not the catalogue's.

    Two files with equal tensors and, say, another Rescaling have other scores.
    """
    tensors = tensors_sha256(found.own.model)
    if builder is not None:
        return tensors
    both = f"{tensors} {graph.signature(found.model)}".encode()
    return hashlib.sha256(both).hexdigest()


def _own_name(model: keras.Model, path: Path) -> str:
    """The name in a model file, or the file's where Keras gave the model's."""
    if _KERAS_NAME.fullmatch(model.name) or not _RUNG_NAME.fullmatch(model.name):
        return path.name.removesuffix(".keras").removesuffix(".h5")
    return str(model.name)


def _existing(path: Path, flag: str) -> Path:
    if not path.is_file():
        raise InputError(f"{flag} {path}: no such file; expected a model's file.")
    return path


def _existing_model(path: Path) -> Path:
    if not path.exists():
        raise InputError(f"--model {path}: no such file; expected a model's file.")
    return path


def _short(weights: str) -> str:
    return Path(weights).name if Path(weights).suffix else weights
