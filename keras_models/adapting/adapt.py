"""Label-free adaptation to a lower resolution, by the model's own native scores.

Only scales and offsets of batch norm are tuned (and the last layer, if asked), so that
scores at the lower resolution match those that the same network gives the same picture
at its native resolution: distillation (Hinton et al. 2015, arXiv:1503.02531) with the
Kullback-Leibler divergence. The statistics of batch norm stay as they were trained.

It must notice where it does not help: a part of the pictures is held out and chooses
nothing. Unless scores match significantly better there than before, and the classes
that come first are worth significantly more by the native scores, the network stays as
it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.errors import InputError, ModelError
from keras_models.adapted import Match, Outcome
from keras_models.normalisation import normalise
from keras_models.training.callbacks import EpochBegin

TENSORS = ("offsets", "norms", "norms+head")
_SIGNIFICANT = 2.0  # standard errors that divergence must fall by, and worth rise
_PICTURES_A_STEP = 32  # of prediction

Scores = NDArray[np.float32]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class AdaptSettings:
    """What decides an adaptation, besides network and pictures."""

    passes: int = 24  # over the pictures; README has what fewer gain
    views: int = 4  # of each picture; passes take them in turn
    batch: int = 16
    learning_rate: float = 2e-4  # Adam's first; half a cosine down to 0
    tensors: str = "norms"  # one of TENSORS
    smallest_view: float = 0.95  # side of a view, in parts of the crop
    held_out: float = 0.3  # part of the pictures that decides
    seed: int = 0

    def __post_init__(self) -> None:
        if self.tensors not in TENSORS:
            raise InputError("tensors", self.tensors, f"one of {', '.join(TENSORS)}")
        for argument in ("passes", "views", "batch"):
            if getattr(self, argument) < 1:
                raise InputError(argument, getattr(self, argument), "1 or more")
        if self.learning_rate <= 0:
            raise InputError("learning_rate", self.learning_rate, "a rate above 0")
        if not 0 < self.held_out < 1:
            raise InputError("held_out", self.held_out, "a part between 0 and 1")
        if not 0 < self.smallest_view <= 1:
            expected = "a part above 0, up to 1"
            raise InputError("smallest_view", self.smallest_view, expected)


@dataclass(frozen=True)
class Lesson:
    """Pictures at one resolution, and the native scores of the same views."""

    pixels: Pixels  # (n, R, R, 3), or (views * n, R, R, 3), all first views first
    native: Scores  # (n or views * n, classes)


def adapt_together(
    models: Sequence[keras.Model],
    normalisation: str,
    lessons: Sequence[tuple[Lesson, Lesson]],
    settings: AdaptSettings,
    keep_declined: bool = False,
) -> list[Outcome]:
    """Tunes one set of tensors, in place, for one or several resolutions.

    Each is decided by itself: where it is declined, the model stays as it was.

    Args:
        models: the same network at lower resolutions, with the trained weights.
        lessons: one a model: `settings.views` views of each picture to adapt on; and
            other pictures, as a sweep sees them, which decide.
        keep_declined: leave tuned tensors in a model for which they were declined, to
            see what they would have done.
    """
    first = models[0].get_weights()
    before = [
        _measured(model, normalisation, held_out)
        for model, (_, held_out) in zip(models, lessons, strict=True)
    ]
    freed = max(_free(model, settings.tensors) for model in models)  # all the same
    _tune(models, normalisation, [views for views, _ in lessons], settings)
    outcomes = []
    for model, earlier, lesson in zip(models, before, lessons, strict=True):
        later = _measured(model, normalisation, lesson[1])
        outcome = _decided(model, earlier, later, lesson, settings.views, freed)
        if not outcome.accepted and not keep_declined:
            model.set_weights(first)
        outcomes.append(outcome)
    return outcomes


def _decided(
    model: keras.Model,
    before: "_Measured",
    after: "_Measured",
    lesson: tuple[Lesson, Lesson],
    views: int,
    freed: int,
) -> Outcome:
    gain, gain_error = _mean_and_error(before.divergences - after.divergences)
    rise, worth_error = _mean_and_error(after.worths - before.worths)
    clear = gain > _SIGNIFICANT * gain_error and rise > _SIGNIFICANT * worth_error
    return Outcome(
        resolution=int(model.inputs[0].shape[1]),
        pictures=len(lesson[0].pixels) // views,
        held_out=len(lesson[1].pixels),
        before=before.match,
        after=after.match,
        gain=gain,
        gain_error=gain_error,
        worth_error=worth_error,
        accepted=clear,
        tuned=freed,
    )


def _mean_and_error(each: NDArray[np.float64]) -> tuple[float, float]:
    return float(each.mean()), float(each.std(ddof=1) / np.sqrt(each.size))


def native_scores(model: keras.Model, normalisation: str, pixels: Pixels) -> Scores:
    """(n, classes) scores of pictures, in small batches."""
    parts = [
        np.asarray(
            model.predict_on_batch(
                normalise(pixels[start : start + _PICTURES_A_STEP], normalisation)
            )
        )
        for start in range(0, len(pixels), _PICTURES_A_STEP)
    ]
    return np.concatenate(parts).astype(np.float32)


def divergence(target: Scores, scores: Scores) -> NDArray[np.float64]:
    """(n,) Kullback-Leibler divergences of scores from their targets, in nats."""
    wanted = np.maximum(target.astype(np.float64), 1e-9)
    ours = np.maximum(scores.astype(np.float64), 1e-9)
    return np.asarray((wanted * np.log(wanted / ours)).sum(axis=1))


@dataclass(frozen=True)
class _Measured:
    divergences: NDArray[np.float64]  # (n,)
    worths: NDArray[np.float64]  # (n,) native score of the class that comes first
    match: Match


def _measured(model: keras.Model, normalisation: str, lesson: Lesson) -> _Measured:
    scores = native_scores(model, normalisation, lesson.pixels)
    first = scores.argmax(axis=1)
    divergences = divergence(lesson.native, scores)
    agreement = first == lesson.native.argmax(axis=1)
    worth = np.take_along_axis(lesson.native, first[:, None], axis=1)[:, 0]
    match = Match(
        float(divergences.mean()), float(agreement.mean()), float(worth.mean())
    )
    return _Measured(divergences, worth.astype(np.float64), match)


def _free(model: keras.Model, tensors: str) -> int:
    """Leaves only the tensors to tune trainable; returns how many numbers they hold."""
    for layer in model._flatten_layers():  # models inside it too, frozen or not
        layer.trainable = True
    kept = {id(variable) for variable in free_variables(model, tensors)}
    for variable in model.weights:
        variable.trainable = id(variable) in kept
    return sum(int(np.prod(v.shape)) for v in model.trainable_variables)


def free_variables(model: keras.Model, tensors: str) -> list[keras.Variable]:
    """What `tensors` names in the model and in models inside it.

    Raises:
        ModelError: nothing.
    """
    free: list[keras.Variable] = []
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            free += [layer.beta] if layer.beta is not None else []
            scaled = tensors != "offsets" and layer.gamma is not None
            free += [layer.gamma] if scaled else []
        elif tensors == "norms+head" and isinstance(layer, keras.layers.Dense):
            free += layer.weights
    if not free:
        raise ModelError.of(
            model.name,
            "has no batch norm to tune; `tensors=norms+head` tunes its last layer",
        )
    return free


def _tune(
    models: Sequence[keras.Model],
    normalisation: str,
    lessons: Sequence[Lesson],
    settings: AdaptSettings,
) -> None:
    """The models take turns, a pass each, and hand their tensors on."""
    keras.utils.set_random_seed(settings.seed)
    turns = [
        (_learner(model, batches, settings), batches)
        for model, batches in zip(
            models,
            (_Views(lesson, normalisation, settings) for lesson in lessons),
            strict=True,
        )
    ]
    latest = models[0].get_weights()
    for turn in range(settings.passes):
        for learner, batches in turns:
            learner.inner.set_weights(latest)
            learner.fit(
                batches,
                initial_epoch=turn,
                epochs=turn + 1,
                shuffle=False,  # _Views has its own order
                callbacks=[EpochBegin(batches, settings.seed)],
                verbose=0,
            )
            latest = learner.inner.get_weights()
    for model in models:
        model.set_weights(latest)


def _learner(
    model: keras.Model, batches: "_Views", settings: AdaptSettings
) -> "_Inference":
    learner = _Inference(model)
    steps = settings.passes * len(batches)
    rate = keras.optimizers.schedules.CosineDecay(settings.learning_rate, steps)
    learner.compile(
        optimizer=keras.optimizers.Adam(rate), loss=keras.losses.KLDivergence()
    )
    return learner


class _Inference(keras.Model):  # type: ignore[misc]
    """Batch norm keeps its statistics and dropout does nothing, in training too.

    A functional model around the network would pass its own training mode on to it,
    whatever the call inside said (Keras 3.15).
    """

    def __init__(self, inner: keras.Model) -> None:
        super().__init__(name="inference")  # TensorFlow takes no leading _
        self.inner = inner

    def call(self, images: Pixels, training: bool | None = None) -> Scores:
        del training
        scores: Scores = self.inner(images, training=False)
        return scores


class _Views(keras.utils.PyDataset):  # type: ignore[misc]
    """Each epoch shows the next view of every picture, in an order of its own."""

    def __init__(
        self, lesson: Lesson, normalisation: str, settings: AdaptSettings
    ) -> None:
        super().__init__()
        self._lesson = lesson
        self._normalisation = normalisation
        self._settings = settings
        self._count = len(lesson.pixels) // settings.views
        self._batch = min(settings.batch, self._count)
        self.begin(0)

    def begin(self, epoch: int) -> None:
        random = np.random.default_rng([self._settings.seed, epoch])
        view = epoch % self._settings.views
        self._order = view * self._count + random.permutation(self._count)

    def __len__(self) -> int:
        return self._count // self._batch

    def __getitem__(self, index: int) -> tuple[Scores, Scores]:
        chosen = self._order[index * self._batch : (index + 1) * self._batch]
        pixels = normalise(self._lesson.pixels[chosen], self._normalisation)
        return pixels, self._lesson.native[chosen]
