"""Scores of a model file that version 0.1 stored, taken up where they are its own.

Until then a file was known by its tensors alone, and two files of equal tensors with,
say, another Rescaling have other scores. So what lies under that older name is believed
once the first pictures, run again by Keras, have the scores that are stored of them; if
not, nothing of it is touched, and the rung is run anew under its name of today.
"""

from dataclasses import replace

import keras
import numpy as np
from absl import logging

from datasets.batches import pictures
from datasets.dataset import Dataset
from datasets.preprocessing import Preprocessing
from keras_models.normalisation import normalise
from keras_models.pretrained import Pretrained
from keras_models.scoring.engines import AGREEMENT, KerasEngine
from keras_models.scoring.score_records import SHARD, RungMeta
from keras_models.scoring.scores import ScoreStore

_PICTURES = 8


def taken_up(
    meta: RungMeta,
    source: Pretrained,
    dataset: Dataset,
    model: keras.Model,
    preprocessing: Preprocessing,
    store: ScoreStore,
) -> RungMeta:
    """The older record of a rung where its scores are the model's; else `meta`.

    Args:
        model: the rung's; preprocessing: its own, as `meta` describes it.
    """
    known = source.older_sha256
    if source.adaptation is not None or known in ("", source.weights_sha256):
        return meta
    older = replace(meta, weights_sha256=known)
    if store.has_shard(meta, 0) or not store.has_shard(older, 0):
        return meta
    stored = store.shard(older, 0)
    first = range(min(len(dataset), SHARD))
    batches = pictures(
        dataset, [meta.resolution], [preprocessing], _PICTURES, first, workers=1
    )
    batch = next((some for some in batches if some.indices.size), None)
    if batch is None:
        return meta
    pixels = batch.pixels[preprocessing, meta.resolution]
    scores = KerasEngine(model).scores(normalise(pixels, source.normalisation))
    there = stored[batch.indices]
    if np.allclose(scores, there, rtol=0, atol=AGREEMENT, equal_nan=True):
        logging.info("%s: the scores of before are its own; going on", meta.rung)
        return older
    logging.warning(
        "%s: %s has scores of another model with the same weights; computing its own",
        meta.rung,
        store.folder(older),
    )
    return meta
