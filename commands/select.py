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

from commands import echo, select_flags, select_judged, stored
from datasets.errors import InputError

_ALL = ("fixed", "random", "cascade", "deferral", "learned", "oracle")
HELP = "selectors over stored scores: accuracy, MACs, regret against the oracle"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Selectors, rungs, budget, thresholds, repeats, stored scores."""
    select_flags.add_select_flags(parser)
    stored.add_stored_flags(parser, "select")


def run(args: argparse.Namespace) -> int:
    """Judges every selector at every budget; prints tables, writes rows.csv."""
    from reports.measured_answers import keep_answers
    from reports.remarks import with_remarks
    from reports.run_folder import add_rows, add_tables
    from reports.selection_table import judged_rows, judged_table, spread_table
    from selection.replay import replay

    wanted = stored.names(args.selector or ",".join(_ALL))
    if args.selector is None and args.thresholds is not None:
        wanted = ["cascade"]
    if not wanted:
        raise InputError("selectors", args.selector, f"some of {', '.join(_ALL)}")
    if args.repeats < 1:
        raise InputError("repeats", args.repeats, "1 draw or more")
    parts = stored.parts(args, looks="learned" in wanted)
    calibration, test = (
        stored.kept(part, args.rungs) for part in (parts.calibration, parts.test)
    )
    judged = select_judged.judged_at_budgets(args, wanted, calibration, test)
    reference = args.reference or test.rungs[-1]
    used = parts.rungs.values()
    tables = [
        with_remarks(judged_table(each, test, reference), used) for each in judged
    ]
    if "random" in wanted:
        tables += [spread_table(each, test, reference, args.repeats) for each in judged]
    meta = parts.rungs[reference].meta
    fixed = select_judged.every_rung(test, reference)
    rows = [
        row
        for each in (fixed, *judged)
        for row in judged_rows(each, test, reference, meta, echo.command_line())
    ]
    add_rows(args.run, rows)
    selectors = [one.selector for each in (fixed, *judged) for one in each]
    rights = [replay(selector, test).right for selector in selectors]
    answers = list(zip(rows, rights, strict=True))
    keep_answers(args.run, test.ids, test.labels, answers)
    keys = [stored.what(args, parts.rungs, reference, table.title) for table in tables]
    add_tables(args.run, "select", tables, keys, command=echo.command_line())
    for table in tables:  # after the files: head may close the pipe
        table.show(wide=args.wide)
    for name in ("rows.csv", "select.md"):
        print(f"wrote {echo.shown(args.run / name)}")
    return 0
