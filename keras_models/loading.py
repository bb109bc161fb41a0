"""A model by name or file, with weights: imagenet, glyphs, random, or a path."""

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path

import keras
from absl import logging

from datasets.errors import ModelError
from datasets.shown import shown
from keras_models import graph, normalisation
from keras_models.catalogue import CATALOGUE, build, entry
from keras_models.imagenet import weights_of, with_imagenet_weights
from keras_models.opening.canonical import Canonical, Said, canonical
from keras_models.opening.model_files import read_model
from keras_models.opening.trusted_code import NO_TRUST, Trust
from keras_models.opening.weight_files import (
    classes_in,
    load_weights,
    native_beside,
    recorded_normalisation,
)
from keras_models.packaged import packaged_weights
from keras_models.pretrained import Pretrained, adapted, tensors_sha256
from keras_models.rebuilding import Builder, recognise

RUNG_NAME = re.compile(r"[\w.-]+")
_KERAS_NAME = re.compile(r"(functional|sequential|model)(_\d+)?")


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
        raise ModelError(
            "normalisation",
            choice.normalisation,
            f"one of {', '.join(normalisation.NORMALISATIONS)}",
        )
    if choice.name is not None and not RUNG_NAME.fullmatch(choice.name):
        raise ModelError(
            "name",
            f"{choice.name!r}",
            "letters, digits, _ . - only, such as mobilenet_v2_mine",
        )
    pretrained = (_from_catalogue if choice.model in CATALOGUE else _from_file)(choice)
    if choice.adapted is not None:
        pretrained = adapted(pretrained, choice.adapted)
    return pretrained if choice.name is None else replace(pretrained, name=choice.name)


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
        path = _existing(Path(weights), "weights")
        native = native_beside(path) or native
        classes = choice.classes or classes_in(path)
        model = build(known.name, native, classes, alpha)
        load_weights(model, path)
    else:
        raise ModelError(
            "weights",
            weights,
            fault=(
                f"{known.name} has {weights_of(known)} (.weights.h5, .h5, .npz or "
                ".keras)"
            ),
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
        load_weights(model, _existing(Path(weights), "weights"))
    recorded = None if choice.normalisation else recorded_normalisation(path)
    if recorded is not None:
        choice = replace(choice, normalisation=recorded)
    pretrained = from_model(model, said=choice.said)
    if recorded is not None:
        remarks = [_as_recorded(remark) for remark in pretrained.remarks]
        pretrained = replace(pretrained, remarks=tuple(remarks))
    for remark in pretrained.remarks:
        logging.info("%s: %s", path, remark)
    return replace(pretrained, name=_own_name(model, path), weights=_short(weights))


def _as_recorded(remark: str) -> str:
    return remark.replace(", as asked", ", as the record of its training says")


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
    opened = canonical(model, said or Said(normalisation=convention))
    builder = recognise(opened.model)
    return Pretrained(
        name=str(model.name),
        model=opened.model,
        native=opened.native,
        classes=int(opened.model.outputs[0].shape[-1]),
        weights="its own",
        weights_sha256=_sha256(opened, builder),
        older_sha256=tensors_sha256(opened.own.model),
        normalisation=opened.normalisation,
        builder=builder,
        user=opened.own,
        remarks=opened.remarks,
    )


def _sha256(opened: Canonical, builder: Builder | None) -> str:
    """Of the tensors, and of the graph where that is not the catalogue's.

    Two files with equal tensors and, say, another Rescaling have other scores.
    """
    tensors = tensors_sha256(opened.own.model)
    if builder is not None:
        return tensors
    both = f"{tensors} {graph.signature(opened.model)}".encode()
    return hashlib.sha256(both).hexdigest()


def _own_name(model: keras.Model, path: Path) -> str:
    """The name in a model file, or the file's where Keras gave the model's."""
    if _KERAS_NAME.fullmatch(model.name) or not RUNG_NAME.fullmatch(model.name):
        return shown(path.name.removesuffix(".keras").removesuffix(".h5"))
    return str(model.name)


def _existing(path: Path, argument: str) -> Path:
    if not path.is_file():
        raise ModelError(argument, path, "a model's file", fault="no such file")
    return path


def _existing_model(path: Path) -> Path:
    if not path.exists():
        raise ModelError("model", path, "a model's file", fault="no such file")
    return path


def _short(weights: str) -> str:
    return shown(Path(weights).name if Path(weights).suffix else weights)
