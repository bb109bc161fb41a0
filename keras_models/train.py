"""Trains a classifier from scratch, on any Keras 3 backend; a killed run goes on.

Warm-up then cosine decay (Loshchilov and Hutter 2017, arXiv:1608.03983), AdamW or SGD,
label smoothing. There is no augmentation: the pictures are taken as they are. They are
decoded once and held in memory, 3 x resolution^2 bytes each: 36,000 at 96 take 1.0 GB.

A run folder holds settings.json, log.csv (one line an epoch), best.weights.h5 (of the
highest validation accuracy) and, until training ends, resume/.
"""

import csv
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.batches import pictures, unreadable_line
from datasets.dataset import Dataset
from datasets.errors import InputError
from datasets.files import whole_file, write_text
from datasets.preprocessing import Preprocessing
from datasets.progress import progress
from keras_models.normalisation import normalise

_READ_TOGETHER = 100  # pictures
_WARM_UP = 0.1  # part of all steps
_LABEL_SMOOTHING = 0.05
# Of batch norm. keras.applications has 0.999: in a short training its statistics would
# lag so far behind the weights that validation, and so the best epoch, means nothing.
_LONGEST_MEMORY = 0.99
_ADAMW_DECAY = 0.01  # times the rate at that step, as for SGD
_SGD_DECAY = 5e-4
OPTIMIZERS = ("adamw", "sgd")


@dataclass(frozen=True)
class Settings:
    """What decides a training, besides the pictures and the architecture."""

    epochs: int = 6
    batch: int = 64
    learning_rate: float = 3e-3  # the highest, after warm-up
    seed: int = 1
    validation: float = 0.05  # part of the training split held out to choose the epoch
    normalisation: str = "tf"
    optimizer: str = "adamw"  # one of OPTIMIZERS

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 1:
            raise InputError(
                f"--epochs {self.epochs} --batch {self.batch}: expected 1 or more."
            )
        if self.optimizer not in OPTIMIZERS:
            raise InputError(
                f"--optimizer {self.optimizer}: unknown; expected one of "
                f"{', '.join(OPTIMIZERS)}."
            )
        if not 0 < self.validation < 1 or self.learning_rate <= 0:
            raise InputError(
                f"--validation {self.validation} --learning_rate {self.learning_rate}: "
                "expected a part between 0 and 1, and a rate above 0."
            )


@dataclass(frozen=True)
class Pictures:
    """Decoded pictures in memory."""

    pixels: NDArray[np.uint8]  # (n, R, R, 3)
    labels: NDArray[np.int64]  # (n,)
    classes: int


