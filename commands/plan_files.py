"""What `reswise plan` leaves in its run folder: plan.json, plan.md, rows.csv, specs."""

import argparse
from typing import TYPE_CHECKING

from commands import echo, stored
from datasets.files import write_text

if TYPE_CHECKING:
    from keras_models.scoring.score_records import StoredRung
    from selection.plans.planning import Plan
    from selection.scored import Scored


def write(
    args: argparse.Namespace,
    plan: "Plan",
    test: "Scored",
    rungs: "dict[str, StoredRung]",
) -> None:
    """Writes them, prints the table, and names the files."""
    import json
    from dataclasses import replace

    import numpy as np

    from keras_models import specs
    from reports.label_front import label_table
    from reports.plan_table import plan_table
    from reports.remarks import with_remarks
    from reports.run_folder import add_rows, add_tables
    from reports.selection_table import Judged, judged_rows, over_budget
    from selection.judge import judged
    from selection.plans.planned import Planned, ladder_facts
    from selection.replay import replay

    verdict = judged(plan.selector, test, plan.reference)
    table = with_remarks(plan_table(plan, verdict, test), rungs.values())
    kind = str(plan.selector.to_json()["kind"])
    spent = replay(plan.selector, test).mean_macs
    if args.max_macs is not None and spent > args.max_macs:
        remark = over_budget(f"The plan ({kind})", spent, args.max_macs)
        table = replace(table, notes=(remark, *table.notes))
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
    write_text(args.run / "test_images.json", json.dumps(list(test.ids)) + "\n")
    for folder in stored.folders(args):
        specs.keep(args.run, specs.kept_in(folder))
    key = stored.what(args, rungs, plan.certificate.max_drop_points)
    tables = {key: table}
    if plan.certificate.labels_used is not None:
        tables[f"{key}, labels"] = label_table(plan)
    command = echo.command_line()
    add_tables(args.run, "plan", list(tables.values()), list(tables), command=command)
    add_rows(args.run, rows)
    for shown in tables.values():  # after the files: a reader may close the pipe
        shown.show(wide=args.wide)
    for name in ("plan.json", "plan.md", "rows.csv"):
        print(f"wrote {echo.shown(args.run / name)}")
