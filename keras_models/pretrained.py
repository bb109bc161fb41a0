"""A trained network at its native resolution; each rebuilt one is proven first."""

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_models import graph
from keras_models.adapted import Adaptation, read_adaptation
from keras_models.graphs import proof
from keras_models.normalisation import normalise
from keras_models.opening.canonical import Own
from keras_models.rebuilding import Builder, unproven

Float32s = NDArray[np.float32]

ConvertsAs = tuple[graph.Signature, str]  # the graph, SHA-256 of adapted tensors


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
