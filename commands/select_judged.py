"""The selectors that `reswise select` was asked for, chosen and judged."""

import argparse
from typing import TYPE_CHECKING

from commands import stored
from datasets.errors import InputError

if TYPE_CHECKING:
    from reports.selection_table import Judged
    from selection.contract import Selector
    from selection.scored import Scored


def every_rung(test: "Scored", reference: str) -> "list[Judged]":
    """Each rung for all images, so that selectors stand beside them in rows.csv."""
    from reports.selection_table import Judged
    from selection.judge import judge
    from selection.selectors.fixed import Fixed

    return [
        Judged("fixed", Fixed(rung), judge(Fixed(rung), test, reference), None)
        for rung in test.rungs
    ]


def judged_at_budgets(
    args: argparse.Namespace, wanted: list[str], calibration: "Scored", test: "Scored"
) -> "list[list[Judged]]":
    """One list a budget, of every selector; one alone where thresholds are given."""
    from reports.selection_table import Judged
    from selection.judge import judge

    reference = args.reference or test.rungs[-1]
    if args.thresholds is not None:
        selector = _given(args, wanted, test)
        return [[Judged("cascade", selector, judge(selector, test, reference), None)]]
    return [
        [
            Judged(name, selector, judge(selector, test, reference), budget)
            for name in wanted
            for selector in [_chosen(args, name, calibration, test, budget)]
        ]
        for budget in _budgets(args, calibration)
    ]


def _chosen(
    args: argparse.Namespace,
    name: str,
    calibration: "Scored",
    test: "Scored",
    budget: float,
) -> "Selector":
    from selection.plans.choose import choose
    from selection.selectors.random_choice import RandomChoice

    if name == "random" and args.random_weights is not None:
        return _weighted(args, calibration)
    if name == "random" and args.max_macs is None:
        rungs = calibration.rungs
        return RandomChoice(rungs, (1.0,) * len(rungs), args.seed)
    ways = stored.names(args.ways or "")
    climbs = [way for way in ways if way.startswith("deferral") == (name == "deferral")]
    spent_on = test if args.equal_macs else None
    return choose(name, calibration, budget, climbs, args.longest, spent_on)


def _weighted(args: argparse.Namespace, scored: "Scored") -> "Selector":
    from selection.selectors.random_choice import RandomChoice

    asked = stored.names(args.rungs or "")
    weights = stored.numbers("random_weights", args.random_weights)
    if len(asked) != len(weights):
        raise InputError(
            "random_weights",
            args.random_weights,
            "one for each",
            fault=f"{len(weights)} numbers for {len(asked)} `rungs`",
        )
    by_rung = dict(zip(asked, weights, strict=True))
    return RandomChoice(
        scored.rungs, tuple(by_rung[rung] for rung in scored.rungs), args.seed
    )


def _budgets(args: argparse.Namespace, calibration: "Scored") -> tuple[float, ...]:
    if args.max_macs is None:
        return (calibration.macs[-1] / 2,)
    return stored.numbers("max_macs", args.max_macs)


def _given(args: argparse.Namespace, wanted: list[str], test: "Scored") -> "Selector":
    from selection.selectors.cascade import Cascade

    if wanted != ["cascade"] or args.rungs is None:
        raise InputError(
            "thresholds", args.thresholds, "`selectors=cascade` and `rungs` beside it"
        )
    ladder = tuple(stored.names(args.rungs))
    test.ladder(ladder)  # refuses one that does not ascend
    way = args.ways or "top1"
    name, _, variant = way.partition("-")
    thresholds = stored.numbers("thresholds", args.thresholds)
    return Cascade(
        ladder=ladder,
        thresholds=thresholds,
        confidence=name,
        answer="mean" if variant == "mean" else "last",
    )
