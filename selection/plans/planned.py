"""A plan from stored rungs with its verdict, as JSON for convert and bench."""

from collections.abc import Mapping
from dataclasses import dataclass

from keras_models.scoring.score_records import RungMeta, StoredRung
from selection.arrays import Json
from selection.judge import Verdict, judged
from selection.plans.planning import Plan, certified_plan
from selection.plans.request import Request
from selection.scored import from_stored
from selection.split import split


@dataclass(frozen=True)
class Planned:
    """A plan, and what it did on the images that chose nothing."""

    plan: Plan
    verdict: Verdict | None  # None: none of those images has a label
    rungs: tuple[Json, ...]  # of its ladder, as `rung_facts` says

    @property
    def certified(self) -> bool:
        return self.plan.certificate.certified

    def to_json(self) -> Json:
        """The content of plan.json."""
        return self.plan.to_json() | {"rungs": list(self.rungs)}


def planned(
    rungs: Mapping[str, StoredRung], request: Request, part: float = 0.5
) -> Planned:
    """Searches and certifies on a part of the images, judges once on the rest.

    Args:
        rungs: over the same images, the reference among them.
        part: of the images that choose.
    Raises:
        InputError: rungs of different images, limits out of range, too few images.
    """
    calibration, test = split(from_stored(rungs), part, request.seed)
    plan = certified_plan(calibration, request)
    verdict = judged(plan.selector, test, plan.reference)
    return Planned(plan, verdict, ladder_facts(plan, rungs))


def ladder_facts(plan: Plan, rungs: Mapping[str, StoredRung]) -> tuple[Json, ...]:
    """`rung_facts` of each rung that the plan climbs."""
    return tuple(rung_facts(name, rungs[name].meta) for name in plan.selector.ladder)


def rung_facts(name: str, meta: RungMeta) -> Json:
    """What `convert` needs to make the same rung again, and to know that it did."""
    return {
        "rung": name,
        "model": meta.model,
        "weights": meta.weights,
        "weights_sha256": meta.weights_sha256,
        "resolution": meta.resolution,
        "crop": meta.preprocessing["crop"],
        "interpolation": meta.preprocessing["interpolation"],
        "antialias": meta.preprocessing["antialias"],
        "normalisation": meta.normalisation,
        "macs": meta.macs,
    }
