"""Charts of the page: Vega-Lite specifications, made by Altair, drawn by the browser.

Every chart carries its numbers, tells them on hover, and follows the page's width and
its light or dark colours. 1 MAC = 2 FLOPs; MMACs are millions for one image.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt

from reports.chart_parts import Point, Spec, charted, finished, level, tooltip
from reports.rows import Row

KINDS = (
    "fixed", "random", "cascade", "deferral", "learned", "oracle", "compressed",
    "certified plan",
)  # fmt: skip
_COLOURS = (
    "#767676", "#b5651d", "#1f77b4", "#17a2a2", "#8e44ad", "#2e8b57", "#8c8c2e",
    "#d62728",
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


def accuracy_chart(values: list[Point], reference: tuple[str, float] | None) -> Spec:
    """Accuracy against MACs, every fixed rung and every selector, with intervals."""
    kinds = [kind for kind in KINDS if any(one["kind"] == kind for one in values)]
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
            x=alt.X("MMACs:Q", title="MMACs, mean of one image").scale(zero=False),
            color=colour.legend(values=kinds, orient="bottom", columns=3),
            tooltip=tooltip(
                "kind", "what", "data", "images", "MMACs", "top-1 %", "low", "high",
                "FLOPs drop %", "drop, points",
            ),
        )
    )  # fmt: skip
    bars = base.mark_rule(opacity=0.45).encode(
        y=alt.Y("low:Q", title="top-1 accuracy, %").scale(zero=False), y2="high:Q"
    )
    marks = base.mark_point(filled=True, size=85, opacity=0.95).encode(
        y="top-1 %:Q",
        shape=alt.Shape("kind:N").scale(domain=list(KINDS), range=list(_SHAPES)),
    )
    chart: Any = alt.layer(bars, marks)
    if reference is not None:
        chart += level(*reference)
    return finished(chart.add_params(show))


def resolution_chart(values: list[Point]) -> Spec:
    """Accuracy against resolution, a line a model and crop, with intervals."""
    base = charted(values).encode(
        x=alt.X(
            "resolution:Q",
            title="resolution, pixels",
            axis=alt.Axis(tickMinStep=16, labelOverlap=True),
        ).scale(zero=False),
        color=alt.Color("series:N", title="model, crop").legend(
            orient="bottom", columns=2, labelLimit=260
        ),
        tooltip=tooltip(
            "series", "resolution", "top-1 %", "low", "high", "images",
            "FLOPs drop %", "drop, points",
        ),
    )  # fmt: skip
    line = base.mark_line(point={"size": 55}).encode(
        y=alt.Y("top-1 %:Q", title="top-1 accuracy, %").scale(zero=False)
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
    return finished(
        charted(values)
        .mark_point(filled=True, size=80)
        .encode(
            x=alt.X("MB:Q", title="size, MB").scale(zero=False),
            y=alt.Y("top-1 %:Q", title="top-1 accuracy, %").scale(zero=False),
            color=alt.Color("recipe:N").legend(orient="bottom", columns=3),
            tooltip=tooltip("recipe", "what", "MB", "top-1 %", "images"),
        )
    )


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
    base = charted(values).encode(
        y=alt.Y("top-1 %:Q", title="top-1 accuracy, %").scale(zero=False),
        color=alt.Color("what:N", title=None).legend(
            orient="bottom", columns=2, labelLimit=260
        ),
        tooltip=tooltip("what", "device", "p50, ms", "p90, ms", "top-1 %", "images"),
    )
    marks = base.mark_point(filled=True, size=90).encode(
        x=alt.X("p50, ms:Q", title="latency, ms an image (p50, line to p90)")
    )
    return finished(
        alt.layer(base.mark_rule().encode(x="p50, ms:Q", x2="p90, ms:Q"), marks)
    )
