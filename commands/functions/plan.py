"""The cheapest plan whose accuracy drop is certified: the function `plan`."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from commands.functions.arguments import Rungs, called, rungs_of
from commands.functions.results import CertifiedPlan
from datasets.files import write_text
from reports.label_front import label_table
from reports.plan_table import plan_table
from reports.run_folder import add_rows, add_tables
from reports.selection_table import Judged, judged_rows
from selection.plans.planned import planned
from selection.plans.request import Request
from selection.plans.search import DEFAULT_WAYS
from selection.scored import from_stored
from selection.split import split


def plan(
    rungs: Rungs | Sequence[Rungs],
    reference: str,
    run: str | Path = "runs/plan",
    *,
    max_drop: float = 1.0,
    confidence: float = 0.95,
    ways: Sequence[str] = DEFAULT_WAYS,
    longest: int = 3,
    search_part: float = 0.3,
    search_labels: bool = True,
    max_labels: int | None = None,
    calibration_part: float = 0.5,
    seed: int = 0,
) -> CertifiedPlan:
    """The cheapest plan whose true drop is certified, judged on images left aside.

    Args:
        rungs: as for `select`.
        reference: the rung that the drop is measured against.
        max_drop: points of accuracy, the largest true drop.
        ways: how ladders are climbed, as `reswise plan --ways`.
        search_part: of the images that choose, those that search and certify nothing;
            above 1: so many images.
        search_labels: False: the search reads no label.
        max_labels: of certification images, read at most; None: while one can help.
        calibration_part: of the images that search and certify; the rest judges.
    Returns:
        `certified` is False where the images are too few, and `sentence` says how
        many it takes; `path` is the plan.json that `convert` takes.
    Raises:
        InputError: rungs of different images, limits out of range.

    Example:
        >>> import reswise, tempfile
        >>> rungs = reswise.sweep("small_resnet", "glyphs", [48], tempfile.mkdtemp(),
        ...                       weights="glyphs", limit=50)
        >>> found = reswise.plan(rungs, "small_resnet@96", tempfile.mkdtemp())
        >>> found.certified  # not with 50 pictures
        False
    """
    stored = rungs_of(rungs)
    request = Request(
        reference=reference,
        max_drop_points=float(max_drop),  # 1 and 1.0 have one hash
        confidence=confidence,
        ways=tuple(ways),
        longest=longest,
        seed=seed,
        search_part=search_part,
        search_labels=search_labels,
        max_labels=max_labels,
    )
    certified = planned(stored, request, calibration_part)
    _, test = split(from_stored(stored), calibration_part, seed)
    kind = str(certified.plan.selector.to_json()["kind"])
    command = called("plan")
    rows = []
    if certified.verdict is not None:  # some of the images left aside have labels
        judged = Judged(kind, certified.plan.selector, certified.verdict, None)
        labelled = test.take(np.flatnonzero(test.labelled))
        meta = stored[reference].meta
        rows = judged_rows([judged], labelled, reference, meta, command)
    table = plan_table(certified.plan, certified.verdict, test)
    folder = Path(run)
    path = folder / "plan.json"
    facts = certified.to_json() | {"command": command}
    write_text(path, json.dumps(facts, indent=1) + "\n")
    add_rows(folder, rows)
    meta = stored[reference].meta
    key = " | ".join((meta.dataset, meta.split, reference, f"{max_drop:g}"))
    tables = (table, label_table(certified.plan))
    keys = [key, f"{key}, labels"]
    add_tables(folder, "plan", tables, keys, command=command)
    return CertifiedPlan(
        rows=tuple(rows), tables=tables, run=folder, planned=certified, path=path
    )
