"""Sections that read the scores of a plan's rungs: where climbs end, calibration."""

from dataclasses import replace
from typing import Any

from absl import logging

from datasets.errors import InputError
from keras_models.scoring.score_records import StoredRung
from reports import rung_charts
from reports.chart_parts import Point
from reports.examples import groups
from reports.gathered import Gathered, Json
from reports.measured_answers import same_images
from reports.section import Figure, Section


def _ladder(gathered: Gathered) -> tuple[list[StoredRung], Json | None]:
    """The plan's rungs over its images, or the cheapest and dearest of a data set."""
    judging = dict(gathered.judging)
    for folder, plan in gathered.plans:
        judged = judging.get(folder, frozenset())
        rungs = same_images(gathered, plan["selector"]["ladder"], judged)
        if len(rungs) > 1:
            return _judged(rungs, judged), plan
    if not gathered.rungs:
        return [], None
    first = gathered.rungs[-1]
    same = [one for one in gathered.rungs if one.fingerprint == first.fingerprint]
    return sorted(same, key=lambda one: one.macs), None


def _judged(rungs: list[StoredRung], ids: frozenset[str]) -> list[StoredRung]:
    """The rungs on the images that judged the plan, where those are known."""
    rows = [row for row, name in enumerate(rungs[0].ids) if name in ids]
    if not rows:
        return rungs
    return [
        replace(
            rung,
            ids=tuple(rung.ids[row] for row in rows),
            labels=rung.labels[rows],
            scores=rung.scores[rows],
        )
        for rung in rungs
    ]


def pictures(gathered: Gathered) -> Section:
    rungs, plan = _ladder(gathered)
    if len(rungs) < 2:
        return Section(name="pictures", title="Pictures")
    ends = _ends(rungs, plan) if plan else None
    try:
        shown = tuple(groups(rungs, ends))
        remarks: tuple[str, ...] = ()
    except InputError as error:
        logging.warning("no example pictures: %s", error)
        shown, remarks = (), (f"No example pictures: {error}",)
    figures: tuple[Figure, ...] = ()
    if ends is not None:
        values = _shares(rungs, ends)
        figures = (
            Figure(
                "Where climbs end",
                f"Part of the {rungs[0].labels.size:,} images at each rung, and how "
                "often the answer there is right.",
                rung_charts.share_chart(values),
            ),
        )
    return Section(
        name="pictures",
        title="Images per rung, with examples",
        lead=f"{rungs[0].labels.size:,} images of {rungs[0].meta.dataset} "
        f"{rungs[0].meta.split}; the rungs are "
        f"{', '.join(one.rung for one in rungs)}.",
        figures=figures,
        groups=shown,
        remarks=remarks,
    )


def _ends(rungs: list[StoredRung], plan: Json) -> Any:
    from selection.replay import replay
    from selection.scored import from_stored
    from selection.selectors.catalogue import from_json

    selector = from_json(plan["selector"])
    if plan["selector"]["kind"] == "learned":
        return None  # it looks at thumbnails, which are not stored
    return replay(selector, from_stored({one.rung: one for one in rungs})).last


def _shares(rungs: list[StoredRung], ends: Any) -> list[Point]:
    values: list[Point] = []
    for index, rung in enumerate(rungs):
        own = ends == index
        right = rung.scores.argmax(axis=1) == rung.labels
        values.append(
            {
                "plan": "plan",
                "rung": f"{rung.rung}: {100 * own.mean():.1f} %",
                "place": index,
                "images %": 100 * float(own.mean()),
                "right %": 100 * float(right[own].mean()) if own.any() else None,
            }
        )
    return values


def reliability(gathered: Gathered) -> Section:
    rungs, _ = _ladder(gathered)
    if not rungs:
        return Section(name="calibration", title="Calibration")
    figure = Figure(
        "Confidence against accuracy",
        "15 bins of the top-1 probability, larger with more images; on the dashed "
        "line a confidence means what it says. Cascades rely on the order, "
        "certificates on neither.",
        rung_charts.reliability_chart(rungs),
    )
    return Section(
        name="calibration",
        title="How far confidences can be believed",
        lead="",
        figures=(figure,),
    )
