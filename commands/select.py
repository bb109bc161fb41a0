"""Replays selectors over stored scores: accuracy, MACs, regret against the oracle.

Selectors with thresholds are tuned on the calibration images to the mean cost of
--max-macs, or take --thresholds as they are; the other images judge. `random` is
repeated, and its mean, standard deviation, maximum and minimum are printed.

Examples:
  reswise select --selectors random --from runs/drop \\
      --rungs resnet50@224,resnet50@210,resnet50@196,resnet50@182,resnet50@168
  reswise select --selectors fixed,random,cascade,deferral,learned,oracle \\
      --max-macs 8.75e6 --calibration-split calibration --split test
  reswise select --selectors cascade --rungs mobilenet_v2@160,mobilenet_v2@224 \\
      --thresholds 0.8
"""

import argparse
from typing import TYPE_CHECKING

from commands import echo, stored
from datasets.errors import InputError

if TYPE_CHECKING:
    from reports.selection_table import Judged
    from selection.contract import Selector
    from selection.scored import Scored

_ALL = ("fixed", "random", "cascade", "deferral", "learned", "oracle")
HELP = "selectors over stored scores: accuracy, MACs, regret against the oracle"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Selectors, rungs, budget, thresholds, repeats, stored scores."""
    add = parser.add_argument
    add(
        "--selectors",
        "--selector",
        dest="selector",
        metavar="NAME[,NAME..]",
        help="fixed, random, cascade, deferral, learned, oracle (default: all of them; "
        "with --thresholds cascade)",
    )
    add(
        "--rungs",
        metavar="RUNG[,RUNG..]",
        help="such as mobilenet_v2@160,mobilenet_v2@224 (default: all that are stored)",
    )
    add(
        "--max-macs",
        metavar="M[,M..]",
        help="mean MACs of one image that a selector may spend; several make several "
        "tables (default: half of the dearest rung's)",
    )
    add(
        "--equal-macs",
        action="store_true",
        help="hold the budget on the images that judge, not on the calibration images: "
        "what is spent is known without labels, so that all selectors are compared at "
        "the same mean MACs",
    )
    add("--thresholds", metavar="T[,T..]", help="of a cascade over --rungs, untuned")
    add(
        "--ways",
        metavar="WAY[,WAY..]",
        help="how cascades and deferral rules climb: top1, margin, entropy, "
        "calibrated, top1-mean, margin-mean, deferral, deferral-boosted, deferral-mean",
    )
    add(
        "--longest",
        type=int,
        default=3,
        choices=(2, 3),
        help="rungs of a ladder at most (default: 3)",
    )
    add(
        "--repeats",
        type=int,
        default=100,
        metavar="N",
        help="draws of the random selector (default: 100)",
    )
    add(
        "--random-weights",
        metavar="W[,W..]",
        help="how often random takes each of --rungs, in their order (default: all "
        "alike, or as --max-macs allows)",
    )
    add(
        "--reference",
        metavar="RUNG",
        help="what drops and savings are against (default: the dearest rung)",
    )
    stored.add_stored_flags(parser, "select")


def run(args: argparse.Namespace) -> int:
    """Judges every selector at every budget; prints tables, writes rows.csv."""
    from reports.remarks import with_remarks
    from reports.run_folder import add_rows, add_tables
    from reports.selection_table import judged_rows, judged_table, spread_table

    wanted = stored.names(args.selector or ",".join(_ALL))
    if args.selector is None and args.thresholds is not None:
        wanted = ["cascade"]
    if args.repeats < 1:
        raise InputError(f"--repeats {args.repeats}: expected 1 draw or more.")
    parts = stored.parts(args, looks="learned" in wanted)
    calibration, test = (
        stored.kept(part, args.rungs) for part in (parts.calibration, parts.test)
    )
    judged = _judged(args, wanted, calibration, test)
    reference = args.reference or test.rungs[-1]
    used = parts.rungs.values()
    tables = [with_remarks(judged_table(one, test, reference), used) for one in judged]
    if "random" in wanted:
        tables += [spread_table(one, test, reference, args.repeats) for one in judged]
    meta = parts.rungs[reference].meta
    rows = [
        row
        for one in (_every_rung(test, reference), *judged)
        for row in judged_rows(one, test, reference, meta, echo.command_line())
    ]
    add_rows(args.run, rows)
    keys = [stored.what(args, parts.rungs, reference, one.title) for one in tables]
    add_tables(args.run, "select", tables, keys)
    for table in tables:  # after the files: head may close the pipe
        table.show()
    for name in ("rows.csv", "select.md"):
        print(f"wrote {echo.shown(args.run / name)}")
    return 0


def _every_rung(test: "Scored", reference: str) -> "list[Judged]":
    """Each rung for all images, so that selectors stand beside them in rows.csv."""
    from reports.selection_table import Judged
    from selection.judge import judge
    from selection.selectors.fixed import Fixed

    return [
        Judged("fixed", Fixed(rung), judge(Fixed(rung), test, reference), None)
        for rung in test.rungs
    ]


def _judged(
    args: argparse.Namespace, wanted: list[str], calibration: "Scored", test: "Scored"
) -> "list[list[Judged]]":
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
    weights = stored.numbers("--random-weights", args.random_weights)
    if len(asked) != len(weights):
        raise InputError(
            f"--random-weights {args.random_weights}: {len(weights)} numbers for "
            f"{len(asked)} --rungs; expected one for each."
        )
    by_rung = dict(zip(asked, weights, strict=True))
    return RandomChoice(
        scored.rungs, tuple(by_rung[rung] for rung in scored.rungs), args.seed
    )


def _budgets(args: argparse.Namespace, calibration: "Scored") -> tuple[float, ...]:
    if args.max_macs is None:
        return (calibration.macs[-1] / 2,)
    return stored.numbers("--max-macs", args.max_macs)


def _given(args: argparse.Namespace, wanted: list[str], test: "Scored") -> "Selector":
    from selection.selectors.cascade import Cascade

    if wanted != ["cascade"] or args.rungs is None:
        raise InputError(
            "--thresholds goes with --selector cascade and --rungs; expected both."
        )
    ladder = tuple(stored.names(args.rungs))
    test.ladder(ladder)  # refuses one that does not ascend
    way = args.ways or "top1"
    name, _, variant = way.partition("-")
    thresholds = stored.numbers("--thresholds", args.thresholds)
    return Cascade(
        ladder=ladder,
        thresholds=thresholds,
        confidence=name,
        answer="mean" if variant == "mean" else "last",
    )
