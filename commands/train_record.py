"""What `reswise train` leaves in a run folder: weights, their record, the history."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from commands import echo, train_settings

if TYPE_CHECKING:
    import keras

    from commands.train_model import Beginning
    from datasets.dataset import Dataset
    from keras_models.training.train import Settings


def facts_of(
    args: argparse.Namespace,
    dataset: "Dataset",
    settings: "Settings",
    resolution: int,
    accuracy: float,
) -> dict[str, object]:
    """What the record beside the weights says of their training."""
    how = settings.distilling
    return {
        "command": echo.command_line(),
        "native": resolution,
        "classes": dataset.classes,
        "class_names": list(dataset.class_names),
        "alpha": args.alpha,
        "dataset": dataset.name,
        "split": dataset.split,
        "fingerprint": dataset.fingerprint,
        "images": len(dataset),
        "preprocessing": train_settings.preprocessing(args).describe(),
        "normalisation": settings.normalisation,
        "precision": settings.precision,
        "change": args.change,
        "distilling": None if how is None else asdict(how),
        "validation_accuracy": round(accuracy, 4),
        "versions": _versions(),
    }


def origin_of(begins: "Beginning") -> object:
    """What is known of the weights begun with: their own record if a training's."""
    from keras_models.opening.weight_files import record_beside

    if begins.file is not None:
        return {"file": begins.file.weights, "weights_sha256": begins.sha256}
    if begins.start is None:
        return "random weights"
    return record_beside(begins.start) or begins.start.name


def _versions() -> dict[str, str]:
    import keras

    from keras_models.framework import versions

    return versions() | {"backend": keras.backend.backend()}


def write(
    begins: "Beginning",
    model: "keras.Model",
    facts: dict[str, object],
    folder: Path,
) -> None:
    """Weights, or the whole model; record and figure; prints where they lie."""
    from datasets.files import file_sha256, write_text
    from datasets.user_files import UserFile
    from keras_models.opening.precision import as_float32
    from keras_models.training.train import pack, save
    from reports.history import draw_history

    name = begins.name
    weights = folder / f"{name}{'.keras' if begins.whole else '.npz'}"
    if begins.whole:
        save(as_float32(model), weights)
        facts = facts | {"sha256": file_sha256(weights)}
    else:
        pack(model, weights)
    log = UserFile(folder / "log.csv").text().splitlines()
    write_text(
        weights.with_suffix(".json"), json.dumps(facts | {"log": log}, indent=1) + "\n"
    )
    title = f"{name} at {facts['native']} on {facts['dataset']} {facts['split']}"
    figures = draw_history(folder / "log.csv", folder, title)
    print(f"validation accuracy {facts['validation_accuracy']}")
    for path in (weights, weights.with_suffix(".json"), *figures):
        print(echo.shown(path))
