"""Distillation: a network learns from labels and from what a trained one answers.

Hinton et al. 2015, arXiv:1503.02531, section 2: both answers are softened by a
temperature T, softmax(z / T), and the loss is
(1 - w) cross-entropy(labels) + w T^2 KL(teacher's softened, ours softened). Scores p
give the same softened ones as logits do: log p is z less one number a picture.

The teacher sees the pixels that the network sees, augmented alike, and never trains.
"""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from datasets.errors import InputError
from keras_models.normalisation import affine, normalise
from keras_models.training.data import Pictures
from keras_models.training.graph import Augmentation, augmented

_LEAST = 1e-30  # of a score, before its logarithm


@dataclass(frozen=True, kw_only=True)
class Distilling:
    """What decides a distillation."""

    teacher: str  # SHA-256 of its weights
    temperature: float = 4.0
    weight: float = 0.9  # of the teacher's answers in the loss; the rest is the labels'

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise InputError("temperature", self.temperature, "a number above 0")
        if not 0 < self.weight <= 1:
            raise InputError("distil_weight", self.weight, "a part above 0 and up to 1")


@dataclass(frozen=True)
class Teacher:
    """A trained network and how pixels enter it."""

    model: keras.Model  # (None, R, R, 3) -> (None, classes) probabilities
    normalisation: str


def teacher_accuracy(teacher: Teacher, pictures: Pictures) -> float:
    """Of the teacher alone, a fraction: a wrong one shows before anything is learnt."""
    images = normalise(pictures.pixels, teacher.normalisation)
    scores = teacher.model.predict(images, batch_size=256, verbose=0)
    return float(np.mean(scores.argmax(axis=1) == pictures.labels))


class Learner(keras.Model):  # type: ignore[misc]
    """A network behind augmentation, beside its teacher: (n, 2 classes), ours first."""

    def __init__(
        self,
        model: keras.Model,
        teacher: Teacher,
        normalisation: str,
        how: Augmentation,
    ) -> None:
        super().__init__(name=f"{model.name}_learner")
        image = keras.Input(model.inputs[0].shape[1:])
        same = keras.Model(image, keras.layers.Identity()(image), name="pixels")
        self.augmentation = augmented(same, how)
        self.network = model
        self.teacher = teacher.model
        self.teacher.trainable = False
        self._enters = normalisation
        self._enters_teacher = teacher.normalisation
        self.built = True

    def call(self, images: Any, training: bool = False) -> Any:
        """Scores of both, side by side."""
        changed = self.augmentation(images, training=training)
        ours = self.network(changed, training=training)
        pixels = entering(changed, self._enters, self._enters_teacher)
        theirs = self.teacher(pixels, training=False)
        both = [ops.cast(ours, "float32"), ops.cast(theirs, "float32")]
        return ops.concatenate(both, axis=-1)


def entering(images: Any, given: str, wanted: str) -> Any:
    """Images normalised by one of NORMALISATIONS, as another would have them."""
    if given == wanted:
        return images
    here, there = affine(given), affine(wanted)
    pixels = (images - ops.array(here.offset, images.dtype)) / ops.array(
        here.scale, images.dtype
    )
    if here.bgr != there.bgr:
        pixels = ops.flip(pixels, axis=-1)
    scale = ops.array(there.scale, images.dtype)
    return pixels * scale + ops.array(there.offset, images.dtype)


class DistillationLoss(keras.losses.Loss):  # type: ignore[misc]
    """Of what `Learner` gives."""

    def __init__(self, how: Distilling, label_smoothing: float) -> None:
        super().__init__(name="distillation")
        self._how = how
        self._smoothing = label_smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """(n,): the loss of each picture."""
        ours, theirs = ops.split(y_pred, 2, axis=-1)
        labels = keras.losses.categorical_crossentropy(
            y_true, ours, label_smoothing=self._smoothing
        )
        softened = divergence(theirs, ours, self._how.temperature)
        weight = self._how.weight
        return (1 - weight) * labels + weight * self._how.temperature**2 * softened


def divergence(teacher: Any, scores: Any, temperature: float) -> Any:
    """KL(teacher, scores) of each row, both softened by the temperature.

    Args:
        teacher, scores: (n, classes) probabilities.
    """
    wanted, found = (_softened(one, temperature) for one in (teacher, scores))
    return ops.sum(ops.exp(wanted) * (wanted - found), axis=-1)


def _softened(scores: Any, temperature: float) -> Any:
    """Logarithms of the softened scores."""
    return ops.log_softmax(ops.log(ops.maximum(scores, _LEAST)) / temperature)


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """(n,): whether our half of what `Learner` gives is right."""
    ours, _ = ops.split(y_pred, 2, axis=-1)
    return keras.metrics.categorical_accuracy(y_true, ours)
