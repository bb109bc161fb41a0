"""Low rank without training: MACs saved, accuracy lost, each repair's worth.

RESWISE_MODEL            a .keras file, such as resnet50_v15.keras
RESWISE_NORMALISATION    how pixels enter it, where the file does not say, such as caffe
RESWISE_DATASET          csv: data set that judges, such as csv:photographs/labels.csv;
                         several, with blanks between, are judged together
RESWISE_CALIBRATION      data set of other pictures; their labels are not read
RESWISE_JUDGED           how many are judged, of all data sets; 0, the default: all
RESWISE_STRENGTHS        parts of the MACs, such as 0.2,0.3
RESWISE_TECHNIQUES       lowrank, tucker, lowrank_energy
RESWISE_REPAIRS          1: each of lowrank's settings also without each repair
RESWISE_KEEP             a folder for the models, <technique>_<strength>.keras

Scores are LiteRT's. A drop is paired, with a 95 % interval; nats are the mean
divergence from the parent's scores; latency is one thread's, each in turn
with the parent.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.latency_beside import beside
from datasets.batches import pictures
from datasets.catalogue import open_dataset
from datasets.preprocessing import Preprocessing
from keras_models.accuracy import correct, paired_drop
from keras_models.compression.contract import ALL_REPAIRS, NO_REPAIRS, Repairs
from keras_models.compression.lowrank.technique import (
    LOWRANK,
    LOWRANK_ENERGY,
    TUCKER_2,
    LowRank,
)
from keras_models.loading import ModelChoice, load
from keras_models.macs import count_macs
from keras_models.normalisation import normalise
from keras_models.pretrained import Pretrained
from keras_models.scoring.engines import LitertEngine, float_flatbuffer

Float32s = NDArray[np.float32]

TECHNIQUES = {one.name: one for one in (LOWRANK, TUCKER_2, LOWRANK_ENERGY)}
CALIBRATION = 200  # pictures
COLUMNS = (
    "technique", "strength", "repairs", "MACs saved %", "parameters saved %",
    ".tflite, MB", "drop, points", "same top-1 as the parent, %", "nats",
    "latency, of the parent's", "seconds",
)  # fmt: skip


@dataclass(frozen=True)
class _Setting:
    technique: LowRank
    strength: float
    repairs: Repairs

    @property
    def repaired(self) -> str:
        if self.repairs == ALL_REPAIRS:
            return "all"
        named = [name for name, on in vars(self.repairs).items() if on]
        return ", ".join(named) or "none"


def main() -> None:
    """Prints a table of Markdown."""
    path, spec = os.environ.get("RESWISE_MODEL"), os.environ.get("RESWISE_DATASET")
    calibration = os.environ.get("RESWISE_CALIBRATION")
    if not (path and spec and calibration):
        print("compression: set RESWISE_MODEL, RESWISE_DATASET and RESWISE_CALIBRATION")
        return
    convention = os.environ.get("RESWISE_NORMALISATION")
    source = load(ModelChoice(model=path, normalisation=convention))
    judged, labels = _judged(source, spec)
    seen, _ = _read(source, calibration, CALIBRATION, crop=0.875)
    parent = _Judged(source.model, judged, labels)
    print(
        f"compression: {source.name}, {len(labels):,} images, top-1 "
        f"{100 * parent.right.mean():.1f} %, {len(seen)} calibration pictures, "
        f".tflite {len(parent.content) / 1e6:.1f} MB"
    )
    print(f"| {' | '.join(COLUMNS)} |")
    print("|---|---:|---" + (len(COLUMNS) - 3) * "|---:" + "|")
    for setting in _settings():
        started = time.perf_counter()
        model = setting.technique.apply(
            source.model, setting.strength, seen, setting.repairs
        )
        seconds = time.perf_counter() - started
        _keep(setting, model)
        named = (setting.technique.name, f"{setting.strength:g}", setting.repaired)
        cells = _cells(parent, _Judged(model, judged, labels))
        print(f"| {' | '.join((*named, *cells))} | {seconds:.0f} |", flush=True)


class _Judged:
    """A model, its file, and what that answers."""

    def __init__(self, model: Any, images: Float32s, labels: NDArray[np.int64]) -> None:
        self.macs, self.parameters = count_macs(model).macs, model.count_params()
        self.content = float_flatbuffer(model)
        engine = LitertEngine(self.content, images.shape[1], os.cpu_count() or 1)
        self.scores = engine.scores(images)
        self.right = correct(self.scores, labels)


def _cells(parent: _Judged, cheaper: _Judged) -> Iterator[str]:
    """One a column, from the MACs to the latency."""
    drop = paired_drop(parent.right, cheaper.right)
    own, others = (
        np.log(np.maximum(model.scores, 1e-9), dtype=np.float64)
        for model in (parent, cheaper)
    )
    nats = (np.exp(own) * (own - others)).sum(axis=1).mean()
    same = (parent.scores.argmax(axis=1) == cheaper.scores.argmax(axis=1)).mean()
    taken = beside(cheaper.content, parent.content)
    yield f"{100 * (1 - cheaper.macs / parent.macs):.1f}"
    yield f"{100 * (1 - cheaper.parameters / parent.parameters):.1f}"
    yield f"{len(cheaper.content) / 1e6:.1f}"
    yield f"{drop.points:.2f} ({drop.low:.2f} to {drop.high:.2f})"
    yield f"{100 * same:.1f}"
    yield f"{nats:.4f}"
    yield f"{taken.ratio:.2f} ({taken.ratio_low:.2f} to {taken.ratio_high:.2f})"


def _settings() -> Iterator[_Setting]:
    strengths = os.environ.get("RESWISE_STRENGTHS", "0.2,0.3")
    names = os.environ.get("RESWISE_TECHNIQUES", "lowrank").split(",")
    for name in names:
        for strength in map(float, strengths.split(",")):
            for repairs in _repairs(name):
                yield _Setting(TECHNIQUES[name], strength, repairs)


def _repairs(technique: str) -> tuple[Repairs, ...]:
    if technique != LOWRANK.name or os.environ.get("RESWISE_REPAIRS") != "1":
        return (ALL_REPAIRS,)
    return (
        ALL_REPAIRS,
        replace(ALL_REPAIRS, least_squares=False),
        replace(ALL_REPAIRS, bias=False),
        replace(ALL_REPAIRS, batch_norm=False),
        NO_REPAIRS,
    )


def _judged(source: Pretrained, specs: str) -> tuple[Float32s, NDArray[np.int64]]:
    """Pictures of every data set, as many of each as its part of all."""
    wanted, names = int(os.environ.get("RESWISE_JUDGED", "0")), specs.split()
    sizes = [len(open_dataset(name)) for name in names]
    sets = [
        _read(source, name, round(wanted * size / sum(sizes)) or size, crop=1.0)
        for name, size in zip(names, sizes, strict=True)
    ]
    return (
        np.concatenate([pixels for pixels, _ in sets]),
        np.concatenate([labels for _, labels in sets]),
    )


def _read(
    source: Pretrained, spec: str, count: int, crop: float
) -> tuple[Float32s, NDArray[np.int64]]:
    """Pixels as the model takes them, and labels."""
    dataset, preprocessing = open_dataset(spec), Preprocessing(crop=crop)
    chosen = np.linspace(0, len(dataset) - 1, min(count, len(dataset))).astype(int)
    batches = list(pictures(dataset, [source.native], [preprocessing], indices=chosen))
    pixels = np.concatenate(
        [batch.pixels[preprocessing, source.native] for batch in batches]
    )
    there = np.concatenate([batch.indices for batch in batches])
    prepared = normalise(np.asarray(pixels, np.float32), source.normalisation)
    return prepared, np.asarray(dataset.labels)[there]


def _keep(setting: _Setting, model: object) -> None:
    folder = os.environ.get("RESWISE_KEEP")
    if folder and setting.repairs == ALL_REPAIRS:
        Path(folder).mkdir(parents=True, exist_ok=True)
        name = f"{setting.technique.name}_{setting.strength:g}.keras"
        model.save(Path(folder) / name)  # type: ignore[attr-defined]
