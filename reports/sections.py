"""The page below its first screen: which section each kind of table stands in."""

import platform
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from keras_models.framework import versions
from reports import charts, compress_front, rung_charts
from reports.chart_parts import Point
from reports.gathered import Gathered
from reports.parts import Figure, Section
from reports.rung_sections import pictures, reliability
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
    "thresholds": "thresholds",
    "parity": "bundles",
    "bundle": "bundles",
    "bench": "device",
    "compression": "compression",
    "compression-answers": "compression",
    "published": "published",
    "listing": "measured",
}
_MAPS = 2  # ladders whose maps are drawn


def sections(found: Gathered, command: str) -> Iterator[Section]:
    """The page below its first screen, in order, each with the tables of its kinds."""
    for section in (
        _drops(found),
        Section(
            name="adaptations",
            title="Adapted to lower resolutions",
            lead="Batch norm tuned without labels, by the network's own native scores.",
        ),
        Section(
            name="selectors",
            title="The resolution of each image",
            lead="Every selector pays for all rungs that it ran, and for itself.",
        ),
        _thresholds(found),
        pictures(found),
        reliability(found),
        _bundles(found),
        _devices(found),
        _compression(found),
        Section(
            name="published",
            title="Published rows beside ours",
            lead="FLOPs columns computed again from the graphs, beside what sources "
            "print.",
        ),
        _measured(found, command),
    ):
        yield replace(section, tables=_tables(found, section.name))


def _tables(found: Gathered, section: str) -> tuple[Table, ...]:
    return tuple(
        table for _, table in found.tables if SECTION_OF[table.kind] == section
    )


def _drops(found: Gathered) -> Section:
    rows = [row for _, row in found.swept]
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


def _thresholds(found: Gathered) -> Section:
    figures = []
    for folder, cells in found.maps[:_MAPS]:
        for what, title in (("top1", "Accuracy"), ("macs", "MACs")):
            figures.append(
                Figure(
                    f"{title} over the thresholds",
                    f"Calibration images, {_ladder_of(found, folder)}.",
                    rung_charts.map_chart(cells, what),
                )
            )
    for folder, front in found.fronts[:_MAPS]:
        figures.append(
            Figure(
                "The exact front, and what it does on other images",
                f"Every point is a choice of thresholds, {_ladder_of(found, folder)}.",
                rung_charts.front_chart(front),
            )
        )
    return Section(
        name="thresholds",
        title="Thresholds of a cascade",
        lead="A climb ends at the first rung whose confidence reaches its threshold.",
        figures=tuple(figures),
    )


def _ladder_of(found: Gathered, folder: Path) -> str:
    own = (
        table.title
        for place, table in found.tables
        if place == folder and table.kind == "thresholds"
    )
    return next(own, folder.name)


def _compression(found: Gathered) -> Section:
    """Accuracy against each cost, resolution and cascades on the same front."""
    figures = tuple(
        Figure(
            f"Accuracy against {cost}: {facts['what']}",
            "Filled: certified. Dashed: the parent at lower resolutions, and cascades "
            "over these. Grey bars are 95 % intervals.",
            compress_front.front_chart(facts, cost),
        )
        for _, facts in found.fronts_of_compression
        for cost in compress_front.COSTS
    )
    return Section(
        name="compression",
        title="Compression and resolution on one front",
        lead="Techniques without training, quantising, lower resolutions and cascades: "
        "what each really saves, what it saves on paper, and what it loses.",
        figures=figures,
    )


def _bundles(found: Gathered) -> Section:
    """Of every rung and recipe its file's size and accuracy; what sharing saves."""
    values: list[Point] = [
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
    sizes: list[Point] = [
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
        name="bundles",
        title="Bundles and recipes",
        lead="The rungs as .tflite files, each run beside its float Keras parent.",
        figures=tuple(figures),
    )


def _devices(found: Gathered) -> Section:
    values: list[Point] = [
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
        name="device",
        title="On the device",
        lead="The bundle's selector on every image, then each rung by itself.",
        figures=figures,
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
    return Section(
        name="measured", title="How it was measured", facts=rows, remarks=remarks
    )
