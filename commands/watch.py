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
from typing import TYPE_CHECKING, Any

from commands import echo, flags, stored
from datasets.errors import InputError

if TYPE_CHECKING:
    from selection.plans.shift import Share

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

    facts = _plan(args.plan)
    found = _of_bench(args, facts) if args.bench else _of_scores(args, facts)
    for one in found:
        print(one.sentence())
    print(verdict(found))
    broken = any(one.broken for one in found)
    kept = {
        "plan": str(args.plan),
        "broken": broken,
        "shares": list(map(asdict, found)),
    }
    write_text(args.run / "watch.json", json.dumps(kept, indent=1) + "\n")
    print(f"wrote {echo.shown(args.run / 'watch.json')}")
    return 1 if broken else 0


def _plan(path: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {error}; expected a plan.json.") from error
    if not isinstance(facts, dict) or not isinstance(
        facts.get("certified_stops"), list
    ):
        raise InputError(
            f"{path} does not say where its certified images stopped; expected a "
            "plan.json of this version that climbs a ladder. Run `reswise plan` again."
        )
    return facts


def _of_scores(args: argparse.Namespace, facts: dict[str, Any]) -> "tuple[Share, ...]":
    import numpy as np

    from selection.plans.shift import shares
    from selection.replay import replay
    from selection.selectors.catalogue import from_json

    new, _ = stored.whole(args, args.split)
    selector, reference = from_json(facts["selector"]), str(facts["reference"])
    done = replay(selector, new)
    stops = np.bincount(done.last, minlength=len(selector.ladder)).tolist()
    names, certified = [*selector.ladder], [*facts["certified_stops"]]
    if reference in new.rungs:
        differ = done.answers != new.answers[:, new.index(reference)]
        names.append(f"differs from {reference}")
        stops.append(int(differ.sum()))
        certified.append(int(facts["certificate"]["differ"]))
    images = int(facts["certificate"]["images"])
    return shares(names, certified, images, stops, new.images)


def _of_bench(args: argparse.Namespace, facts: dict[str, Any]) -> "tuple[Share, ...]":
    """Of all machines of a bench together."""
    from selection.plans.shift import shares
    from selection.selectors.catalogue import from_json

    ladder = from_json(facts["selector"]).ladder
    path = args.bench / "bench.json"
    try:
        machines = json.loads(path.read_text("utf-8"))["machines"]
        seen = [(one["shares"], int(one["lines"][0]["images"])) for one in machines]
        counted = [
            [round(share[rung] * images) for rung in ladder] for share, images in seen
        ]
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise InputError(
            f"{path}: {error!r}; expected the --run folder of a `reswise bench` of "
            "this plan's bundle."
        ) from error
    stops = [sum(column) for column in zip(*counted, strict=True)]
    images = int(facts["certificate"]["images"])
    return shares(ladder, facts["certified_stops"], images, stops, sum(stops))
