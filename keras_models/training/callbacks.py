"""Callbacks that make a killed training end as an undisturbed one."""

import csv
import errno
import io
import json
import os
import shutil
from pathlib import Path
from typing import Protocol

import h5py
import keras
import numpy as np

from datasets.files import write_text
from datasets.hdf5_limits import check_hdf5
from datasets.run_lock import UNFINISHED
from datasets.user_files import UserFile
from datasets.user_tables import read_rows

_ROOM = 1 << 20  # bytes beside the tensors


class Ordered(Protocol):
    """Batches whose order is set anew for each epoch."""

    def begin(self, epoch: int) -> None: ...


class EpochBegin(keras.callbacks.Callback):  # type: ignore[misc]
    """Makes order, augmentation and dropout functions of (seed, epoch).

    Keras's backup holds weights and optimizer but not the states of random generators
    (3.15), so a resumed run would draw other numbers.
    """

    def __init__(self, batches: Ordered, seed: int) -> None:
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


class WholeBest(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps the weights of the best validation accuracy, whole or not at all.

    Args:
        path: of a .weights.h5 file.
        best: the accuracy that is to be beaten; None: any is better.
    """

    def __init__(self, path: Path, best: float | None) -> None:
        super().__init__()
        self._path, self._accuracy = path, best

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        del epoch
        accuracy = (logs or {})["val_accuracy"]
        if self._accuracy is None or accuracy > self._accuracy:
            save_whole(self.model, self._path)
            self._accuracy = accuracy


def save_whole(model: keras.Model, path: Path) -> None:
    """Saves weights into a neighbour that replaces `path` when it is whole.

    Raises:
        OSError: the disk has no room; HDF5 does not survive to be told so by it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    needed = sum(4 * int(np.prod(value.shape)) for value in _saved(model)) + _ROOM
    if shutil.disk_usage(path.parent).free < needed:
        said = os.strerror(errno.ENOSPC)
        raise OSError(errno.ENOSPC, said, os.fspath(path))
    beside = path.with_name(f".{path.name}{UNFINISHED}.weights.h5")
    try:
        model.save_weights(beside, overwrite=True)
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _saved(model: keras.Model) -> list[keras.Variable]:
    optimizer = getattr(model, "optimizer", None)
    return [*model.variables, *(optimizer.variables if optimizer else ())]


class WholeBackup(keras.callbacks.BackupAndRestore):  # type: ignore[misc]
    """Keras's backup after each epoch, written whole or not at all.

    Keras writes weights and the epoch's number one after the other into place: a kill
    in between leaves a torn file, or weights of one epoch with the number of another.
    Here the weights are renamed into place, and the optimizer's own count of steps,
    which lies among them, tells the epoch.
    """

    def __init__(self, folder: Path, steps: int) -> None:
        super().__init__(str(folder))
        self._folder = folder
        self._steps = steps  # an epoch

    def on_train_begin(self, logs: object = None) -> None:
        """Restores what there is, and sets the epoch to go on with."""
        super().on_train_begin(logs)
        done = int(np.asarray(self.model.optimizer.iterations))
        self.model._initial_epoch = done // self._steps

    def _save_model(self) -> None:
        save_whole(self.model, self._folder / "latest.weights.h5")
        record = {"epoch": self._current_epoch, "batch": 0}
        write_text(self._folder / "training_metadata.json", json.dumps(record))


def epochs_done(folder: Path, steps: int) -> int:
    """Whole epochs of `steps` that a backup holds; 0 where there is none.

    Raises:
        InputError: the backup cannot be read.
    """
    path = folder / "latest.weights.h5"
    if not path.exists():
        return 0
    do = f"Delete {folder} to begin anew."
    backup = UserFile(path, expected="a backup of a training", do=do)
    check_hdf5(backup)
    with backup.shaped(), h5py.File(path) as file:
        return int(file["optimizer/vars/0"][()]) // steps


def cut_log(log: Path, epochs: int) -> list[float]:
    """Leaves the first epochs in log.csv; returns their validation accuracies.

    A kill after the log's line and before the backup leaves a line too many.
    """
    if not log.exists():
        return []
    file = UserFile(log, expected="the log of a training")
    table = read_rows(file)
    kept = table.rows[:epochs]
    text = io.StringIO()
    lines = [table.columns, *(row.cells.values() for row in kept)]
    csv.writer(text, lineterminator="\n").writerows(lines if table.columns else [])
    write_text(log, text.getvalue())
    with file.shaped():
        return [float(row.cells["val_accuracy"]) for row in kept]
