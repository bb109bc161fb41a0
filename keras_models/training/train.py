"""Trains a classifier, on any Keras 3 backend; a killed run goes on.

Warm-up then cosine decay or one cycle, AdamW or SGD, label smoothing, and, where asked
for, flips, crops, cutout and mixup. Pictures are decoded once and held in memory,
3 x resolution^2 bytes each: 36,000 at 96 take 1.0 GB.

A run folder holds settings.json, log.csv (one line an epoch), best.weights.h5 (of the
highest validation accuracy) and, until training ends, resume/.
"""

import json
import shutil
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.errors import InputError
from datasets.files import whole_file, write_text
from datasets.user_files import UserFile
from keras_models.normalisation import normalise
from keras_models.training.callbacks import (
    EpochBegin,
    WholeBackup,
    WholeBest,
    cut_log,
    epochs_done,
)
from keras_models.training.data import (
    Batches,
    BatchRule,
    Pictures,
    hold_out,
    in_memory,
    in_memory_at,
)
from keras_models.training.distilling import (
    DistillationLoss,
    Distilling,
    Learner,
    Teacher,
    accuracy,
)
from keras_models.training.graph import SCHEDULES, Augmentation, augmented, schedule

__all__ = [
    "OPTIMIZERS",
    "Augmentation",
    "Batches",
    "Distilling",
    "Pictures",
    "Settings",
    "Teacher",
    "hold_out",
    "in_memory",
    "in_memory_at",
    "pack",
    "save",
    "train",
]

