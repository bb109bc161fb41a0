"""A converted file beside its float Keras parent, on the same images."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from convert import tflite_graph
from convert.image_input import entrance
from convert.quantising.recipes import Recipe
from convert.running import Runner
from convert.tflite_graph import Opened
from convert.to_tflite import signature_name
from convert.wanted import WantedRung
from datasets.batches import Batch, pictures
from datasets.dataset import Dataset
from datasets.errors import ModelError
from datasets.progress import progress
from keras_models.accuracy import (
    Drop,
    correct,
    no_better_than_chance,
    paired_drop,
    wilson,
)
from keras_models.framework import versions
from keras_models.scoring.engines import AGREEMENT
from keras_models.scoring.score_records import SHARD, RungMeta, StoredRung
from keras_models.scoring.scores import ScoreStore

Scores = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Parity:
    """One rung by one recipe, and the checks that it failed."""

    rung: str
    recipe: str
    images: int
    agreement: float  # part of the images with the parent's top-1
    min_agreement: float
    largest_difference: float  # of a score
    mean_difference: float
    top1: float
    top1_low: float  # 95 % Wilson
    top1_high: float
    parent_top1: float
    parent_low: float
    parent_high: float
    drop: Drop  # of the parent's accuracy
    macs: int  # of the Keras layers
    graph_macs: int  # of the operators in the file
    uncounted: tuple[str, ...]  # operators without a formula
    operator_macs: tuple[tuple[str, str, int], ...]  # operator, tensor, MACs above 0
    size_bytes: int  # of the rung's separate file
    failures: tuple[str, ...] = ()
    hollow: str = ""  # in words, that the parent's answers are no better than guesses

    def to_json(self) -> dict[str, object]:
        """As it stands in parity.json."""
        return asdict(self)


def parity(
    parent: StoredRung,
    own: StoredRung,
    file: Opened,
    recipe: Recipe,
    min_agreement: float | None,
) -> Parity:
    """Compares stored scores of the same images.

    Args:
        file: the rung's separate one.
        min_agreement: None takes the recipe's own; random weights are not held to it.
    """
    least = recipe.min_agreement if min_agreement is None else min_agreement
    if parent.meta.weights == "random" and min_agreement is None:
        least = 0.0
    difference = np.abs(own.scores - parent.scores)
    right, parent_right = (correct(one.scores, one.labels) for one in (own, parent))
    low, high = wilson(int(right.sum()), right.size)
    parent_low, parent_high = wilson(int(parent_right.sum()), right.size)
    model = file.model
    operators = list(tflite_graph.operator_macs(model, model.subgraphs[0]))
    compared = Parity(
        rung=own.rung,
        recipe=recipe.name,
        images=right.size,
        agreement=float((own.scores.argmax(1) == parent.scores.argmax(1)).mean()),
        min_agreement=least,
        largest_difference=float(difference.max()),
        mean_difference=float(difference.mean()),
        top1=float(right.mean()),
        top1_low=low,
        top1_high=high,
        parent_top1=float(parent_right.mean()),
        parent_low=parent_low,
        parent_high=parent_high,
        drop=paired_drop(parent_right, right),
        macs=parent.macs,
        graph_macs=sum(macs or 0 for _, _, macs in operators),
        uncounted=tuple(sorted({kind for kind, _, macs in operators if macs is None})),
        operator_macs=tuple(
            (kind, name, macs) for kind, name, macs in operators if macs
        ),
        size_bytes=len(file.content),
        hollow=no_better_than_chance(
            parent_right, parent.labels, parent.scores.shape[1]
        ),
    )
    return _judged(compared)


def _judged(compared: Parity) -> Parity:
    failures = []
    if compared.agreement < compared.min_agreement:
        failures.append(
            f"agrees on {100 * compared.agreement:.1f} % of top-1; expected at least "
            f"{100 * compared.min_agreement:g} %"
        )
    if compared.recipe == "float32" and compared.largest_difference > AGREEMENT:
        failures.append(
            f"a score differs by {compared.largest_difference:.2g}; expected at most "
            f"{AGREEMENT:g} of float32"
        )
    if compared.macs != compared.graph_macs or compared.uncounted:
        failures.append(
            f"{compared.graph_macs:,} MACs in the file against {compared.macs:,} of "
            "Keras" + "".join(f"; no formula for {kind}" for kind in compared.uncounted)
        )
    return replace(compared, failures=tuple(failures))


def file_scores(
    store: ScoreStore,
    dataset: Dataset,
    wanted: WantedRung,
    recipe: Recipe,
    file: Opened,
    parent: RungMeta,
) -> StoredRung:
    """Scores of a rung's file over the images, from the store if they are there."""
    meta = replace(
        parent,
        recipe=recipe.name,
        engine=f"litert {versions()['ai-edge-litert']}",
        weights_sha256=file.sha256,
        size_bytes=len(file.content),
    )
    store.write_dataset(
        dataset.fingerprint,
        dataset.name,
        dataset.split,
        dataset.ids,
        np.asarray(dataset.labels),
        dataset.class_names,
    )
    if missing := store.missing(meta):
        runner = _runner(file.content, wanted, recipe)
        for shard in missing:
            _fill(store, meta, dataset, wanted, runner, shard)
    return store.load(meta, "wrong")  # the comparison below then fails, and says so


def _runner(content: bytes, wanted: WantedRung, recipe: Recipe) -> Runner:
    try:
        return Runner(content, signature_name(wanted.resolution))
    except (RuntimeError, ValueError) as error:
        said = " ".join(str(error).split())[:200]
        raise ModelError.of(
            f"{wanted.rung} {recipe.name}",
            f"LiteRT does not run the file that was made ({said})",
            "",
            "Leave this recipe out; float16 and dynamic_int8 change least.",
        ) from error


def _fill(
    store: ScoreStore,
    meta: RungMeta,
    dataset: Dataset,
    wanted: WantedRung,
    runner: Runner,
    shard: int,
) -> None:
    start = shard * SHARD
    size = min(SHARD, len(dataset) - start)
    scores = np.full((size, meta.classes), np.nan, np.float32)
    taken = entrance(wanted.source.normalisation)
    for batch in _batches(meta, dataset, wanted, range(start, start + size)):
        if batch.unreadable:
            store.write_unreadable(meta.fingerprint, batch.unreadable)
        images = taken.images(batch.pixels[wanted.preprocessing, wanted.resolution])
        for index, image in zip(batch.indices, images, strict=True):
            scores[index - start] = runner.scores(image)
    store.write_shard(meta, shard, scores)


def _batches(
    meta: RungMeta, dataset: Dataset, wanted: WantedRung, indices: range
) -> Iterator[Batch]:
    batches = pictures(
        dataset, [wanted.resolution], [wanted.preprocessing], indices=indices
    )
    what = f"{meta.rung} {meta.recipe}, images of shard {indices.start // SHARD + 1}"
    return progress(batches, len(indices), what, lambda batch: len(batch.indices))
