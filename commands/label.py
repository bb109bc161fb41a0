"""Asks for the labels that may change a plan, in the best order, and certifies by them.

Where plan and reference answer alike a label cannot matter; of the other pictures it
writes a list and a page that shows each with its two answers. Labels may be looked at
after each one, and one may stop at any time: what is certified then, all labels would
certify too. Give the saved file back with --labels; plan.json follows.

Examples:
  reswise plan --reference mobilenet_v2@224 --max-drop 1 --run runs/plan
  reswise label --plan-run runs/plan
  reswise label --plan-run runs/plan --labels labels.csv
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from commands import echo, label_files
from commands.family_file import Held, read_family, write_plan
from datasets.user_files import UserFile

if TYPE_CHECKING:
    from selection.plans.known import Known

HELP = "asks for the labels that a plan's certificate lacks, in the best order"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The plan's folder, answers given so far."""
    add = parser.add_argument
    add(
        "--plan-run",
        required=True,
        type=Path,
        metavar="DIR",
        help="the --run folder of a `reswise plan`; to_label.csv and label.html are "
        "written there",
    )
    add(
        "--labels",
        type=Path,
        action="append",
        metavar="FILE",
        help="answers: to_label.csv filled in, or what the page saved; again for more",
    )
    add(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="where TFDS keeps its data (default: ~/tensorflow_datasets)",
    )


def run(args: argparse.Namespace) -> int:
    """to_label.csv, label.html, plan.json; 1 where nothing is certified yet."""
    from datasets.files import write_text
    from selection.plans.label_file import known_json, questions
    from selection.plans.planning import plan_of

    held = read_family(args.plan_run)
    known = _known(args, held)
    here = held.family.standing(known)
    plan = plan_of(held.family, here, known)
    write_text(args.plan_run / "known.json", known_json(held.family, known))
    write_plan(args.plan_run, held, plan)
    asked = questions(held.family, known)
    label_files.write_questions(args, held, known, asked)
    echo.say(plan.certificate.sentence())
    print(_outlook(held, here.passed, here.reachable, len(here.open)))
    return 0 if plan.certificate.certified else 1


def _known(args: argparse.Namespace, held: Held) -> "Known":
    from selection.plans.known import Known
    from selection.plans.label_file import read_answers, read_known

    path = args.plan_run / "known.json"
    known = Known.nothing(len(held.family.ids))
    if path.exists():
        known = read_known(held.family, UserFile(path, do="Delete it."))
    for path in args.labels or []:
        expected = "to_label.csv filled in, or what label.html saved"
        answers = UserFile(path, "labels", expected=expected)
        count = read_answers(held.family, known, answers)
        print(f"{count} answers from {echo.shown(path)}")
    return known


def _outlook(held: Held, passed: int, reachable: int, waiting: int) -> str:
    if not waiting:
        return "No further label can change the plan."
    family = held.family
    saved = family.saved_percent(reachable - 1)
    return (
        f"Further labels could at best bring a plan that saves {saved:.1f} %; the next "
        f"one in line (plan {passed + 1} of {len(family.selectors)}) waits for at most "
        f"{waiting}. Open label.html, or fill in to_label.csv."
    )
