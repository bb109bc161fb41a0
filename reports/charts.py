"""Charts of the page: Vega-Lite specifications, made by Altair, drawn by the browser.

Every chart carries its numbers, tells them on hover, and follows the page's width and
its light or dark colours. 1 MAC = 2 FLOPs; MMACs are millions for one image.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt

from reports.chart_parts import (
    Point,
    Spec,
    charted,
    corner,
    finished,
    from_zero,
    level,
    named,
    tooltip,
)
from reports.rows import Row

KINDS = (
    "fixed", "random", "cascade", "deferral", "learned", "oracle", "compressed",
    "certified plan",
)  # fmt: skip
_COLOURS = (  # each at least 3:1 on the light page and on the dark one
    "#858b94", "#c77d2e", "#3d8fd9", "#149c9c", "#b06fd8", "#3fa35f", "#8c8c2e",
    "#e5484d",
)  # fmt: skip
_STAR = (
    "M0,-1L0.2245,-0.309L0.9511,-0.309L0.3633,0.118L0.5878,0.809L0,0.382"
    "L-0.5878,0.809L-0.3633,0.118L-0.9511,-0.309L-0.2245,-0.309Z"
)
_SHAPES = (
    "circle", "cross", "square", "diamond", "triangle-up", "triangle-down",
    "triangle-right", _STAR,
)  # fmt: skip


def points(rows: Sequence[tuple[Row, bool]]) -> list[Point]:
    """What `accuracy_chart` draws; True: the row is of a certified plan."""
    return [
        {
            "kind": "certified plan" if certified else row.selector or "fixed",
            "what": row.ladder or row.model or "",
            "model": row.model or "",
            "name": _short(row),
            "data": f"{row.dataset} {row.split or ''}".strip(),
            "images": row.images,
            "MMACs": (row.macs or 0) / 1e6,
            "top-1 %": 100 * (row.top1 or 0),
            "low": 100 * (row.top1_low or 0),
            "high": 100 * (row.top1_high or 0),
            "FLOPs drop %": row.flops_drop_percent,
            "drop, points": row.drop_points,
        }
        for row, certified in rows
        if row.top1 is not None and row.macs is not None
    ]


def _short(row: Row) -> str:
    """What stands beside a point: a fixed rung's resolution; else nothing."""
    if row.selector not in (None, "fixed"):
        return ""
    return (row.ladder or "").rpartition("@")[2] or str(row.resolution or "")


def _first_of_each(values: list[Point]) -> list[Point]:
    """The cheapest fixed rung of each network, which its name stands at."""
    fixed = [one for one in values if one["kind"] == "fixed"]
    models = dict.fromkeys(str(one["model"]) for one in fixed)
    return [
        min(
            (one for one in fixed if one["model"] == model),
            key=lambda one: float(str(one["MMACs"])),
        )
        for model in models
    ]


def accuracy_chart(values: list[Point], reference: tuple[str, float] | None) -> Spec:
    """Accuracy against MACs, every fixed rung and every selector, with intervals."""
    # what is drawn last lies on top: the certified plan
    values = sorted(
        values,
        key=lambda one: KINDS.index(str(one["kind"])) if one["kind"] in KINDS else -1,
    )
    kinds = list(dict.fromkeys(str(one["kind"]) for one in values))
    show = alt.param(
        "kind",
        value=None,
        bind=alt.binding_select(
            options=[None, *kinds], labels=["all", *kinds], name="Show "
        ),
    )
    colour = alt.Color("kind:N", title="selector").scale(
        domain=list(KINDS), range=list(_COLOURS)
    )
    base = (
        charted(values)
        .transform_filter("kind == null || datum.kind == kind")
        .encode(
            x=alt.X("MMACs:Q", title="MMACs, mean of one image").scale(
                domain=from_zero(values, "MMACs"), nice=False
            ),
            color=colour.legend(values=kinds, orient="bottom", columns=2),
            tooltip=tooltip(
                "kind", "what", "data", "images", "MMACs", "top-1 %", "low", "high",
                "FLOPs drop %", "drop, points",
            ),
        )
    )  # fmt: skip
    bars = base.mark_rule(opacity=0.45).encode(
        y=alt.Y("low:Q", title="top-1 accuracy, %").scale(
            zero=False, nice=False, padding=22
        ),
        y2="high:Q",
    )
    rungs = base.transform_filter("datum.kind == 'fixed'")
    joined = rungs.mark_line(strokeWidth=1.5, opacity=0.7).encode(
        y="top-1 %:Q", detail="model:N", order="MMACs:Q"
    )
    names = rungs.mark_text(align="left", dx=7, dy=9, fontSize=11).encode(
        y="top-1 %:Q", text="name:N"
    )
    ends = (
        charted(_first_of_each(values))
        .transform_filter("kind == null || kind == 'fixed'")
        .mark_text(align="left", dx=7, dy=22, fontSize=11, fontStyle="italic")
        .encode(x="MMACs:Q", y="top-1 %:Q", text="model:N", color=colour)
    )
    marks = base.mark_point(filled=True, opacity=1).encode(
        y="top-1 %:Q",
        shape=alt.Shape("kind:N").scale(domain=list(KINDS), range=list(_SHAPES)),
        size=alt.when(alt.datum.kind == "certified plan")
        .then(alt.value(330))
        .otherwise(alt.value(75)),
    )
    chart: Any = alt.layer(bars, joined, marks, names, ends, corner())
    if reference is not None:
        chart += level(*reference)
    return finished(chart.add_params(show))


