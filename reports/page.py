"""One self-contained HTML page of everything found under run folders."""

import json
import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from absl import logging

from datasets.errors import InputError
from keras_models.framework import versions
from keras_models.scores import StoredRung
from reports import charts
from reports.examples import Group, groups
from reports.gathered import Gathered, Json
from reports.rows import Row
from reports.table import Table

if TYPE_CHECKING:
    from markupsafe import Markup

_TEMPLATES = Path(__file__).parent / "templates"
_GLOBALS = "window.vegaEmbed = vegaEmbed;"
_MAPS = 2  # ladders whose maps are drawn


@dataclass(frozen=True)
class Figure:
    """A chart with the sentence that stands below it."""

    title: str
    caption: str
    spec: charts.Spec

    @property
    def json(self) -> str:
        """The specification, safe inside a script element."""
        return json.dumps(self.spec).replace("<", "\\u003c")


@dataclass(frozen=True)
class Section:
    """A part of the page; one without content is left out."""

    name: str
    title: str
    lead: str = ""
    figures: tuple[Figure, ...] = ()
    groups: tuple[Group, ...] = ()
    tables: tuple[Table, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = field(default=())

    @property
    def empty(self) -> bool:
        return not (self.figures or self.groups or self.tables or self.facts)


def render(found: Gathered, command: str) -> str:
    """The page as HTML text, scripts and pictures inside."""
    import vl_convert
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code"] = _with_code
    parts = [one for one in sections(found, command) if not one.empty]
    return environment.get_template("page.html").render(
        answer=answer(found),
        overview=overview(found),
        sections=parts,
        script=vl_convert.javascript_bundle(_GLOBALS),
        style=(_TEMPLATES / "page.css").read_text(encoding="utf-8"),
        behaviour=(_TEMPLATES / "page.js").read_text(encoding="utf-8"),
    )


def _with_code(text: str) -> "Markup":
    """Escaped text whose `backticks` are code."""
    from markupsafe import Markup, escape

    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def answer(found: Gathered) -> str:
    """What one wants to know, in one sentence."""
    for folder, plan in found.plans:
        row = found.row_of(folder, plan)
        if row is not None:
            return _plan_sentence(plan, row)
    chosen = [
        row
        for _, row in found.swept
        if row.drop_points is not None
        and row.drop_points <= 2
        and (row.flops_drop_percent or 0) > 0
    ]
    if chosen:
        best = max(chosen, key=lambda row: row.flops_drop_percent or 0)
        return (
            f"{best.ladder or best.model} saves {best.flops_drop_percent:.1f} % of the "
            f"MACs and loses {best.drop_points:.1f} points "
            f"({best.drop_low:.1f}..{best.drop_high:.1f}) of accuracy on "
            f"{best.images:,} images."
        )
    return "No lower resolution keeps the accuracy within 2 points."


def _plan_sentence(plan: Json, row: Row) -> str:
    record, ladder = plan["certificate"], plan["selector"]["ladder"]
    if not record["certified"]:
        needed = record.get("images_needed")
        more = f" It would take about {needed:,}." if needed else ""
        return (
            f"No plan could be certified to lose at most {record['max_drop_points']:g} "
            f"points with {record['images']:,} certification images.{more}"
        )
    said = (
        ladder[0] if len(ladder) == 1 else f"{', '.join(ladder[:-1])} then {ladder[-1]}"
    )
    return (
        f"{said} saves {row.flops_drop_percent:.0f} % of the MACs of "
        f"{plan['reference']}; with {100 * record['confidence']:g} % confidence it "
        f"loses at most {record['max_drop_points']:g} points of accuracy."
    )


def overview(found: Gathered) -> list[Figure]:
    """Accuracy against MACs, a chart a data set."""
    rows = [(row, found.planned(folder, row)) for folder, row in found.swept]
    figures = []
    for dataset in dict.fromkeys(row.dataset for row, _ in rows):
        own = _once([(row, sure) for row, sure in rows if row.dataset == dataset])
        reference = _reference(found, [row for row, _ in own])
        caption = (
            "Every fixed rung and every selector: mean MACs of one image against "
            "top-1, lines are 95 % Wilson intervals. Hover for the numbers."
        )
        spec = charts.accuracy_chart(charts.points(own), reference)
        figures.append(Figure(f"Accuracy against MACs: {dataset}", caption, spec))
    return figures


def _once(rows: list[tuple[Row, bool]]) -> list[tuple[Row, bool]]:
    """Each thing once; fixed rungs on the images that judged selectors, if any did."""
    judged = {row.images for row, _ in rows if row.selector not in (None, "fixed")}
    same = [(row, sure) for row, sure in rows if row.images in judged]
    kept: dict[tuple[object, ...], tuple[Row, bool]] = {}
    for row, sure in same if any(row.selector == "fixed" for row, _ in same) else rows:
        key = (row.selector, row.ladder, row.crop, row.split, row.macs, sure)
        if key not in kept or (row.images or 0) > (kept[key][0].images or 0):
            kept[key] = (row, sure)
    return list(kept.values())


def _reference(found: Gathered, rows: list[Row]) -> tuple[str, float] | None:
    name = next((str(plan["reference"]) for _, plan in found.plans), None)
    fixed = [row for row in rows if row.selector == "fixed" and row.ladder]
    own = [row for row in fixed if row.ladder == name]
    if not own and fixed:
        own = [max(fixed, key=lambda row: row.macs or 0)]
    return (str(own[0].ladder), 100 * (own[0].top1 or 0)) if own else None


def sections(found: Gathered, command: str) -> Iterator[Section]:
    """The page below its first screen, in order."""
    yield _drops(found)
    yield _selectors(found)
    yield _thresholds(found)
    yield _pictures(found)
    yield _reliability(found)
    yield _compression(found)
    yield _devices(found)
    yield Section(
        "published",
        "Published rows beside ours",
        "FLOPs columns computed again from the graphs, beside what the sources print.",
        tables=_tables(found, "Table "),
    )
    yield _measured(found, command)


def _tables(found: Gathered, *names: str) -> tuple[Table, ...]:
    return tuple(
        table
        for _, table in found.tables
        if any(table.title.startswith(name) for name in names)
    )


def _drops(found: Gathered) -> Section:
    rows = [row for _, row in found.swept]
    values = charts.resolution_points(rows)
    figure = Figure(
        "Accuracy against resolution",
        "One line a model and crop; the native resolution is the rightmost point.",
        charts.resolution_chart(values),
    )
    known = {row.model for row in rows if row.resolution is not None}
    return Section(
        "drops",
        "FLOPs drop against accuracy drop",
        "One network rebuilt at lower resolutions, weights transferred, no training.",
        (figure,) if values else (),
        tables=tuple(
            table
            for _, table in found.tables
            if table.title.split(" ")[0] in known and "resolution" in table.columns
        ),
    )


def _selectors(found: Gathered) -> Section:
    return Section(
        "selectors",
        "The resolution of each image",
        "Every selector pays for all rungs that it ran, and for itself.",
        tables=_tables(found, "Selectors", "random,", "Plan"),
    )


def _thresholds(found: Gathered) -> Section:
    figures = []
    for folder, cells in found.maps[:_MAPS]:
        for what, title in (("top1", "Accuracy"), ("macs", "MACs")):
            figures.append(
                Figure(
                    f"{title} over the thresholds",
                    f"Calibration images, {_ladder_of(found, folder)}.",
                    charts.map_chart(cells, what),
                )
            )
    for folder, front in found.fronts[:_MAPS]:
        figures.append(
            Figure(
                "The exact front, and what it does on other images",
                f"Every point is a choice of thresholds, {_ladder_of(found, folder)}.",
                charts.front_chart(front),
            )
        )
    return Section(
        "thresholds",
        "Thresholds of a cascade",
        "A climb ends at the first rung whose confidence reaches its threshold.",
        tuple(figures),
        tables=tuple(t for _, t in found.tables if t.columns[:1] == ("target %",)),
    )


def _ladder_of(found: Gathered, folder: Path) -> str:
    return next((t.title for place, t in found.tables if place == folder), folder.name)


def _ladder(found: Gathered) -> tuple[list[StoredRung], Json | None]:
    """The plan's rungs over its images, or the cheapest and dearest of a data set."""
    for _, plan in found.plans:
        names = plan["selector"]["ladder"]
        for split in dict.fromkeys(one.meta.split for one in found.rungs):
            own = {o.rung: o for o in found.rungs if o.meta.split == split}
            if set(names) <= set(own) and len(names) > 1:
                return [own[name] for name in names], plan
    if not found.rungs:
        return [], None
    first = found.rungs[-1]
    same = [one for one in found.rungs if one.fingerprint == first.fingerprint]
    return sorted(same, key=lambda one: one.macs), None


def _pictures(found: Gathered) -> Section:
    rungs, plan = _ladder(found)
    if len(rungs) < 2:
        return Section("pictures", "Pictures")
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
                "Part of the images, and how often the answer there is right.",
                charts.share_chart(values),
            ),
        )
    return Section(
        "pictures",
        "Images per rung, with examples",
        f"{rungs[0].labels.size:,} images of {rungs[0].meta.dataset} "
        f"{rungs[0].meta.split}; the rungs are "
        f"{', '.join(one.rung for one in rungs)}.",
        figures,
        shown,
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


def _shares(rungs: list[StoredRung], ends: Any) -> list[charts.Point]:
    values: list[charts.Point] = []
    for place, rung in enumerate(rungs):
        own = ends == place
        right = rung.scores.argmax(axis=1) == rung.labels
        values.append(
            {
                "plan": "plan",
                "rung": rung.rung,
                "place": place,
                "images %": 100 * float(own.mean()),
                "right %": 100 * float(right[own].mean()) if own.any() else None,
            }
        )
    return values


def _reliability(found: Gathered) -> Section:
    rungs, _ = _ladder(found)
    if not rungs:
        return Section("calibration", "Calibration")
    figure = Figure(
        "Confidence against accuracy",
        "15 bins of the top-1 probability; on the dashed line a confidence means what "
        "it says. Cascades rely on the order, certificates on neither.",
        charts.reliability_chart(rungs),
    )
    return Section("calibration", "How far confidences can be believed", "", (figure,))


def _compression(found: Gathered) -> Section:
    """Of every rung and recipe its file's size and accuracy; what sharing saves."""
    values: list[charts.Point] = [
        {
            "recipe": row.recipe,
            "what": row.ladder,
            "MB": row.size_bytes / 1e6,
            "top-1 %": 100 * row.top1,
            "images": row.images,
        }
        for folder, row in found.rows
        if folder in found.converted
        and row.drop_points is None
        and row.size_bytes
        and row.top1 is not None
    ]
    recipes = [facts.get("recipe") for _, facts in found.parities]
    once = len(set(recipes)) == len(recipes)
    sizes: list[charts.Point] = [
        {
            "bundle": facts["recipe"] if once else folder.name,
            "stored": how,
            "MB": facts[key] / 1e6,
        }
        for folder, facts in found.parities
        for how, key in (("shared", "bundle_bytes"), ("separate", "separate_bytes"))
        if key in facts
    ]
    figures = []
    if values:
        caption = "One point a rung and recipe; sizes are those of separate files."
        spec = charts.size_chart(values)
        figures.append(Figure("Accuracy against size", caption, spec))
    if sizes:
        caption = "All rungs of a bundle: weights stored once, or a file a rung."
        spec = charts.bundle_chart(sizes)
        figures.append(Figure("Size of bundles", caption, spec))
    return Section(
        "bundles",
        "Bundles and recipes",
        "The rungs as .tflite files, each run beside its float Keras parent.",
        tuple(figures),
        tables=tuple(t for _, t in found.tables if "agreement %" in t.columns),
    )


def _devices(found: Gathered) -> Section:
    values: list[charts.Point] = [
        {
            "what": row.ladder if row.selector == "fixed" else f"{row.selector}",
            "device": row.device,
            "p50, ms": row.latency_p50_us / 1e3,
            "p90, ms": (row.latency_p90_us or row.latency_p50_us) / 1e3,
            "top-1 %": 100 * (row.top1 or 0),
            "images": row.images,
        }
        for _, row in found.rows
        if row.latency_p50_us is not None
    ]
    figures: tuple[Figure, ...] = ()
    if values:
        figures = (
            Figure(
                "Accuracy against latency",
                "Measured by the runner on the machine named in the table.",
                charts.latency_chart(values),
            ),
        )
    return Section(
        "device",
        "On the device",
        "The bundle's selector on every image, then each rung by itself.",
        figures,
        tables=tuple(t for _, t in found.tables if "p50 ms" in t.columns),
    )


def _measured(found: Gathered, command: str) -> Section:
    commands = dict.fromkeys(row.command for _, row in found.rows if row.command)
    devices = dict.fromkeys(row.device for _, row in found.rows if row.device)
    data = dict.fromkeys(
        f"{row.dataset} {row.split or ''}: {row.images:,} images".replace(" :", ":")
        for _, row in found.rows
        if row.images
    )
    rows = (
        *(("command", one) for one in commands),
        ("page", command),
        *(("data", one) for one in data),
        *(("computed by", one) for one in devices),
        ("machine of this page", f"{platform.machine()}, {platform.system()}"),
        ("versions", ", ".join(f"{k} {v}" for k, v in versions().items())),
        ("units", "1 MAC = 2 FLOPs; drops are in points of top-1, positive is worse"),
    )
    remarks: tuple[str, ...] = (
        "Accuracies hold for the images named. A certificate holds for images drawn as "
        "those were; nothing here says what other images give.",
    )
    if any(row.dataset == "glyphs" for _, row in found.rows):
        remarks += (
            "glyphs is a demonstration and a test bed; its figures say nothing about "
            "photographs.",
        )
    return Section("measured", "How it was measured", facts=rows, remarks=remarks)


def every_table(found: Gathered) -> list[Table]:
    """All tables found, titles made unique, for files of their own."""
    seen: dict[str, int] = {}
    tables = []
    for _, table in found.tables:
        seen[table.title] = count = seen.get(table.title, 0) + 1
        title = table.title if count == 1 else f"{table.title} ({count})"
        tables.append(replace(table, title=title))
    return tables
