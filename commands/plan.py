"""The cheapest plan whose accuracy drop is certified, as JSON for convert and bench.

Part of the images search and certify, half each; the rest is used once, for the
verdict. Exit code 1: no plan could be certified; it says how many images it would take.

Examples:
  reswise plan --reference mobilenet_v2@224 --max-drop 1.0 --confidence 0.95
  reswise plan --reference resnet50@224 --max-macs 1e9 --from runs/a --from runs/b
  reswise plan --reference resnet50@224 --max-drop 1.0 --confidence 0.9 \\
      --repeat-splits 20
"""

import argparse
from typing import TYPE_CHECKING

from commands import echo, plan_files, plan_flags, plan_groups, stored
from commands.family_file import write_family
from datasets.files import write_text

if TYPE_CHECKING:
    from selection.plans.planning import Plan
    from selection.plans.request import Request
    from selection.scored import Scored

HELP = "the cheapest plan with a certified accuracy drop, or the best under a budget"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Reference, limits, what is searched, stored scores."""
    plan_flags.add_plan_flags(parser)
    stored.add_stored_flags(parser, "plan")


def run(args: argparse.Namespace) -> int:
    """plan.json, rows.csv, plan.md; 1 where nothing could be certified."""
    request = plan_flags.request(args)
    if args.repeat_splits:
        return _repeated(args, request)
    parts = stored.parts(args, looks="learned" in request.ways)
    calibration, test = (
        stored.kept(part, args.rungs) for part in (parts.calibration, parts.test)
    )
    plan = _planned(args, calibration, parts, request)
    echo.say(plan.certificate.sentence())
    if args.max_macs is None and plan.selector.ladder == (plan.reference,):
        print(
            f"No plan that costs less was certified: this is {plan.reference} itself."
        )
    plan_files.write(args, plan, test, parts.rungs)
    return 0 if plan.certificate.certified else 1


def _planned(
    args: argparse.Namespace,
    calibration: "Scored",
    parts: stored.Parts,
    request: "Request",
) -> "Plan":
    """The plan; family.json is written before a label that certifies is read."""
    from selection.plans.budget import plan_under_budget
    from selection.plans.label_file import known_json
    from selection.plans.planning import grouped, parts_of, searched_family, tested_plan

    if args.max_macs is not None:
        return plan_under_budget(calibration, request, args.max_macs)
    searching, certifying = parts_of(calibration, request)
    family = searched_family(searching, certifying, request)
    chosen = parts.chosen[request.reference]
    write_family(args.run, family, parts.rungs, chosen, echo.command_line())
    plan, known = tested_plan(family, calibration, certifying, request.max_labels)
    write_text(args.run / "known.json", known_json(family, known))
    return grouped(plan, known, plan_groups.groups(args, certifying, chosen))


def _repeated(args: argparse.Namespace, request: "Request") -> int:
    from reports.plan_table import splits_table
    from reports.run_folder import add_tables
    from selection.plans.repeat import repeat_splits

    whole, rungs = stored.whole(args, args.split)
    scored = stored.kept(whole, args.rungs)
    outcomes = repeat_splits(scored, request, args.repeat_splits, args.calibration_part)
    table = splits_table(outcomes, request, scored.images, args.calibration_part)
    key, command = stored.what(args, rungs, table.title), echo.command_line()
    add_tables(args.run, "splits", [table], [key], command=command)
    table.show(wide=args.wide)
    print(f"wrote {echo.shown(args.run / 'splits.md')}")
    return 0
