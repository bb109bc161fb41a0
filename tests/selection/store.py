"""A score store filled with synthetic scores, as a sweep would leave it."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from datasets.preprocessing import Preprocessing
from keras_models.scoring.score_records import SHARD, RungMeta
from keras_models.scoring.scores import ScoreStore
from selection.scored import Scored


def store(
    folder: Path,
    data: Scored,
    name: str = "glyphs",
    split: str = "test",
    weights: str = "0",
) -> None:
    """Writes every rung of `data` under a run folder.

    Args:
        weights: a digit: the hash of the weights is made of it.
    """
    kept = ScoreStore(folder)
    fingerprint = f"{split:0<40}"
    classes = data.scores[0].shape[1]
    names = tuple(f"class {number}" for number in range(classes))
    kept.write_dataset(fingerprint, name, split, data.ids, data.labels, names)
    for rung, macs, scores in zip(data.rungs, data.macs, data.scores, strict=True):
        meta = _meta(rung, macs, name, split, fingerprint, scores.shape)
        meta = replace(meta, weights_sha256=64 * weights)
        for shard in range(meta.shards):
            part = scores[shard * SHARD : (shard + 1) * SHARD]
            kept.write_shard(meta, shard, np.asarray(part))


def _meta(
    rung: str,
    macs: int,
    name: str,
    split: str,
    fingerprint: str,
    shape: tuple[int, ...],
) -> RungMeta:
    model, resolution = rung.split("@")
    return RungMeta(
        rung=rung,
        model=model,
        weights="random",
        weights_sha256="0" * 64,
        resolution=int(resolution),
        classes=shape[1],
        recipe="float32",
        engine="none",
        normalisation="none",
        preprocessing=Preprocessing().describe(),
        dataset=name,
        split=split,
        fingerprint=fingerprint,
        images=shape[0],
        macs=macs,
        parameters=1,
        size_bytes=4,
        uncounted=(),
    )
