"""Which images the thing of a row answered right, where its run still knows that."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.files import write_text
from datasets.user_files import UserFile
from keras_models.scoring.score_records import RungMeta, StoredRung
from keras_models.scoring.scores import ScoreStore
from reports.gathered import Gathered, Json
from reports.rows import Row
from selection.arrays import Bools, Ints
from selection.replay import replay
from selection.scored import from_stored
from selection.selectors.catalogue import from_json

ANSWERS_FILE = "answers.json"  # beside rows.csv, of the rows that were replayed
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
    for own in (
        *_of_rung(run, folder, row),
        *_of_plan(run, folder, row),
        *_kept(folder, row),
    ):
        same = abs(float(own.right.mean()) - (row.top1 or 0.0)) < _SAME
        if own.right.size == row.images and same:
            return own
    return None


def keep_answers(
    folder: Path, ids: Sequence[str], labels: Ints, rows: Sequence[tuple[Row, Bools]]
) -> None:
    """Which of these images the thing of each row answered right, for comparisons."""
    kept = [
        {"of": _name(row), "right": "".join("01"[int(one)] for one in right)}
        for row, right in rows
    ]
    facts = {"ids": list(ids), "labels": labels.tolist(), "answers": kept}
    write_text(folder / ANSWERS_FILE, json.dumps(facts) + "\n")


def _name(row: Row) -> list[object]:
    return [row.selector, row.ladder, row.dataset, row.split, row.macs]


def _kept(folder: Path, row: Row) -> Iterator[Answered]:
    path = folder / ANSWERS_FILE
    if not path.exists():
        return
    facts = UserFile(path).object()
    try:
        ids, labels = tuple(map(str, facts["ids"])), np.array(facts["labels"], np.int64)
        for each in facts["answers"]:
            right = np.array([digit == "1" for digit in each["right"]], np.bool_)
            if len(ids) != labels.size or right.size != labels.size:
                raise ValueError(f"{right.size} answers of {len(ids)} images")
            if each["of"] == _name(row):
                yield Answered(ids, labels, right)
    except (ValueError, TypeError, KeyError) as error:
        raise InputError.of(
            path, f"not the answers of `reswise select` ({error})", "", "Run it again."
        ) from error


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


def same_images(
    run: Gathered, names: Sequence[str], judged: frozenset[str]
) -> list[StoredRung]:
    """Stored rungs over one and the same images, those that hold most of the judged."""
    best: list[StoredRung] = []
    for fingerprint in dict.fromkeys(rung.fingerprint for rung in run.rungs):
        own = {r.rung: r for r in run.rungs if r.fingerprint == fingerprint}
        if set(names) <= set(own):
            rungs = [own[name] for name in names]
            best = max(best, rungs, key=lambda some: _held(some, judged))
    return best


def _held(rungs: Sequence[StoredRung], judged: frozenset[str]) -> tuple[int, int]:
    """(how many of the judged images, how many in all)."""
    ids = rungs[0].ids if rungs else ()
    return len(judged.intersection(ids)), len(ids)


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
    own = same_images(run, plan["selector"]["ladder"], judging)
    if not own:
        return
    try:
        scored = from_stored({rung.rung: rung for rung in own})
        done = replay(from_json(plan["selector"]), scored)
    except InputError:  # other images, or a selector that looks at pictures
        return
    yield part_of(Answered(scored.ids, scored.labels, done.right), judging)
