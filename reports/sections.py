"""The page below its first screen: which section each kind of table stands in."""

import platform
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from keras_models.framework import versions
from reports import charts, compress_front, rung_charts
from reports.chart_parts import Point
from reports.gathered import Gathered
from reports.label_front import label_chart, label_points
from reports.rung_sections import pictures, reliability
from reports.section import Figure, Section
from reports.table import Kind, Table

SECTION_OF: dict[Kind, str] = {
    "drop": "drops",
    "flops": "drops",
    "adaptation": "adaptations",
    "adaptation-trial": "adaptations",
    "selectors": "selectors",
    "random-draws": "selectors",
    "plan": "selectors",
    "plan-splits": "selectors",
    "plan-labels": "selectors",
    "thresholds": "thresholds",
    "parity": "bundles",
    "bundle": "bundles",
    "bench": "device",
    "compression": "compression",
    "compression-answers": "compression",
    "comparison": "comparison",
    "seeds": "comparison",
    "published": "published",
    "listing": "measured",
}
_MAPS = 2  # ladders whose maps are drawn


def sections(gathered: Gathered, command: str) -> Iterator[Section]:
    """The page below its first screen, in order, each with the tables of its kinds."""
    for section in (
        Section(
            name="comparison",
            title="Runs side by side",
            lead="Rows of the same thing from several runs.",
        ),
        _drops(gathered),
        Section(
            name="adaptations",
            title="Adapted to lower resolutions",
            lead="Batch norm tuned without labels, by the network's own native scores.",
        ),
        _selectors(gathered),
        _thresholds(gathered),
        pictures(gathered),
        reliability(gathered),
        _bundles(gathered),
        _devices(gathered),
        _compression(gathered),
        Section(
            name="published",
            title="Published rows beside ours",
            lead="FLOPs columns computed again from the graphs, beside what sources "
            "print.",
        ),
        _measured(gathered, command),
    ):
        yield replace(section, tables=_tables(gathered, section.name))


def _tables(gathered: Gathered, section: str) -> tuple[Table, ...]:
    return tuple(
        table for _, table in gathered.tables if SECTION_OF[table.kind] == section
    )


def _selectors(gathered: Gathered) -> Section:
    values = label_points([(folder.name, plan) for folder, plan in gathered.plans])
    figure = Figure(
        "Certified saving against labels",
        "Where plan and reference answer alike no label is needed; one may stop at any "
        "number of labels, and what is certified there holds.",
        label_chart(values),
    )
    return Section(
        name="selectors",
        title="The resolution of each image",
        lead="Every selector pays for all rungs that it ran, and for itself.",
        figures=(figure,) if values else (),
    )


def _drops(gathered: Gathered) -> Section:
    rows = [row for _, row in gathered.swept]
    values = charts.resolution_points(rows)
    figure = Figure(
        "Accuracy against resolution",
        "One line a model and crop; the native resolution is the rightmost point.",
        charts.resolution_chart(values),
    )
    return Section(
        name="drops",
        title="FLOPs drop against accuracy drop",
        lead="One network rebuilt at lower resolutions, weights transferred, no "
        "training.",
        figures=(figure,) if values else (),
    )


def _thresholds(gathered: Gathered) -> Section:
    figures = []
    for folder, cells in gathered.maps[:_MAPS]:
        for what, title in (("top1", "Accuracy"), ("macs", "MACs")):
            figures.append(
                Figure(
                    f"{title} over the thresholds",
                    f"Calibration images, {_ladder_of(gathered, folder)}.",
                    rung_charts.map_chart(cells, what),
                )
            )
    for folder, front in gathered.fronts[:_MAPS]:
        figures.append(
            Figure(
                "The exact front, and what it does on other images",
                "Every point is a choice of thresholds, "
                f"{_ladder_of(gathered, folder)}.",
                rung_charts.front_chart(front),
            )
        )
    return Section(
        name="thresholds",
        title="Thresholds of a cascade",
        lead="A climb ends at the first rung whose confidence reaches its threshold.",
        figures=tuple(figures),
    )


def _ladder_of(gathered: Gathered, folder: Path) -> str:
    own = (
        table.title
        for where, table in gathered.tables
        if where == folder and table.kind == "thresholds"
    )
    return next(own, folder.name)


def _compression(gathered: Gathered) -> Section:
    """Accuracy against each cost, resolution and cascades on the same front."""
    figures = tuple(
        Figure(
            f"Accuracy against {cost}: {facts['what']}",
            "Filled: certified. Dashed: the parent at lower resolutions, and cascades "
            "over these. Grey bars are 95 % intervals.",
            compress_front.front_chart(facts, cost),
        )
        for _, facts in gathered.fronts_of_compression
        for cost in compress_front.COSTS
    )
    return Section(
        name="compression",
        title="Compression and resolution on one front",
        lead="Techniques without training, quantising, lower resolutions and cascades: "
        "what each really saves, what it saves on paper, and what it loses.",
        figures=figures,
    )


def _bundles(gathered: Gathered) -> Section:
    """Of every rung and recipe its file's size and accuracy; what sharing saves."""
    values: list[Point] = [
        {
            "recipe": row.recipe,
            "what": row.ladder,
            "MB": row.size_bytes / 1e6,
            "top-1 %": 100 * row.top1,
            "images": row.images,
        }
        for folder, row in gathered.rows
        if folder in gathered.converted
        and row.drop_points is None
        and row.size_bytes
        and row.top1 is not None
    ]
    recipes = [facts.get("recipe") for _, facts in gathered.parities]
    once = len(set(recipes)) == len(recipes)
    sizes: list[Point] = [
        {
            "bundle": facts["recipe"] if once else folder.name,
            "stored": how,
            "MB": facts[key] / 1e6,
        }
        for folder, facts in gathered.parities
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
        name="bundles",
        title="Bundles and recipes",
        lead="The rungs as .tflite files, each run beside its float Keras parent.",
        figures=tuple(figures),
    )


def _devices(gathered: Gathered) -> Section:
    values: list[Point] = [
        {
            "what": row.ladder if row.selector == "fixed" else f"{row.selector}",
            "device": row.device,
            "p50, ms": row.latency_p50_us / 1e3,
            "p90, ms": (row.latency_p90_us or row.latency_p50_us) / 1e3,
            "top-1 %": 100 * (row.top1 or 0),
            "images": row.images,
        }
        for _, row in gathered.rows
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
        name="device",
        title="On the device",
        lead="The bundle's selector on every image, then each rung by itself.",
        figures=figures,
    )


def _measured(gathered: Gathered, command: str) -> Section:
    commands = dict.fromkeys(row.command for _, row in gathered.rows if row.command)
    devices = dict.fromkeys(row.device for _, row in gathered.rows if row.device)
    data = dict.fromkeys(
        f"{row.dataset} {row.split or ''}: {row.images:,} images".replace(" :", ":")
        for _, row in gathered.rows
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
    if any(row.dataset == "glyphs" for _, row in gathered.rows):
        remarks += (
            "glyphs is a demonstration and a test bed; its figures say nothing about "
            "photographs.",
        )
    return Section(
        name="measured", title="How it was measured", facts=rows, remarks=remarks
    )
