"""Every (model, resolution, crop) over the images once; the scores are kept.

Each picture is decoded once for all rungs that still need it. A shard that lies in
the store is never computed again, so an interrupted sweep goes on where it stopped.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from absl import logging

from datasets.batches import Batch, pictures, unreadable_line
from datasets.dataset import Dataset
from datasets.errors import InputError
from datasets.preprocessing import Preprocessing
from datasets.progress import progress
from keras_models import graph
from keras_models.engines import (
    AGREEMENT,
    Engine,
    Images,
    KerasEngine,
    LitertEngine,
    Scores,
    float_flatbuffer,
    litert_available,
)
from keras_models.framework import versions
from keras_models.loading import Pretrained
from keras_models.macs import count_macs
from keras_models.normalisation import normalise
from keras_models.scores import SHARD, RungMeta, ScoreStore, StoredRung

ENGINES = ("auto", "litert", "keras")
_CHECKED_PICTURES = 2  # of every rung, engine against Keras
_THREADS = 2


@dataclass(frozen=True)
class SweepOptions:
    """How a sweep runs; nothing here changes what it finds."""

    engine: str = "auto"
    max_unreadable: int = 0


@dataclass(eq=False)
class _Rung:
    """One rung in work; its model makes its engine and is then let go."""

    meta: RungMeta
    preprocessing: Preprocessing
    model: keras.Model | None
    engine: Engine | None = None


def sweep(
    source: Pretrained,
    dataset: Dataset,
    resolutions: Sequence[int],
    preprocessings: Sequence[Preprocessing],
    store: ScoreStore,
    options: SweepOptions,
) -> list[StoredRung]:
    """Scores of one model at several resolutions and crops, from the store if there.

    Returns:
        One per (preprocessing, resolution), in this order.
    Raises:
        InputError: a resolution that the model cannot take, labels that it has no
            class for, more unreadable pictures than allowed.
    """
    _check_labels(source, dataset)
    rungs = _rungs(source, dataset, resolutions, preprocessings, options)
    store.write_dataset(
        dataset.fingerprint,
        dataset.name,
        dataset.split,
        dataset.ids,
        np.asarray(dataset.labels),
        dataset.class_names,
    )
    _Sweeper(source, dataset, store).run(rungs)
    _check_unreadable(dataset, store, options.max_unreadable)
    return [store.load(rung.meta) for rung in rungs]


def _rungs(
    source: Pretrained,
    dataset: Dataset,
    resolutions: Sequence[int],
    preprocessings: Sequence[Preprocessing],
    options: SweepOptions,
) -> list[_Rung]:
    models = {side: source.at(side) for side in dict.fromkeys(resolutions)}
    engine = _engine_name(options.engine)
    found = []
    for preprocessing in preprocessings:
        for side in resolutions:
            meta = _meta(source, dataset, models[side], side, preprocessing, engine)
            found.append(_Rung(meta, preprocessing, models[side]))
    return found


def _meta(
    source: Pretrained,
    dataset: Dataset,
    model: keras.Model,
    side: int,
    preprocessing: Preprocessing,
    engine: str,
) -> RungMeta:
    count = count_macs(model)
    parameters = int(model.count_params())
    return RungMeta(
        rung=f"{source.name}@{side}",
        model=source.name,
        weights=source.weights,
        weights_sha256=source.weights_sha256,
        resolution=side,
        classes=source.classes,
        recipe="float32",
        engine=engine,
        normalisation=source.normalisation,
        preprocessing=preprocessing.describe(),
        dataset=dataset.name,
        split=dataset.split,
        fingerprint=dataset.fingerprint,
        images=len(dataset),
        macs=count.macs,
        parameters=parameters,
        size_bytes=4 * parameters,
        uncounted=count.uncounted,
    )


def _engine_name(wanted: str) -> str:
    installed = versions()
    if wanted not in ENGINES:
        raise InputError(f"--engine {wanted}: expected one of {', '.join(ENGINES)}.")
    if wanted == "litert" and not litert_available():
        raise InputError(
            "--engine litert: needs ai-edge-litert and Keras on the TensorFlow backend "
            f"(here: {keras.backend.backend()}). Use --engine keras."
        )
    if wanted == "litert" or (wanted == "auto" and litert_available()):
        return f"litert {installed['ai-edge-litert']}"
    return f"keras {installed['keras']} on {keras.backend.backend()}"


class _Sweeper:
    """Runs rungs over the shards that they miss."""

    def __init__(self, source: Pretrained, dataset: Dataset, store: ScoreStore) -> None:
        self._source = source
        self._dataset = dataset
        self._store = store
        self._flatbuffers: list[tuple[graph.Signature, bytes]] = []

    def run(self, rungs: list[_Rung]) -> None:
        for shards, needed in _work(self._store, rungs):
            self._fill(shards, needed)

    def _fill(self, shards: range, rungs: list[_Rung]) -> None:
        """Computes the same consecutive shards of several rungs in one pass."""
        last = min(shards.stop * SHARD, len(self._dataset))
        batches = self._batches(rungs, range(shards.start * SHARD, last))
        for shard in shards:
            size = min(SHARD, len(self._dataset) - shard * SHARD)
            held = [
                np.full((size, rung.meta.classes), np.nan, np.float32) for rung in rungs
            ]
            done = 0
            while done < size:
                batch = next(batches)
                rows = batch.indices - shard * SHARD
                for rung, scores in zip(rungs, held, strict=True):
                    if rows.size:
                        scores[rows] = self._scores(rung, batch)
                done += rows.size + len(batch.unreadable)
                self._keep_reasons(batch)
            for rung, scores in zip(rungs, held, strict=True):
                self._store.write_shard(rung.meta, shard, scores)

    def _keep_reasons(self, batch: Batch) -> None:
        if batch.unreadable:
            self._store.write_unreadable(self._dataset.fingerprint, batch.unreadable)

    def _batches(self, rungs: list[_Rung], indices: range) -> Iterator[Batch]:
        sides = list(dict.fromkeys(rung.meta.resolution for rung in rungs))
        ways = list(dict.fromkeys(rung.preprocessing for rung in rungs))
        batches = pictures(self._dataset, sides, ways, indices=indices)
        what = f"{self._source.name}, {len(rungs)} rungs, images"
        return progress(batches, len(indices), what, _images)

    def _scores(self, rung: _Rung, batch: Batch) -> Scores:
        pixels = batch.pixels[rung.preprocessing, rung.meta.resolution]
        images = normalise(pixels, self._source.normalisation)
        if rung.engine is None:
            some = images[:_CHECKED_PICTURES]
            rung.engine = self._checked_engine(rung.meta, rung.model, some)
            rung.model = None
        return rung.engine.scores(images)

    def _checked_engine(
        self, meta: RungMeta, model: keras.Model, images: Images
    ) -> Engine:
        """The rung's engine, after its scores were held against Keras's own."""
        if meta.engine.startswith("keras"):
            return KerasEngine(model)
        engine = LitertEngine(self._flatbuffer(model), meta.resolution, _THREADS)
        own = np.asarray(model(images, training=False), np.float32)
        difference = float(np.abs(engine.scores(images) - own).max())
        if not difference <= AGREEMENT:
            raise InputError(
                f"{meta.rung}: scores of the .tflite differ by {difference:.2g} "
                f"from Keras's; expected at most {AGREEMENT:g}. Use --engine keras."
            )
        return engine

    def _flatbuffer(self, model: keras.Model) -> bytes:
        """One conversion serves all resolutions whose graph is the same."""
        wanted = graph.signature(model)
        for known, flatbuffer in self._flatbuffers:
            if known == wanted:
                return flatbuffer
        self._flatbuffers.append((wanted, float_flatbuffer(model)))
        return self._flatbuffers[-1][1]


def _images(batch: Batch) -> int:
    return len(batch.indices) + len(batch.unreadable)


def _work(store: ScoreStore, rungs: list[_Rung]) -> Iterator[tuple[range, list[_Rung]]]:
    """Runs of consecutive shards that the same rungs miss."""
    missing = [set(store.missing(rung.meta)) for rung in rungs]
    shards = max(rung.meta.shards for rung in rungs)
    needs = [
        [rung for rung, lacks in zip(rungs, missing, strict=True) if shard in lacks]
        for shard in range(shards)
    ]
    start = 0
    for shard in range(1, shards + 1):
        if shard == shards or needs[shard] != needs[start]:
            if needs[start]:
                yield range(start, shard), needs[start]
            start = shard


def _check_labels(source: Pretrained, dataset: Dataset) -> None:
    highest = int(np.max(dataset.labels))
    if highest >= source.classes:
        raise InputError(
            f"{dataset.name}: a label is {highest}, but {source.name} has "
            f"{source.classes} classes (0..{source.classes - 1}). Give the data set "
            "that these weights were trained on."
        )


def _check_unreadable(dataset: Dataset, store: ScoreStore, allowed: int) -> None:
    unreadable = store.unreadable(dataset.fingerprint)
    if not unreadable:
        return
    line = unreadable_line(dataset, unreadable)
    if len(unreadable) > allowed:
        raise InputError(
            f"{line}. At most {allowed} allowed. Mend or remove them, or pass "
            f"--max-unreadable {len(unreadable)} to leave them out."
        )
    logging.warning("%s; left out of every figure", line)
