"""The scores that a rung's files are held against: the user's model, not ours of it.

At the native resolution that is what the model file's own `predict` says. At others it
is the rebuilt model, which is proven against the user's own layers when it is made.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.wanted import WantedRung
from datasets.batches import pictures
from datasets.dataset import Dataset
from datasets.errors import ModelError
from datasets.progress import progress
from keras_models.normalisation import normalise
from keras_models.pretrained import Pretrained
from keras_models.scoring.engines import AGREEMENT
from keras_models.scoring.score_records import SHARD, RungMeta, StoredRung
from keras_models.scoring.scores import ScoreStore
from keras_models.scoring.sweeping import SweepOptions, sweep

_OWN = "the model file's own predict"


def parent_scores(
    rung: WantedRung, judged: Dataset, run: Path, max_unreadable: int
) -> StoredRung:
    """Scores of a rung by Keras, from the store if they are there.

    Raises:
        InputError: unreadable pictures, or a model that is not what its user built.
    """
    how = SweepOptions("keras", max_unreadable)
    resolutions, ways = [rung.resolution], [rung.preprocessing]
    ours = sweep(rung.source, judged, resolutions, ways, ScoreStore(run), how)[0]
    source = rung.source
    if source.user is None or rung.resolution != source.native:
        return ours
    if takes_whole_pixels(source):
        _check_on_whole(rung, judged)
        return ours
    meta = replace(ours.meta, engine=f"{_OWN}, {ours.meta.engine}")
    store = ScoreStore(run / "parity" / "own")
    store.write_dataset(
        judged.fingerprint,
        judged.name,
        judged.split,
        judged.ids,
        np.asarray(judged.labels),
        judged.class_names,
    )
    for shard in store.missing(meta):
        _fill(store, meta, rung, judged, shard)
    return store.load(meta)


def takes_whole_pixels(source: Pretrained) -> bool:
    """Whether the user's model takes integers: resized pixels are no such."""
    return "int" in str(source.own.inputs[0].dtype)


def _fill(
    store: ScoreStore, meta: RungMeta, rung: WantedRung, judged: Dataset, shard: int
) -> None:
    start = shard * SHARD
    size = min(SHARD, len(judged) - start)
    scores = np.full((size, meta.classes), np.nan, np.float32)
    key = rung.preprocessing, rung.resolution
    batches = pictures(
        judged,
        [rung.resolution],
        [rung.preprocessing],
        indices=range(start, start + size),
    )
    what = f"{meta.rung}, {_OWN}, images of shard {shard + 1}"
    for batch in progress(batches, size, what, lambda batch: len(batch.indices)):
        given = normalise(batch.pixels[key], rung.source.normalisation)
        scores[batch.indices - start] = rung.source.own_scores(given)
    store.write_shard(meta, shard, scores)


def _check_on_whole(rung: WantedRung, judged: Dataset) -> None:
    """Both on pixels that are rounded: then the difference is the model's alone."""
    source, key = rung.source, (rung.preprocessing, rung.resolution)
    indices = range(min(SHARD, len(judged)))
    largest = 0.0
    for batch in pictures(judged, [key[1]], [key[0]], indices=indices):
        given = normalise(np.rint(batch.pixels[key]), source.normalisation)
        if len(given):
            ours = np.asarray(source.model.predict_on_batch(given), np.float32)
            largest = max(largest, _apart(ours, source.own_scores(given)))
    if not largest <= AGREEMENT:
        raise ModelError.of(
            rung.rung,
            f"scores differ by {largest:.2g} from the model's own predict",
            f"at most {AGREEMENT:g}",
        )


def _apart(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.abs(one - other).max())
