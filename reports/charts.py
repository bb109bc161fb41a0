"""Charts of the page: Vega-Lite specifications, made by Altair, drawn by the browser.

Every chart carries its numbers, tells them on hover, and follows the page's width and
its light or dark colours. 1 MAC = 2 FLOPs; MMACs are millions for one image.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np

from keras_models.scores import StoredRung
from reports.rows import Row

Spec = dict[str, Any]
Point = dict[str, object]

KINDS = (
    "fixed", "random", "cascade", "deferral", "learned", "oracle", "certified plan",
)  # fmt: skip
_COLOURS = (
    "#767676", "#b5651d", "#1f77b4", "#17a2a2", "#8e44ad", "#2e8b57", "#d62728",
)  # fmt: skip
_STAR = (
    "M0,-1L0.2245,-0.309L0.9511,-0.309L0.3633,0.118L0.5878,0.809L0,0.382"
    "L-0.5878,0.809L-0.3633,0.118L-0.9511,-0.309L-0.2245,-0.309Z"
)
_SHAPES = (
    "circle", "cross", "square", "diamond", "triangle-up", "triangle-down", _STAR,
)  # fmt: skip
_HEIGHT = 380
_BINS = 15


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
        _chart(values)
        .transform_filter("kind == null || datum.kind == kind")
        .encode(
            x=alt.X("MMACs:Q", title="MMACs, mean of one image").scale(zero=False),
            color=colour.legend(values=kinds, orient="bottom", columns=3),
            tooltip=_tooltip(
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
        chart += _level(*reference)
    return _finished(chart.add_params(show))


def resolution_chart(values: list[Point]) -> Spec:
    """Accuracy against resolution, a line a model and crop, with intervals."""
    base = _chart(values).encode(
        x=alt.X(
            "resolution:Q",
            title="resolution, pixels",
            axis=alt.Axis(tickMinStep=16, labelOverlap=True),
        ).scale(zero=False),
        color=alt.Color("series:N", title="model, crop").legend(
            orient="bottom", columns=2, labelLimit=260
        ),
        tooltip=_tooltip(
            "series", "resolution", "top-1 %", "low", "high", "images",
            "FLOPs drop %", "drop, points",
        ),
    )  # fmt: skip
    line = base.mark_line(point={"size": 55}).encode(
        y=alt.Y("top-1 %:Q", title="top-1 accuracy, %").scale(zero=False)
    )
    bars = base.mark_rule(opacity=0.5).encode(y="low:Q", y2="high:Q")
    return _finished(alt.layer(bars, line))


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


def map_chart(cells: list[dict[str, float]], what: str) -> Spec:
    """Accuracy ("top1") or MACs ("macs") over one or two thresholds."""
    scale, title = (100.0, "top-1 %") if what == "top1" else (1e-6, "MMACs")
    values = [
        {**cell, title: scale * cell[what], "threshold_1": cell["threshold_1"]}
        for cell in cells
    ]
    data = _chart(values)
    first = alt.X("threshold_1:Q", title="threshold at the first rung")
    if "threshold_2" not in cells[0]:
        return _finished(
            data.mark_line().encode(
                x=first,
                y=alt.Y(f"{title}:Q").scale(zero=False),
                tooltip=_tooltip("threshold_1", title),
            )
        )
    steps = [sorted({cell[f"threshold_{n}"] for cell in cells}) for n in (1, 2)]
    ends = [
        {
            f"to_{n}": f"datum.threshold_{n} + {step[1] - step[0]}"
            for n, step in enumerate(steps, 1)
        }
    ][0]
    return _finished(
        data.mark_rect()
        .transform_calculate(**ends)
        .encode(
            x=first.scale(nice=False),
            x2="to_1:Q",
            y=alt.Y("threshold_2:Q", title="threshold at the second rung").scale(
                nice=False
            ),
            y2="to_2:Q",
            color=alt.Color(f"{title}:Q").scale(
                scheme="viridis" if what == "top1" else "magma"
            ),
            tooltip=_tooltip("threshold_1", "threshold_2", title),
        )
    )


def front_chart(points_of: list[dict[str, float]]) -> Spec:
    """The front chosen on calibration images, and the same thresholds on others."""
    kept = points_of[:: max(1, len(points_of) // 400)]
    values = [
        {
            "images": f"{part} images",
            "MMACs": one[f"{part}_macs"] / 1e6,
            "top-1 %": 100 * one[f"{part}_top1"],
            "thresholds": ", ".join(
                f"{one[key]:.4g}" for key in one if key.startswith("threshold_")
            ),
        }
        for one in kept
        for part in ("calibration", "test")
    ]
    return _finished(
        _chart(values)
        .mark_line(point={"size": 14}, strokeWidth=1)
        .encode(
            x=alt.X("MMACs:Q", title="MMACs, mean of one image").scale(zero=False),
            y=alt.Y("top-1 %:Q", title="top-1 accuracy, %").scale(zero=False),
            color=alt.Color("images:N", title=None).legend(orient="bottom"),
            tooltip=_tooltip("images", "MMACs", "top-1 %", "thresholds"),
        )
    )


def reliability_chart(rungs: Sequence[StoredRung]) -> Spec:
    """How often each confidence was right, in 15 bins. Guo et al. 2017, 1706.04599."""
    values: list[Point] = []
    for rung in rungs:
        sure = rung.scores.max(axis=1)
        right = rung.scores.argmax(axis=1) == rung.labels
        place = np.clip((sure * _BINS).astype(int), 0, _BINS - 1)
        for number in np.unique(place):
            own = place == number
            values.append(
                {
                    "rung": rung.rung,
                    "confidence %": 100 * float(sure[own].mean()),
                    "right %": 100 * float(right[own].mean()),
                    "images": int(own.sum()),
                }
            )
    base = _chart(values).encode(
        x=alt.X("confidence %:Q", title="top-1 probability, %"),
        y=alt.Y("right %:Q", title="images answered right, %"),
        color=alt.Color("rung:N").legend(orient="bottom", columns=3, labelLimit=220),
        tooltip=_tooltip("rung", "confidence %", "right %", "images"),
    )
    line = base.mark_line(strokeWidth=1, opacity=0.6)
    marks = base.mark_circle(opacity=0.85).encode(
        size=alt.Size("images:Q")
        .scale(type="sqrt", range=[25, 300])
        .legend(orient="bottom")
    )
    ends = [{"x": 0, "y": 0}, {"x": 100, "y": 100}]
    ideal = (
        _chart(ends)
        .mark_line(strokeDash=[4, 4], color="#888888")
        .encode(x="x:Q", y="y:Q")
    )
    return _finished(alt.layer(ideal, line, marks))


def share_chart(values: list[Point]) -> Spec:
    """Part of the images that ends at each rung, one bar a plan."""
    return _finished(
        _chart(values)
        .mark_bar()
        .encode(
            x=alt.X("images %:Q", title="images, %").stack("zero"),
            y=alt.Y("plan:N", title=None, axis=alt.Axis(labelLimit=130)),
            color=alt.Color("rung:N", title="ends at").legend(
                orient="bottom", columns=2, labelLimit=240
            ),
            order=alt.Order("place:Q"),
            tooltip=_tooltip("plan", "rung", "images %", "right %"),
        ),
        height=90 + 26 * len({one["plan"] for one in values}),
    )


def size_chart(values: list[Point]) -> Spec:
    """Accuracy against the size of a file, one point a rung and recipe."""
    return _finished(
        _chart(values)
        .mark_point(filled=True, size=80)
        .encode(
            x=alt.X("MB:Q", title="size, MB").scale(zero=False),
            y=alt.Y("top-1 %:Q", title="top-1 accuracy, %").scale(zero=False),
            color=alt.Color("recipe:N").legend(orient="bottom", columns=3),
            tooltip=_tooltip("recipe", "what", "MB", "top-1 %", "images"),
        )
    )


def bundle_chart(values: list[Point]) -> Spec:
    """Bars: the size of each bundle, and of the same rungs as separate files."""
    return _finished(
        _chart(values)
        .mark_bar()
        .encode(
            x=alt.X("MB:Q", title="size, MB"),
            y=alt.Y("bundle:N", title=None, axis=alt.Axis(labelLimit=170)),
            yOffset="stored:N",
            color=alt.Color("stored:N", title=None).legend(orient="bottom"),
            tooltip=_tooltip("bundle", "stored", "MB"),
        ),
        height=90 + 44 * len({one["bundle"] for one in values}),
    )


def latency_chart(values: list[Point]) -> Spec:
    """Accuracy against measured latency, one point a rung or selector."""
    base = _chart(values).encode(
        y=alt.Y("top-1 %:Q", title="top-1 accuracy, %").scale(zero=False),
        color=alt.Color("what:N", title=None).legend(
            orient="bottom", columns=2, labelLimit=260
        ),
        tooltip=_tooltip("what", "device", "p50, ms", "p90, ms", "top-1 %", "images"),
    )
    marks = base.mark_point(filled=True, size=90).encode(
        x=alt.X("p50, ms:Q", title="latency, ms an image (p50, line to p90)")
    )
    return _finished(
        alt.layer(base.mark_rule().encode(x="p50, ms:Q", x2="p90, ms:Q"), marks)
    )


def _chart(values: Sequence[Mapping[str, object]]) -> alt.Chart:
    return alt.Chart(alt.Data(values=list(values)))  # type: ignore[no-untyped-call]


def _level(name: str, percent: float) -> Any:
    value: list[Point] = [{"y": percent, "name": f"reference {name}"}]
    line = _chart(value).mark_rule(strokeDash=[5, 4], color="#888888").encode(y="y:Q")
    text = (
        _chart(value)
        .mark_text(align="center", dy=-7, color="#777777")
        .encode(y="y:Q", x=alt.value(alt.expr("width / 2")), text="name:N")
    )
    return alt.layer(line, text)


def _tooltip(*names: str) -> list[alt.Tooltip]:
    words = {
        "kind", "what", "data", "series", "rung", "plan", "recipe", "device",
        "thresholds", "bundle", "stored",
    }  # fmt: skip
    return [
        alt.Tooltip(f"{_safe(name)}:N", title=name)
        if name in words
        else alt.Tooltip(f"{_safe(name)}:Q", title=name, format=",.4~g")
        for name in names
    ]


def _safe(name: str) -> str:
    return name.replace(".", "\\.")


def _finished(chart: Any, height: int = _HEIGHT) -> Spec:
    spec: Spec = chart.properties(width="container", height=height).to_dict()
    return spec