# Of batch norm. keras.applications has 0.999: in a short training its statistics would
# lag so far behind the weights that validation, and so the best epoch, means nothing.
_LONGEST_MEMORY = 0.99
_FRESHEST = 20  # parts of a training: a memory is no longer than one of them
_SHORTEST_MEMORY = 0.5
_DECAY = {"adamw": 0.01, "sgd": 5e-4}  # times the rate at that step
OPTIMIZERS = ("adamw", "sgd")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What decides a training, besides the pictures and the architecture."""

    epochs: int = 6
    batch: int = 64
    learning_rate: float = 3e-3  # the highest, after warm-up
    seed: int = 1
    # what chooses the epoch: a part of the training split, held out, or another split
    validation: float | str = 0.05
    normalisation: str = "tf"
    optimizer: str = "adamw"  # one of OPTIMIZERS
    schedule: str = "cosine"  # one of SCHEDULES
    label_smoothing: float = 0.05
    weight_decay: float | None = None  # None: 0.01 of adamw, 5e-4 of sgd
    mixup: float = 0.0  # alpha; 0: none
    augmentation: Augmentation = field(default_factory=Augmentation)
    precision: str = "float32"  # or bfloat16, in which the model was built
    start: str | None = None  # SHA-256 of the weights begun with; None: random ones
    distilling: Distilling | None = None  # None: labels alone

    def __post_init__(self) -> None:
        for argument, least in (("epochs", 1), ("batch", 1)):
            if (came := getattr(self, argument)) < least:
                raise InputError(argument, came, f"{least} or more")
        for argument, known in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES)):
            if (came := getattr(self, argument)) not in known:
                raise InputError(argument, came, f"one of {', '.join(known)}")
        part = self.validation
        if isinstance(part, float) and not 0 < part < 1:
            raise InputError("validation", part, "a part between 0 and 1, or a split")
        if self.learning_rate <= 0:
            raise InputError("learning_rate", self.learning_rate, "a rate above 0")
        self._check_parts()

    def _check_parts(self) -> None:
        how = self.augmentation
        for argument, part in (
            ("label_smoothing", self.label_smoothing),
            ("random_crop", how.random_crop),
            ("cutout", how.cutout),
        ):
            if not 0 <= part < 1:
                raise InputError(argument, part, "a part from 0 up to 1")
        if not 0 <= self.mixup <= 1:
            raise InputError("mixup", self.mixup, "an alpha from 0 to 1")
        if (self.weight_decay or 0.0) < 0:
            raise InputError("weight_decay", self.weight_decay, "a decay of at least 0")


def train(
    model: keras.Model,
    training: Pictures,
    validation: Pictures,
    settings: Settings,
    run: Path,
    tensorboard: bool = False,
    teacher: Teacher | None = None,
) -> float:
    """Trains `model` and leaves in it the weights of the best epoch.

    Called again with the same settings after a kill, it goes on after the last whole
    epoch and ends with the weights of an undisturbed run.

    Args:
        tensorboard: also write event files to run/tensorboard.
        teacher: of settings.distilling, for the same resolution and classes.
    Returns:
        The validation accuracy of that epoch, a fraction.
    Raises:
        InputError: `run` holds an unfinished training with other settings.
    """
    resumes = _prepare(model, settings, run)
    keras.utils.set_random_seed(settings.seed)
    rule = BatchRule(
        settings.batch, settings.seed, settings.normalisation, settings.mixup
    )
    batches = Batches(training, rule)
    learner = _learner(model, settings, teacher)
    _shorten_memory(model, settings.epochs * len(batches))
    _compile(learner, settings, len(batches))
    done = epochs_done(run / "resume", len(batches)) if resumes else 0
    accuracies = cut_log(run / "log.csv", done) if resumes else []
    logger = keras.callbacks.CSVLogger(str(run / "log.csv"), append=bool(accuracies))
    callbacks = [EpochBegin(batches, settings.seed), logger]
    if tensorboard:
        callbacks.append(keras.callbacks.TensorBoard(str(run / "tensorboard")))
    # The backup comes last: an epoch counts as done once the others have written.
    callbacks += [
        _best(run, accuracies),
        WholeBackup(run / "resume", len(batches)),
    ]
    try:
        learner.fit(
            batches,
            epochs=settings.epochs,
            shuffle=False,  # Batches has its own order; Keras would shuffle it again
            validation_data=_held_out(validation, settings),
            validation_batch_size=256,
            callbacks=callbacks,
            verbose=2,
        )
    finally:
        if logger.csv_file is not None:  # Keras leaves it open when training fails
            logger.csv_file.close()
    learner.load_weights(run / "best.weights.h5")
    return max(cut_log(run / "log.csv", settings.epochs))


def pack(model: keras.Model, path: Path) -> None:
    """Writes the weights as an .npz of float16 arrays in the order of get_weights.

    A tensor with values that float16 cannot hold stays float32. Half the size of
    float32, and read without Keras.
    """
    arrays = [_compact(value) for value in model.get_weights()]
    with whole_file(path) as file:
        np.savez(file, *arrays)


def save(model: keras.Model, path: Path) -> None:
    """Writes the whole model as a .keras file, without its optimizer."""
    bare = keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made.keras"
        bare.save(made)
        content = made.read_bytes()
    with whole_file(path) as file:
        file.write(content)


def _compact(value: NDArray[np.float32]) -> NDArray[np.floating]:
    with np.errstate(over="ignore"):
        half = value.astype(np.float16)
    return half if np.isfinite(half).all() else value


def _prepare(model: keras.Model, settings: Settings, run: Path) -> bool:
    """Makes the run folder fit to train in; True if a killed training goes on."""
    asked = {"model": model.name, "parameters": model.count_params()}
    asked |= asdict(settings)
    path = run / "settings.json"
    names = ("latest.weights.h5", "training_metadata.json")
    if any((run / "resume" / name).exists() for name in names):
        settings_file = UserFile(path, expected="settings of a training")
        held = settings_file.object() if path.exists() else None
        if held != asked:
            raise InputError.of(
                run,
                f"holds an unfinished training with {held}",
                str(asked),
                "Repeat its command to go on, or give another `run`.",
            )
        return True
    shutil.rmtree(run / "resume", ignore_errors=True)
    for name in ("log.csv", "best.weights.h5"):
        (run / name).unlink(missing_ok=True)
    write_text(path, json.dumps(asked, indent=1) + "\n")
    return False


def _shorten_memory(model: keras.Model, steps: int) -> None:
    longest = min(_LONGEST_MEMORY, max(_SHORTEST_MEMORY, 1 - _FRESHEST / steps))
    for layer in model._flatten_layers():  # those of models inside it too
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = min(layer.momentum, longest)


def _learner(
    model: keras.Model, settings: Settings, teacher: Teacher | None
) -> keras.Model:
    if (teacher is None) != (settings.distilling is None):
        raise InputError("teacher", "", "one, with settings.distilling, or none")
    if teacher is None:
        return augmented(model, settings.augmentation)
    return Learner(model, teacher, settings.normalisation, settings.augmentation)


def _compile(learner: keras.Model, settings: Settings, batches: int) -> None:
    rate = schedule(
        settings.schedule, settings.learning_rate, settings.epochs * batches
    )
    smoothing, how = settings.label_smoothing, settings.distilling
    learner.compile(
        optimizer=_optimizer(settings, rate),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=smoothing)
        if how is None
        else DistillationLoss(how, smoothing),
        metrics=["accuracy" if how is None else accuracy],
    )


def _optimizer(
    settings: Settings, rate: keras.optimizers.schedules.LearningRateSchedule
) -> keras.optimizers.Optimizer:
    decay = settings.weight_decay
    decay = _DECAY[settings.optimizer] if decay is None else decay
    if settings.optimizer == "adamw":
        return keras.optimizers.AdamW(rate, weight_decay=decay)
    return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, weight_decay=decay)


def _held_out(
    validation: Pictures, settings: Settings
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    one_hot = np.eye(validation.classes, dtype=np.float32)[validation.labels]
    return normalise(validation.pixels, settings.normalisation), one_hot


def _best(run: Path, accuracies: list[float]) -> WholeBest:
    return WholeBest(run / "best.weights.h5", max(accuracies, default=None))