def resolution_chart(values: list[Point]) -> Spec:
    """Accuracy against resolution, a line a model and crop, with intervals."""
    base = charted(values).encode(
        x=alt.X(
            "resolution:Q",
            title="resolution, pixels",
            axis=alt.Axis(
                values=sorted({int(str(one["resolution"])) for one in values}),
                labelOverlap=True,
            ),
        ).scale(
            zero=False, nice=False, padding=14
        ),
        color=alt.Color("series:N", title="model, crop").legend(
            orient="bottom", columns=1, labelLimit=300
        ),
        tooltip=tooltip(
            "series", "resolution", "top-1 %", "low", "high", "images",
            "FLOPs drop %", "drop, points",
        ),
    )  # fmt: skip
    line = base.mark_line(point={"size": 55}).encode(
        y=alt.Y("top-1 %:Q", title="top-1 accuracy, %").scale(
            zero=False, nice=False, padding=14
        )
    )
    bars = base.mark_rule(opacity=0.5).encode(y="low:Q", y2="high:Q")
    return finished(alt.layer(bars, line))


def resolution_points(rows: Sequence[Row]) -> list[Point]:
    """What `resolution_chart` draws: the fixed rungs alone, a line a data set too."""
    several = len({(row.dataset, row.split) for row in rows}) > 1
    return [
        {
            "series": f"{row.model}, {row.crop}{_of(row, several)}",
            "resolution": row.resolution,
            "images": row.images,
            "top-1 %": 100 * (row.top1 or 0),
            "low": 100 * (row.top1_low or 0),
            "high": 100 * (row.top1_high or 0),
            "FLOPs drop %": row.flops_drop_percent,
            "drop, points": row.drop_points,
        }
        for row in rows
        if row.resolution is not None and row.top1 is not None
    ]


def _of(row: Row, several: bool) -> str:
    return f", {row.dataset} {row.split}" if several else ""


def size_chart(values: list[Point]) -> Spec:
    """Accuracy against the size of a file, one point a rung and recipe."""
    points = (
        charted(values)
        .mark_point(filled=True, size=80)
        .encode(
            x=alt.X("MB:Q", title="size of the file, MB").scale(
                domain=from_zero(values, "MB"), nice=False
            ),
            y=alt.Y("top-1 %:Q", title="top-1 accuracy, %").scale(
                zero=False, nice=False, padding=22
            ),
            color=alt.Color("recipe:N").legend(orient="bottom", columns=2),
            tooltip=tooltip("recipe", "what", "MB", "top-1 %", "images"),
        )
    )
    names = named(points, "MB", from_zero(values, "MB")[1] / 2)
    return finished(alt.layer(points, names, corner()))


def bundle_chart(values: list[Point]) -> Spec:
    """Bars: the size of each bundle, and of the same rungs as separate files."""
    return finished(
        charted(values)
        .mark_bar()
        .encode(
            x=alt.X("MB:Q", title="size, MB"),
            y=alt.Y("bundle:N", title=None, axis=alt.Axis(labelLimit=170)),
            yOffset="stored:N",
            color=alt.Color("stored:N", title=None).legend(orient="bottom"),
            tooltip=tooltip("bundle", "stored", "MB"),
        ),
        height=90 + 44 * len({one["bundle"] for one in values}),
    )


def latency_chart(values: list[Point]) -> Spec:
    """Accuracy against measured latency, one point a rung or selector."""
    ends = from_zero(values, "p50, ms", "p90, ms")
    base = charted(values).encode(
        y=alt.Y("top-1 %:Q", title="top-1 accuracy, %").scale(
            zero=False, nice=False, padding=22
        ),
        color=alt.Color("what:N", title=None).legend(
            orient="bottom", columns=1, labelLimit=300
        ),
        tooltip=tooltip("what", "device", "p50, ms", "p90, ms", "top-1 %", "images"),
    )
    marks = base.mark_point(filled=True, size=90).encode(
        x=alt.X("p50, ms:Q", title="latency, ms an image (p50, line to p90)").scale(
            domain=ends, nice=False
        )
    )
    names = named(base.encode(x="p50, ms:Q"), "p50, ms", ends[1] / 2)
    tails = base.mark_rule().encode(x="p50, ms:Q", x2="p90, ms:Q")
    return finished(alt.layer(tails, marks, names, corner()))
