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

from commands import echo, stored
from commands.family_file import write_family
from datasets.errors import InputError
from datasets.files import write_text

if TYPE_CHECKING:
    from keras_models.scores import StoredRung
    from selection.plans.planning import Plan
    from selection.plans.request import Request
    from selection.scored import Scored

HELP = "the cheapest plan with a certified accuracy drop, or the best under a budget"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Reference, limits, what is searched, stored scores."""
    add = parser.add_argument
    add(
        "--reference",
        required=True,
        metavar="RUNG",
        help="what the drop is measured against, such as resnet50@224",
    )
    add(
        "--max-drop",
        type=float,
        metavar="POINTS",
        help="largest true drop in accuracy to certify; 0: no loss, below 0: a gain "
        "(default: 1.0)",
    )
    add(
        "--confidence",
        type=float,
        default=0.95,
        metavar="C",
        help="of the certificate (default: 0.95)",
    )
    add(
        "--max-macs",
        type=float,
        metavar="M",
        help="instead of --max-drop: the most accurate plan of at most so many mean "
        "MACs, with a bound of its drop",
    )
    add(
        "--rungs",
        metavar="RUNG[,RUNG..]",
        help="what ladders are made of, the reference included (default: all stored)",
    )
    add(
        "--ways",
        default="top1,top1-mean,margin,margin-mean",
        metavar="WAY[,WAY..]",
        help="top1, margin, entropy, calibrated, top1-mean, margin-mean, agreement, "
        "agreement-mean, deferral, deferral-boosted, deferral-mean; and learned, which "
        "looks at a thumbnail and runs one rung (default: "
        "top1,top1-mean,margin,margin-mean)",
    )
    add(
        "--longest",
        type=int,
        default=3,
        choices=(2, 3),
        help="rungs of a ladder at most (default: 3)",
    )
    add(
        "--search-part",
        type=float,
        default=0.3,
        metavar="P",
        help="of the images that choose, the part that searches and certifies nothing; "
        "above 1: so many images (default: 0.3)",
    )
    add(
        "--no-search-labels",
        action="store_true",
        help="the search reads no label, not even where there are some",
    )
    add(
        "--groups",
        metavar="COLUMN",
        action="append",
        help="also a bound for each value of a column of the csv: table, of `answer` "
        "(the class that the reference answers) or of `class` (needs every label)",
    )
    add(
        "--repeat-splits",
        type=int,
        default=0,
        metavar="N",
        help="also over N random splits: savings and broken limits of plans with and "
        "without a certificate",
    )
    stored.add_stored_flags(parser, "plan")


def run(args: argparse.Namespace) -> int:
    """plan.json, rows.csv, plan.md; 1 where nothing could be certified."""
    request = _request(args)
    if args.repeat_splits:
        return _repeated(args, request)
    parts = stored.parts(args, looks="learned" in request.ways)
    calibration, test = (
        stored.kept(part, args.rungs) for part in (parts.calibration, parts.test)
    )
    plan = _planned(args, calibration, parts, request)
    print(plan.certificate.sentence())
    if args.max_macs is None and plan.selector.ladder == (plan.reference,):
        print(
            f"No plan that costs less was certified: this is {plan.reference} itself."
        )
    _write(args, plan, test, parts.rungs)
    return 0 if plan.certificate.certified else 1


def _request(args: argparse.Namespace) -> "Request":
    from selection.plans.request import Request

    if args.max_drop is not None and args.max_macs is not None:
        raise InputError("--max-drop and --max-macs exclude each other; expected one.")
    if args.repeat_splits < 0:
        raise InputError(f"--repeat-splits {args.repeat_splits}: expected 0 or more.")
    drop = 1.0 if args.max_drop is None else args.max_drop
    ways = tuple(stored.names(args.ways))
    return Request(
        reference=args.reference,
        max_drop_points=drop,
        confidence=args.confidence,
        ways=ways,
        longest=args.longest,
        seed=args.seed,
        search_part=args.search_part,
        search_labels=not args.no_search_labels,
    )


def _planned(
    args: argparse.Namespace,
    calibration: "Scored",
    parts: stored.Parts,
    request: "Request",
) -> "Plan":
    """The plan; family.json is written before a label that certifies is read."""
    from selection.plans.label_file import known_json
    from selection.plans.planning import (
        grouped,
        parts_of,
        plan_under_budget,
        searched_family,
        tested_plan,
    )

    if args.max_macs is not None:
        return plan_under_budget(calibration, request, args.max_macs)
    searching, certifying = parts_of(calibration, request)
    family = searched_family(searching, certifying, request)
    chosen = parts.chosen[request.reference]
    write_family(args.run, family, parts.rungs, chosen, echo.command_line())
    plan, known = tested_plan(family, calibration, certifying)
    write_text(args.run / "known.json", known_json(family, known))
    return grouped(plan, known, _groups(args, certifying, chosen))


def _groups(
    args: argparse.Namespace, certifying: "Scored", chosen: "StoredRung"
) -> "dict[str, tuple[str, ...]]":
    """Per column of --groups the value of each certification image."""
    found = {}
    for name in args.groups or []:
        if name == "class":
            if not certifying.labelled.all():
                raise InputError(
                    "--groups class: some images have no label, so their class is "
                    "not known; expected all labels. Use --groups answer, the class "
                    "that the reference answers."
                )
            found[name] = _named(chosen, certifying.labels.tolist())
        elif name == "answer":
            place = certifying.index(args.reference)
            found[name] = _named(chosen, certifying.answers[:, place].tolist())
        else:
            found[name] = _column(name, chosen.meta.dataset, certifying.ids)
    return found


def _named(chosen: "StoredRung", labels: list[int]) -> tuple[str, ...]:
    return tuple(f"{label} {chosen.class_names[label]}" for label in labels)


def _column(name: str, dataset: str, ids: tuple[str, ...]) -> tuple[str, ...]:
    """A column of the user's own table, by the id of each image."""
    import csv

    kind, _, path = dataset.partition(":")
    if kind != "csv":
        raise InputError(
            f"--groups {name}: {dataset} is no csv: table; expected `answer`, `class`, "
            "or a data set with that column."
        )
    with open(path, encoding="utf-8-sig", newline="") as file:
        table = csv.DictReader(file)
        if name not in (table.fieldnames or ()):
            raise InputError(
                f"--groups {name}: {path} has the columns "
                f"{', '.join(table.fieldnames or ())[:200]}; expected one of them."
            )
        values = {row["file"]: row[name] or "(empty)" for row in table}
    return tuple(values.get(one, "(not in the table)") for one in ids)


