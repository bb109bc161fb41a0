"""Which images the thing of a row answered right, where its run still knows that."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from keras_models.scoring.score_records import RungMeta, StoredRung
from keras_models.scoring.scores import ScoreStore
from reports.gathered import Gathered, Json
from reports.rows import Row
from selection.arrays import Bools, Ints
from selection.replay import replay
from selection.scored import from_stored
from selection.selectors.catalogue import from_json

_SAME = 1e-9


@dataclass(frozen=True, eq=False)
class Answered:
    """Images in a fixed order, and whether each was answered right."""

    ids: tuple[str, ...]
    labels: Ints
    right: Bools


def answered(run: Gathered, folder: Path, row: Row) -> Answered | None:
    """The answers behind a row's accuracy; None: they are not stored under the run.

    Only answers that give the row's number of images and its accuracy to the last digit
    are taken for its own.

    Args:
        folder: where the row was found.
    """
    for own in (*_of_rung(run, folder, row), *_of_plan(run, folder, row)):
        same = abs(float(own.right.mean()) - (row.top1 or 0.0)) < _SAME
        if own.right.size == row.images and same:
            return own
    return None


def weights_of(run: Gathered, folder: Path, row: Row) -> str | None:
    """The hash of the weights behind a row; None: it is not known, or not one.

    Of a plan those of its reference, which the drop is measured against.
    """
    plan = plan_of(run, folder, row)
    name = str(plan["reference"]) if plan else row.ladder or ""
    stored = [meta for meta in ScoreStore(folder).metas() if _fits(meta, name, row)]
    metas = stored or [r.meta for r in run.rungs if _fits(r.meta, name, row)]
    hashes = {meta.weights_sha256 for meta in metas}
    return hashes.pop() if len(hashes) == 1 else None


def plan_of(run: Gathered, folder: Path, row: Row) -> Json | None:
    """The plan whose row it is."""
    for where, plan in run.plans:
        if where == folder and run.row_of(where, plan) == row:
            return plan
    return None


def _fits(meta: RungMeta, rung: str, row: Row) -> bool:
    return (meta.rung, meta.dataset, meta.split) == (rung, row.dataset, row.split)


def _of_rung(run: Gathered, folder: Path, row: Row) -> Iterator[Answered]:
    if row.selector not in (None, "fixed") or not row.ladder:
        return
    judging = dict(run.judging).get(folder)
    for rung in run.rungs:
        alike = rung.meta.weights == row.weights or row.weights is None
        if not _fits(rung.meta, row.ladder, row) or not alike:
            continue
        if row.crop in (None, rung.crop):
            right = rung.scores.argmax(axis=1) == rung.labels
            whole = Answered(rung.ids, rung.labels, np.asarray(right))
            yield whole
            if judging:
                yield part_of(whole, judging)


def part_of(whole: Answered, ids: frozenset[str]) -> Answered:
    """Of these images alone."""
    rows = [row for row, name in enumerate(whole.ids) if name in ids]
    names = tuple(whole.ids[row] for row in rows)
    return Answered(names, whole.labels[rows], whole.right[rows])


def _of_plan(run: Gathered, folder: Path, row: Row) -> Iterator[Answered]:
    plan, judging = plan_of(run, folder, row), dict(run.judging).get(folder)
    if plan is None or not judging:
        return
    rungs: dict[str, StoredRung] = {}
    for name in plan["selector"]["ladder"]:
        own = [r for r in run.rungs if _fits(r.meta, name, row)]
        if len(own) != 1:
            return
        rungs[name] = own[0]
    try:
        scored = from_stored(rungs)
        done = replay(from_json(plan["selector"]), scored)
    except InputError:  # other images, or a selector that looks at pictures
        return
    yield part_of(Answered(scored.ids, scored.labels, done.right), judging)