def in_memory(
    dataset: Dataset, resolution: int, preprocessing: Preprocessing
) -> Pictures:
    """The pictures of a data set, (n, resolution, resolution, 3), in its order.

    Raises:
        InputError: some cannot be read; names them.
    """
    pixels = np.empty((len(dataset), resolution, resolution, 3), np.uint8)
    unreadable: dict[int, str] = {}
    batches = pictures(dataset, [resolution], [preprocessing], _READ_TOGETHER)
    total = -(-len(dataset) // _READ_TOGETHER)
    what = f"batches of {_READ_TOGETHER} {dataset.name} {dataset.split} pictures"
    for batch in progress(batches, total, what):
        pixels[batch.indices] = np.rint(batch.pixels[preprocessing, resolution])
        unreadable |= batch.unreadable
    if unreadable:
        raise InputError(
            f"{unreadable_line(dataset, unreadable)}; training expects every picture. "
            "Delete them, or take them out of the list."
        )
    return Pictures(pixels, dataset.labels, dataset.classes)


def hold_out(
    count: int, part: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices to train on and to validate on, both ascending.

    Raises:
        InputError: one of them would be empty.
    """
    order = np.random.default_rng(seed).permutation(count)
    held = round(count * part)
    if not 0 < held < count:
        raise InputError(
            f"--validation {part} of {count} pictures is {held}; expected at least one "
            "to train on and one to validate on."
        )
    return np.sort(order[held:]), np.sort(order[:held])


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Shuffled batches; the order is a function of (seed, epoch), as resuming needs."""

    def __init__(self, examples: Pictures, settings: Settings) -> None:
        super().__init__()
        self._examples = examples
        self._settings = settings
        self._batch = min(settings.batch, len(examples.labels))
        self.begin(0)

    def begin(self, epoch: int) -> None:
        """Sets the order of one epoch."""
        random = np.random.default_rng([self._settings.seed, epoch])
        self._order = random.permutation(len(self._examples.labels))

    def __len__(self) -> int:
        """Whole batches; what is left over goes into another epoch's batches."""
        return len(self._examples.labels) // self._batch

    def __getitem__(
        self, index: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        chosen = self._order[index * self._batch : (index + 1) * self._batch]
        pixels = normalise(self._examples.pixels[chosen], self._settings.normalisation)
        one_hot = np.eye(self._examples.classes, dtype=np.float32)
        return pixels, one_hot[self._examples.labels[chosen]]


def train(
    model: keras.Model,
    training: Pictures,
    validation: Pictures,
    settings: Settings,
    run: Path,
) -> float:
    """Trains `model` and leaves in it the weights of the best epoch.

    Called again with the same settings after a kill, it goes on after the last whole
    epoch and ends with the weights of an undisturbed run.

    Returns:
        The validation accuracy of that epoch, a fraction.
    Raises:
        InputError: `run` holds an unfinished training with other settings.
    """
    resumes = _prepare(model, settings, run)
    keras.utils.set_random_seed(settings.seed)
    batches = Batches(training, settings)
    _compile(model, settings, len(batches))
    held_out = normalise(validation.pixels, settings.normalisation)
    one_hot = np.eye(validation.classes, dtype=np.float32)[validation.labels]
    logger = keras.callbacks.CSVLogger(str(run / "log.csv"), append=resumes)
    try:
        model.fit(
            batches,
            epochs=settings.epochs,
            shuffle=False,  # Batches has its own order; Keras would shuffle it again
            validation_data=(held_out, one_hot),
            validation_batch_size=256,
            callbacks=_callbacks(batches, settings.seed, logger, run),
            verbose=2,
        )
    finally:
        if logger.csv_file is not None:  # Keras leaves it open when training fails
            logger.csv_file.close()
    model.load_weights(run / "best.weights.h5")
    return max(_accuracies(run / "log.csv"))


def pack(model: keras.Model, path: Path) -> None:
    """Writes the weights as an .npz of float16 arrays in the order of get_weights.

    A tensor with values that float16 cannot hold stays float32. Half the size of
    float32, and read without Keras.
    """
    arrays = [_compact(value) for value in model.get_weights()]
    with whole_file(path) as file:
        np.savez(file, *arrays)


def _compact(value: NDArray[np.float32]) -> NDArray[np.floating]:
    with np.errstate(over="ignore"):
        half = value.astype(np.float16)
    return half if np.isfinite(half).all() else value


def _prepare(model: keras.Model, settings: Settings, run: Path) -> bool:
    """Makes the run folder fit to train in; True if a killed training goes on."""
    asked = {"model": model.name, "parameters": model.count_params()}
    asked |= asdict(settings)
    path = run / "settings.json"
    if (run / "resume" / "training_metadata.json").exists():
        found = json.loads(path.read_text()) if path.exists() else None
        if found != asked:
            raise InputError(
                f"{run} holds an unfinished training with {found}; expected {asked}. "
                "Repeat its command to go on, or give another --run."
            )
        return True
    shutil.rmtree(run / "resume", ignore_errors=True)
    for name in ("log.csv", "best.weights.h5"):
        (run / name).unlink(missing_ok=True)
    write_text(path, json.dumps(asked, indent=1) + "\n")
    return False


def _compile(model: keras.Model, settings: Settings, batches: int) -> None:
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = min(layer.momentum, _LONGEST_MEMORY)
    steps = settings.epochs * batches
    warm_up = max(1, round(_WARM_UP * steps))
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=settings.learning_rate / 10,
        decay_steps=max(1, steps - warm_up),
        warmup_target=settings.learning_rate,
        warmup_steps=warm_up,
    )
    model.compile(
        optimizer=_optimizer(settings.optimizer, schedule),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=_LABEL_SMOOTHING),
        metrics=["accuracy"],
    )


def _optimizer(
    name: str, schedule: keras.optimizers.schedules.LearningRateSchedule
) -> keras.optimizers.Optimizer:
    if name == "adamw":
        return keras.optimizers.AdamW(schedule, weight_decay=_ADAMW_DECAY)
    return keras.optimizers.SGD(
        schedule, momentum=0.9, nesterov=True, weight_decay=_SGD_DECAY
    )


class _EpochBegin(keras.callbacks.Callback):  # type: ignore[misc]
    """Makes order and dropout functions of (seed, epoch).

    Keras's backup holds weights and optimizer but not the states of dropout's
    generators (3.15), so a resumed run would drop other units.
    """

    def __init__(self, batches: Batches, seed: int) -> None:
        super().__init__()
        self._batches = batches
        self._seed = seed

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        del logs
        self._batches.begin(epoch)
        states = [v for v in self.model.variables if "seed_generator" in v.path]
        for place, state in enumerate(states):
            random = np.random.default_rng([self._seed, epoch, place])
            state.assign(random.integers(2**31, size=state.shape))


def _callbacks(
    batches: Batches, seed: int, logger: keras.callbacks.CSVLogger, run: Path
) -> list[keras.callbacks.Callback]:
    """The backup comes last: an epoch counts as done once the others have written."""
    accuracies = _accuracies(run / "log.csv") if logger.append else []
    return [
        _EpochBegin(batches, seed),
        logger,
        keras.callbacks.ModelCheckpoint(
            str(run / "best.weights.h5"),
            monitor="val_accuracy",
            mode="max",
            save_best_only=True,
            save_weights_only=True,
            initial_value_threshold=max(accuracies, default=None),
        ),
        keras.callbacks.BackupAndRestore(str(run / "resume")),
    ]


def _accuracies(log: Path) -> list[float]:
    with log.open(newline="") as file:
        return [float(line["val_accuracy"]) for line in csv.DictReader(file)]
