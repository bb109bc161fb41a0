"""The finished rungs of a run folder by their names: one data set, each rung once."""

import os
from collections.abc import Sequence
from pathlib import Path

from datasets.errors import InputError
from datasets.splits import same_split
from keras_models.scoring.score_records import RungMeta, StoredRung
from keras_models.scoring.scores import ScoreStore


def load_rungs(
    run: Path,
    dataset: str | None = None,
    split: str | None = None,
    nonfinite: str = "refuse",
) -> dict[str, StoredRung]:
    """The finished rungs of one data set stored under a run folder, by their names.

    A rung is named mobilenet_v2@160; where a run holds several crops of it, each is
    named with its own: mobilenet_v2@160/crop0.75, mobilenet_v2@160/squash.

    Args:
        dataset, split: which, as rows.csv names them; None where there is one only.
        nonfinite: as `ScoreStore.load`.
    Raises:
        InputError: no scores there, or of several data sets, or a rung twice (other
            weights or recipe).
    """
    store = ScoreStore(run)
    there = [meta for meta in store.metas() if not store.missing(meta)]
    if not there:
        raise InputError.of(
            run,
            "no finished scores there",
            "the `run` folder of a `reswise drop`",
            "Run that first.",
        )
    metas = _asked(there, dataset, split)
    if not metas:
        asked = " ".join(filter(None, (dataset, split)))
        raise InputError.of(
            run,
            f"no scores of {asked} there",
            f"one of {'; '.join(_held(there).values())}",
        )
    held = _held(metas)
    if len(held) > 1:
        raise InputError.of(
            run,
            f"scores of {len(held)} data sets ({'; '.join(held.values())})",
            "one",
            "Say `dataset` and `split`, or sweep each into a `run` of its own.",
        )
    return _named(run, [store.load(meta, nonfinite) for meta in metas])


def _held(metas: Sequence[RungMeta]) -> dict[str, str]:
    """What the scores are of, by fingerprint."""
    return {
        meta.fingerprint: f"{meta.dataset} {meta.split}, {meta.images} images"
        for meta in metas
    }


def _asked(
    metas: Sequence[RungMeta], dataset: str | None, split: str | None
) -> list[RungMeta]:
    """Those of the data set and the split, whose name may be spelt as --split may."""
    kind, mark, path = (dataset or "").partition(":")
    names = {dataset, f"{kind}:{Path(os.path.expanduser(path))}" if mark else dataset}
    own = [meta for meta in metas if dataset is None or meta.dataset in names]
    if split is None:
        return own
    exact = [meta for meta in own if meta.split == split]
    return exact or [meta for meta in own if same_split(split, meta.split)]


def _named(run: Path, rungs: list[StoredRung]) -> dict[str, StoredRung]:
    crops: dict[str, set[str]] = {}
    for rung in rungs:
        crops.setdefault(rung.meta.rung, set()).add(rung.crop)
    named: dict[str, StoredRung] = {}
    for rung in rungs:
        name = rung.meta.rung
        if len(crops[name]) > 1:
            name += "/squash" if rung.crop == "squash" else f"/crop{rung.crop}"
        if name in named:
            raise InputError.of(
                run,
                f"{name} is stored more than once (other weights, engine, "
                "interpolation or recipe)",
                "one of each rung",
                "Sweep each into a `run` of its own.",
            )
        named[name] = rung
    return named
