"""What `reswise watch` compares: where images stop, by plan, new scores or bench."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commands import stored
from datasets.errors import InputError

if TYPE_CHECKING:
    from selection.plans.shift import Share


def read_plan(path: Path) -> dict[str, Any]:
    """plan.json, which says where its certified images stopped."""
    try:
        facts: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError.of(path, str(error), "a plan.json") from error
    if not isinstance(facts, dict) or not isinstance(
        facts.get("certified_stops"), list
    ):
        raise InputError.of(
            path,
            "does not say where its certified images stopped",
            "a plan.json of this version that climbs a ladder",
            "Run `reswise plan` again.",
        )
    return facts


def of_scores(args: argparse.Namespace, facts: dict[str, Any]) -> "tuple[Share, ...]":
    """Of stored scores, replayed."""
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


def of_bench(args: argparse.Namespace, facts: dict[str, Any]) -> "tuple[Share, ...]":
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
        raise InputError.of(
            path,
            f"{error!r}",
            "the `run` folder of a `reswise bench` of this plan's bundle",
        ) from error
    stops = [sum(column) for column in zip(*counted, strict=True)]
    images = int(facts["certificate"]["images"])
    return shares(ladder, facts["certified_stops"], images, stops, sum(stops))
