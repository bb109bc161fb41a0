"""Compares new images, labelled or not, with those that a plan was certified on.

Exact tests on the share of images that stop at each rung, and on the share on which
plan and reference differ. Exit code 1: the certificate's assumption looks broken.
Scores come from a `reswise drop` over the new images; or from a `reswise bench`, whose
phone has seen its own.

Examples:
  reswise drop --model mobilenet_v2 --dataset folder:new --resolutions 224,160 \\
      --run runs/new
  reswise watch runs/plan/plan.json --from runs/new
  reswise watch runs/plan/plan.json --bench runs/bench
"""

import argparse
import json
from pathlib import Path

from commands import echo, flags, watch_shares

HELP = "whether new images still look like those that a plan was certified on"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The plan, and where the new images' scores or a phone's results lie."""
    add = parser.add_argument
    add("plan", type=Path, metavar="PLAN", help="plan.json of a `reswise plan`")
    add(
        "--from",
        "--scores",
        dest="scores",
        type=Path,
        action="append",
        metavar="DIR",
        help="the --run folder of a `reswise drop` over the new images; again for "
        "further models (default: runs/drop)",
    )
    add("--dataset", metavar="NAME", help="which data set, where it holds several")
    add("--split", metavar="SPLIT", help="which split, where it holds several")
    add(
        "--bench",
        type=Path,
        metavar="DIR",
        help="instead of --from: the --run folder of a `reswise bench` of the plan",
    )
    flags.add_nonfinite_flag(parser)
    flags.add_run_flag(parser, "watch")


def run(args: argparse.Namespace) -> int:
    """watch.json and the verdict; 1 where the assumption looks broken."""
    from dataclasses import asdict

    from datasets.files import write_text
    from selection.plans.shift import verdict

    facts = watch_shares.read_plan(args.plan)
    shares = (
        watch_shares.of_bench(args, facts)
        if args.bench
        else watch_shares.of_scores(args, facts)
    )
    for share in shares:
        echo.say(share.sentence())
    echo.say(verdict(shares))
    broken = any(share.broken for share in shares)
    kept = {
        "plan": str(args.plan),
        "broken": broken,
        "shares": list(map(asdict, shares)),
    }
    write_text(args.run / "watch.json", json.dumps(kept, indent=1) + "\n")
    print(f"wrote {echo.shown(args.run / 'watch.json')}")
    return 1 if broken else 0
