"""Every (model, resolution, crop) over the images once; the scores are kept.

Each picture is decoded once for all rungs that still need it. A shard that lies in
the store is never computed again, so an interrupted sweep goes on where it stopped.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

import keras
import numpy as np
from absl import logging

from datasets.batches import Batch, Input, Mapped, mapped, pictures, unreadable_line
from datasets.class_order import ModelClasses, fitted
from datasets.dataset import Dataset
from datasets.errors import DataError, ModelError
from datasets.preprocessing import Preprocessing, Resized
from datasets.progress import progress
from keras_models.framework import give_back_memory, no_collection
from keras_models.normalisation import normalise
from keras_models.pretrained import ConvertsAs, Pretrained
from keras_models.scoring.engine_pool import EnginePool
from keras_models.scoring.engines import (
    AGREEMENT,
    KerasEngine,
    Scores,
    checked_flatbuffer,
    serves,
)
from keras_models.scoring.older_scores import taken_up
from keras_models.scoring.rung_metas import engine_name, meta_of
from keras_models.scoring.score_records import SHARD, RungMeta, StoredRung
from keras_models.scoring.scores import ScoreStore

_CHECKED_PICTURES = 2  # of every rung, engine against Keras


@dataclass(frozen=True)
class SweepOptions:
    """How a sweep runs; nothing here changes what it finds."""

    engine: str = "auto"
    max_unreadable: int = 0
    nonfinite: str = "refuse"  # or "wrong": what scores that are not finite count as


@dataclass(frozen=True)
class _Rung:
    """One rung in work."""

    meta: RungMeta
    input: Input


_Row = Mapped[dict[Input, Scores]]  # of one picture, each (classes,)


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
    classes = ModelClasses(model=source.name, count=source.classes)
    dataset = fitted(dataset, classes)
    with no_collection():
        models = {
            resolution: source.at(resolution)
            for resolution in dict.fromkeys(resolutions)
        }
    rungs = _rungs(source, dataset, models, preprocessings, options, store)
    store.write_dataset(
        dataset.fingerprint,
        dataset.name,
        dataset.split,
        dataset.ids,
        np.asarray(dataset.labels),
        dataset.class_names,
        dataset.notes,
    )
    _Sweeper(source, dataset, store, models).run(rungs)
    check_unreadable(dataset, store, options.max_unreadable)
    return [store.load(rung.meta, options.nonfinite) for rung in rungs]


def _rungs(
    source: Pretrained,
    dataset: Dataset,
    models: dict[int, keras.Model],
    preprocessings: Sequence[Preprocessing],
    options: SweepOptions,
    store: ScoreStore,
) -> list[_Rung]:
    engine = engine_name(options.engine)
    rungs = []
    for preprocessing in preprocessings:
        for resolution, model in models.items():
            meta = meta_of(source, dataset, model, resolution, preprocessing, engine)
            meta = taken_up(meta, source, dataset, model, preprocessing, store)
            rungs.append(_Rung(meta, (preprocessing, resolution)))
    return rungs


class _Sweeper:
    """Runs rungs over the shards that they miss."""

    def __init__(
        self,
        source: Pretrained,
        dataset: Dataset,
        store: ScoreStore,
        models: dict[int, keras.Model],
    ) -> None:
        self._source = source
        self._dataset = dataset
        self._store = store
        self._models = models
        self._pool: EnginePool | None = None

    def run(self, rungs: list[_Rung]) -> None:
        for shards, needed in _work(self._store, rungs):
            if self._pool is None and needed[0].meta.engine.startswith("litert"):
                first = range(shards.start * SHARD, len(self._dataset))
                self._pool = self._checked_pool(rungs[0].input[0], first)
            self._fill(shards, needed)

    def _fill(self, shards: range, rungs: list[_Rung]) -> None:
        """Computes the same consecutive shards of several rungs in one pass."""
        last = min(shards.stop * SHARD, len(self._dataset))
        indices = range(shards.start * SHARD, last)
        wanted = [rung.input for rung in rungs]
        rows = self._streamed(wanted, indices)
        what = f"{self._source.name}, {len(rungs)} rungs, images"
        told = progress(rows, len(indices), what)
        for shard in shards:
            size = min(SHARD, len(self._dataset) - shard * SHARD)
            held = [
                np.full((size, rung.meta.classes), np.nan, np.float32) for rung in rungs
            ]
            reasons = {}
            for row in islice(told, size):
                if row.value is None:
                    reasons[row.index] = row.problem
                    continue
                for each, scores in zip(wanted, held, strict=True):
                    scores[row.index - shard * SHARD] = row.value[each]
            if reasons:
                self._store.write_unreadable(self._dataset.fingerprint, reasons)
            for rung, scores in zip(rungs, held, strict=True):
                self._store.write_shard(rung.meta, shard, scores)

    def _streamed(self, wanted: list[Input], indices: range) -> Iterator[_Row]:
        """Rows in order: each picture in a thread of its own, or in Keras's batches."""
        preprocessings = list(dict.fromkeys(each for each, _ in wanted))
        resolutions = list(dict.fromkeys(resolution for _, resolution in wanted))
        if self._pool is not None:
            use = partial(self._pool.scores, wanted)
            return mapped(self._dataset, resolutions, preprocessings, use, indices)
        batches = pictures(self._dataset, resolutions, preprocessings, indices=indices)
        return (row for batch in batches for row in self._of_batch(wanted, batch))

    def _of_batch(self, wanted: list[Input], batch: Batch) -> Iterator[_Row]:
        scores = {
            each: KerasEngine(self._models[each[1]]).scores(
                normalise(batch.pixels[each], self._source.normalisation)
            )
            for each in wanted
            if batch.indices.size
        }
        places = {int(index): place for place, index in enumerate(batch.indices)}
        for index in sorted([*places, *batch.unreadable]):
            if index in places:
                row = {each: scores[each][places[index]] for each in wanted}
                yield Mapped(index, row)
            else:
                yield Mapped(index, None, batch.unreadable[index])

    def _checked_pool(self, preprocessing: Preprocessing, indices: range) -> EnginePool:
        """Engines whose scores were held against Keras's own, at every resolution."""
        converted: dict[tuple[ConvertsAs, int], bytes] = {}
        flatbuffers = {}
        for resolution, model in self._models.items():
            same = self._serves(resolution, model)
            if same in converted and serves(converted[same], model):
                flatbuffers[resolution] = converted[same]
                continue
            rung = f"{self._source.name}@{resolution}"
            flatbuffers[resolution] = checked_flatbuffer(rung, model)
            converted.setdefault(same, flatbuffers[resolution])
        give_back_memory()
        pool = EnginePool(flatbuffers, self._source.normalisation)
        some = self._some_pictures(preprocessing, indices)
        for resolution in list(self._models):
            model = self._models.pop(resolution)
            if some is not None:
                self._check(
                    pool,
                    model,
                    some.pixels[preprocessing, resolution],
                    (preprocessing, resolution),
                )
        give_back_memory()
        return pool

    def _serves(self, resolution: int, model: keras.Model) -> tuple[ConvertsAs, int]:
        """Equal for resolutions that one conversion serves.

        What was adapted below the native resolution is converted at each by itself:
        made at 28 pixels, where a map is odd, a file of mobilenet_v2_cifar errs at 24.
        """
        same = self._source.converts_as(resolution, model)
        adaptation = self._source.adaptation
        tuned = {} if adaptation is None else adaptation.accepted
        trained = tuned.get(self._source.native, "")
        return same, 0 if same[1] == trained else resolution

    def _some_pictures(
        self, preprocessing: Preprocessing, indices: range
    ) -> Batch | None:
        """The first that can be read; None: there is none."""
        resolutions, count = list(self._models), _CHECKED_PICTURES
        batches = pictures(
            self._dataset, resolutions, [preprocessing], count, indices, workers=1
        )
        return next((batch for batch in batches if batch.indices.size), None)

    def _check(
        self, pool: EnginePool, model: keras.Model, pixels: Resized, each: Input
    ) -> None:
        images = normalise(pixels, self._source.normalisation)
        own = np.asarray(model(images, training=False), np.float32)
        alone = [pool.scores([each], {each: picture})[each] for picture in pixels]
        both = np.isfinite(own)  # where neither is a number they agree
        same = np.array_equal(both, np.isfinite(np.stack(alone)))
        apart = np.abs(np.stack(alone) - own)[both] if same else np.array([np.nan])
        difference = float(apart.max(initial=0))
        largest = float(np.abs(own[both]).max(initial=1))
        if not difference <= AGREEMENT * largest:
            raise ModelError.of(
                f"{self._source.name}@{each[1]}",
                f"scores of the .tflite differ by {difference:.2g} from Keras's",
                f"at most {AGREEMENT:g}",
                "Use `engine=keras`.",
            )


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


def check_unreadable(dataset: Dataset, store: ScoreStore, allowed: int) -> None:
    """Refuses more unreadable pictures than allowed; warns of the others."""
    unreadable = store.unreadable(dataset.fingerprint)
    if not unreadable:
        return
    line = unreadable_line(dataset, unreadable)
    if len(unreadable) > allowed:
        raise DataError.of(
            f"{dataset.name} {dataset.split}",
            line,
            f"at most {allowed}",
            "Mend or remove them, or leave them out with "
            f"`max_unreadable={len(unreadable)}`.",
        )
    logging.warning("%s; left out of every figure", line)
