"""What `reswise watch` compares: where images stop, by plan, new scores or bench."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commands import stored
from datasets.errors import InputError
from datasets.user_files import UserFile

if TYPE_CHECKING:
    from selection.plans.shift import Share


def read_plan(path: Path) -> dict[str, Any]:
    """plan.json, which says where its certified images stopped."""
    facts = _plan_file(path).object()
    if not isinstance(facts.get("certified_stops"), list):
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
    with _plan_file(args.plan).shaped():
        selector, reference = from_json(facts["selector"]), str(facts["reference"])
        done = replay(selector, new)
        stops = np.bincount(done.last, minlength=len(selector.ladder)).tolist()
        names, certified = [*selector.ladder], _stops(facts)
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

    with _plan_file(args.plan).shaped():
        ladder, certified = from_json(facts["selector"]).ladder, _stops(facts)
        images = int(facts["certificate"]["images"])
    expected = "the `run` folder of a `reswise bench` of this plan's bundle"
    file = UserFile(args.bench / "bench.json", expected=expected)
    held = file.object()
    with file.shaped():
        counted = [
            [round(machine["shares"][rung] * int(machine["lines"][0]["images"]))
             for rung in ladder]
            for machine in held["machines"]
        ]  # fmt: skip
        stops = [sum(column) for column in zip(*counted, strict=True)]
    with _plan_file(args.plan).shaped():
        return shares(ladder, certified, images, stops, sum(stops))


def _plan_file(path: Path) -> UserFile:
    return UserFile(path, expected="a plan.json, as `reswise plan` writes")


def _stops(facts: dict[str, Any]) -> list[int]:
    return [int(count) for count in facts["certified_stops"]]