def _write(
    args: argparse.Namespace,
    plan: "Plan",
    test: "Scored",
    rungs: "dict[str, StoredRung]",
) -> None:
    import json

    import numpy as np

    from datasets.files import write_text
    from keras_models import specs
    from reports.plan_table import plan_table
    from reports.remarks import with_remarks
    from reports.run_folder import add_rows, add_tables
    from reports.selection_table import Judged, judged_rows
    from selection.judge import judged
    from selection.plans.planned import Planned, ladder_facts

    verdict = judged(plan.selector, test, plan.reference)
    table = with_remarks(plan_table(plan, verdict, test), rungs.values())
    kind = str(plan.selector.to_json()["kind"])
    rows = (
        []
        if verdict is None
        else judged_rows(
            [Judged(kind, plan.selector, verdict, None)],
            test.take(np.flatnonzero(test.labelled)),
            plan.reference,
            rungs[plan.reference].meta,
            echo.command_line(),
        )
    )
    facts = Planned(plan, verdict, ladder_facts(plan, rungs)).to_json()
    facts["command"] = echo.command_line()
    write_text(args.run / "plan.json", json.dumps(facts, indent=1) + "\n")
    for folder in stored.folders(args):
        specs.keep(args.run, specs.kept_in(folder))
    key = stored.what(args, rungs, plan.certificate.max_drop_points)
    add_tables(args.run, "plan", [table], [key])
    add_rows(args.run, rows)
    table.show()  # after the files: a reader such as head may close the pipe
    for name in ("plan.json", "plan.md", "rows.csv"):
        print(f"wrote {echo.shown(args.run / name)}")


def _repeated(args: argparse.Namespace, request: "Request") -> int:
    from reports.plan_table import splits_table
    from reports.run_folder import add_tables
    from selection.plans.repeat import repeat_splits

    whole, rungs = stored.whole(args, args.split)
    scored = stored.kept(whole, args.rungs)
    outcomes = repeat_splits(scored, request, args.repeat_splits, args.calibration_part)
    table = splits_table(outcomes, request, scored.images, args.calibration_part)
    add_tables(args.run, "splits", [table], [stored.what(args, rungs, table.title)])
    table.show()
    print(f"wrote {echo.shown(args.run / 'splits.md')}")
    return 0
