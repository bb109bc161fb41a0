"""A table of every kind, with names as long as users have, made by what makes them."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np

import reswise
from convert.bundle import open_bundle
from convert.compressing.outcome import Entry
from convert.compressing.outcome import Outcome as Compressed
from convert.compressing.variant import Setting
from keras_models.adapted import HeadOutcome, Match, Outcome
from keras_models.adapting.head_choice import HeadFit
from keras_models.adapting.head_trial import LabelTrial
from keras_models.adapting.trial import Trial
from keras_models.flops import Cost
from keras_models.scoring.stored_scores import load_rungs
from reports import adapt_table, app_table, bench_table, compare, head_table
from reports.bundle_table import bundle_table
from reports.compress_table import compress_tables
from reports.drop import drop_rows
from reports.flops_table import flops_table
from reports.page import several_runs
from reports.plan_table import splits_table
from reports.run_folder import add_sweep
from reports.table import Table, read_tables, stored_tables
from selection.arrays import Ints
from selection.plans.repeat import Outcome as Split
from selection.plans.repeat import Outcomes
from selection.plans.request import Request
from selection.plans.several import Candidate, Limits, certify_several
from tests.reports.test_run_folder import _rungs
from tests.selection.store import store
from tests.selection.synthetic import scored as synthetic

RECORDED = Path(__file__).parents[1] / "references" / "recorded_run"
_LONG = "efficientnetv2-b3_fine_tuned"


def every_table(folder: Path) -> list[Table]:
    """Tables of every kind; what reads stored scores finds them in the folder."""
    return [
        *_of_verbs(folder),
        *_adaptations(),
        *_listings(),
        *_bundles(),
        *(compare.compare(number) for number in ("1", "2", "3", "6")),
        *_compressions(),
        *_several_runs(folder),
        flops_table(_LONG, 224, [_cost(side) for side in (224, 192, 160)]),
        _splits(),
    ]


def _of_verbs(folder: Path) -> list[Table]:
    rungs = _rungs(folder / "scores", _LONG, "validation[:5000]", images=120)
    add_sweep(folder / "drop", rungs, drop_rows(rungs, "reswise drop"))
    ladder = ",".join(f"{_LONG}@{side}" for side in (32, 64, 96))
    lines = (
        "select --selectors fixed,random,cascade,deferral,oracle",
        f"thresholds --rungs {ladder}",
        f"plan --reference {_LONG}@96 --max-drop 3 --confidence 0.8",
    )
    for line in lines:
        verb, *flags = line.split()
        own = ["--from", str(folder / "scores"), "--run", str(folder / verb)]
        assert reswise.run([verb, *flags, *own]) in (0, 1)  # 1: no certificate
    return [
        table
        for root in (folder, RECORDED)
        for path in stored_tables(root)
        for table in read_tables(path)
    ]


def _several_runs(folder: Path) -> list[Table]:
    """Two trainings of one network, side by side and grouped."""
    runs = []
    for seed in (1, 2):
        run = folder / f"trained_with_seed_{seed}"
        data = synthetic(images=120, rungs=2, seed=seed)
        names = (f"{_LONG}@32", f"{_LONG}@64")
        store(run, replace(data, rungs=names), weights=str(seed))
        rungs = list(load_rungs(run).values())
        add_sweep(run, rungs, drop_rows(rungs, "reswise drop"))
        runs.append(run)
    return several_runs(runs, True, "weights", "reswise report")


def _adaptations() -> list[Table]:
    before, after = Match(0.4213, 0.8, 0.771), Match(0.3987, 0.8, 0.784)
    outcome = Outcome(
        resolution=160,
        pictures=12_000,
        held_out=3_000,
        before=before,
        after=after,
        gain=0.0226,
        gain_error=0.004,
        worth_error=0.011,
        accepted=True,
        tuned=1_234_567,
    )
    head = HeadOutcome(
        resolution=160,
        pictures=12_000,
        held_out=3_000,
        right_before=0.812,
        right_after=0.834,
        loss_before=0.913,
        loss_after=0.871,
        gain_error=0.01,
        accepted=False,
    )
    trial = Trial(
        resolution=160,
        accepted=True,
        pictures=6_000,
        tested=6_000,
        native=0.91,
        before=0.85,
        tuned=0.87,
    )
    right = np.arange(40) % 3 > 0
    drawn = LabelTrial(
        count=None,
        resolution=160,
        accepted=True,
        pictures=400,
        held_out=100,
        rows=np.arange(40),
        before=right,
        tuned=right | (np.arange(40) % 7 == 0),
    )
    fit = HeadFit(head=None, strength=0.01, outcomes=(head,))  # type: ignore[arg-type]
    return [
        adapt_table.adapt_table(_LONG, 224, [outcome], "reswise adapt"),
        adapt_table.trials_table(_LONG, [trial], 1, "reswise adapt"),
        head_table.head_table(_LONG, fit, "reswise adapt"),
        head_table.label_table(_LONG, [drawn], 224, "reswise adapt"),
    ]


def _listings() -> list[Table]:
    from commands import datasets, models

    return [models.table(), datasets.table()]


def _bundles() -> list[Table]:
    names = ("tiny_float32", "tiny_full_int8")
    own = [bundle_table(open_bundle(RECORDED / "convert" / name)) for name in names]
    cells = ("71.50 (65.8..76.6)", "1,234.50", "12.345", "12.301", "13.912")
    return [
        *own,
        Table(
            title=f"{_LONG} on Pixel 9 Pro XL: VALID; 200 images of folder:pictures",
            columns=bench_table.COLUMNS,
            rows=(
                ("selector (cascade)", *cells, "0.0012", "41.2", "88.1", ""),
                (f"{_LONG}@160", *cells, "0.0000", "41.2", "88.1", "64.5"),
            ),
            words=1,
            kind="bench",
            more=bench_table.MORE,
        ),
        Table(
            title=f"{_LONG} in an app",
            columns=app_table.COLUMNS,
            rows=(("app", *cells, "0.0012", "41.2", "88.1", *["1.234"] * 3),),
            words=1,
            kind="bench",
            more=app_table.MORE,
        ),
    ]


def _compressions() -> list[Table]:
    """A grid of three variants over images that one gets wrong more often."""
    labels = np.arange(400) % 10
    texts = ("resolution:160+dynamic_int8", "channels:0.2", "magnitude_global:0.75")
    parts = ((0.26, 0.51, 0.44), (0.81, 0.8, 0.83), (1.0, 1.0, 1.01))
    parent = _entry("float32", labels, (1.0, 1.0, 1.0))
    entries = tuple(
        _entry(text, np.where(np.arange(400) % 97 == number, 10, labels), part)
        for number, (text, part) in enumerate(zip(texts, parts, strict=True))
    )
    candidates = [
        Candidate(name=entry.text, answers=entry.answers, costs=part)
        for entry, part in zip(entries, parts, strict=True)
    ]
    ids = tuple(f"picture {number}" for number in range(400))
    limits = Limits(max_drop_points=3.0, confidence=0.9)
    outcome = Compressed(
        parent=parent,
        entries=entries,
        refused=(),
        several=certify_several(candidates, parent.answers, labels, ids, limits),
        labels=labels,
        hollow="",
    )
    setting = SimpleNamespace(
        source=SimpleNamespace(name=_LONG, weights="imagenet", remarks=()),
        judged=SimpleNamespace(name="folder:pictures", split="validation[:400]"),
        calibration=SimpleNamespace(dataset=range(100)),
    )
    return compress_tables(outcome, cast(Setting, setting), (), {}, "reswise compress")


def _entry(text: str, answers: Ints, parts: tuple[float, float, float]) -> Entry:
    return Entry(
        text=text,
        group=text,
        answers=answers,
        macs=3_857_973_248 * parts[1],
        parameters=25_636_712,
        nonzero=25_583_592,
        paper_macs=3_857_973_248 * parts[1],
        size_bytes=int(102_256_128 * parts[0]),
        zipped_bytes=int(94_256_128 * parts[0]),
        latency_us=84_900 * parts[2],
        relative_latency=parts[2],
        relative_high=parts[2],
    )


def _cost(side: int) -> Cost:
    return Cost(
        resolution=side,
        macs=side**2 * 20_000,
        drop_percent=100 - side / 2.24,
        parameters=12_345_678,
        uncounted=(),
    )


def _splits() -> Table:
    outcomes = (Split(True, 71.2, 0.42, 181), Split(False, 33.0, 3.25, 210))
    request = Request(reference=f"{_LONG}@224", max_drop_points=2.0)
    return splits_table(Outcomes(outcomes, outcomes, outcomes), request, 5_000, 0.5)
