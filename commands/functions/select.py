"""Selectors replayed over stored scores, at one price: the function `select`."""

from collections.abc import Sequence
from pathlib import Path

from commands.functions.arguments import Rungs, called, rungs_of
from commands.functions.results import Selection
from datasets.errors import InputError
from reports.run_folder import add_rows, add_tables
from reports.selection_table import Judged, judged_rows, judged_table
from selection.judge import judge
from selection.plans.choose import choose
from selection.scored import Scored, from_stored
from selection.selectors.fixed import Fixed
from selection.split import split as parted

SELECTORS = ("fixed", "random", "cascade", "deferral", "oracle")


def select(
    rungs: Rungs | Sequence[Rungs],
    run: str | Path = "runs/select",
    *,
    selectors: Sequence[str] = ("fixed", "random", "cascade", "deferral", "oracle"),
    max_macs: float | None = None,
    reference: str | None = None,
    longest: int = 3,
    calibration_part: float = 0.5,
    seed: int = 0,
) -> Selection:
    """Selectors at one price, tuned on a part of the images, judged on the rest.

    Args:
        rungs: what `sweep` returned, or its run folder; several of the same images.
        selectors: fixed, random, cascade, deferral, oracle.
        max_macs: mean of one image; None: half of the dearest rung's.
        reference: what drops and savings are against; None: the dearest rung.
        longest: rungs of a ladder, 2 or 3.
    Raises:
        InputError: rungs of different images, or nothing that cheap.

    Example:
        >>> import reswise, tempfile
        >>> run = tempfile.mkdtemp()
        >>> _ = reswise.sweep("small_resnet", "glyphs", [48], run, weights="glyphs",
        ...                   limit=50)
        >>> chosen = reswise.select(run, tempfile.mkdtemp(), selectors=["cascade"])
        >>> [row.selector for row in chosen.rows]
        ['fixed', 'fixed', 'cascade']
    """
    _check(selectors)
    stored = rungs_of(rungs)
    calibration, test = parted(from_stored(stored), calibration_part, seed)
    against = reference or test.rungs[-1]
    budget = calibration.macs[-1] / 2 if max_macs is None else max_macs
    judged = [
        _judged(name, calibration, test, budget, longest, against) for name in selectors
    ]
    each = [
        Judged("fixed", Fixed(rung), judge(Fixed(rung), test, against), None)
        for rung in test.rungs
    ]
    test.index(against)  # refuses a rung that is not there
    meta, command = stored[against].meta, called("select")
    rows = [
        row
        for group in (each, judged)
        for row in judged_rows(group, test, against, meta, command)
    ]
    table = judged_table(judged, test, against)
    add_rows(Path(run), rows)
    key = " | ".join((meta.dataset, meta.split, *test.rungs, table.title))
    add_tables(Path(run), "select", [table], [key], command=command)
    return Selection(rows=tuple(rows), tables=(table,), run=Path(run))


def _check(selectors: Sequence[str]) -> None:
    for name in selectors:
        if name not in SELECTORS:
            raise InputError(
                "selectors", name, f"some of {', '.join(SELECTORS)}",
                "For learned, which reads the pictures, use the command line.",
            )  # fmt: skip


def _judged(
    name: str,
    calibration: Scored,
    test: Scored,
    budget: float,
    longest: int,
    reference: str,
) -> Judged:
    selector = choose(name, calibration, budget, [], longest, None)
    return Judged(name, selector, judge(selector, test, reference), budget)
