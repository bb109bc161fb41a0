"""Charts of a ladder's rungs: maps and fronts of thresholds, calibration, shares."""

from collections.abc import Sequence

import altair as alt
import numpy as np

from keras_models.scoring.score_records import StoredRung
from reports.chart_parts import Point, Spec, charted, corner, finished, tooltip

_BINS = 15
_PARTS = {
    "calibration": "calibration images, which chose",
    "test": "the same thresholds on test images",
}


def map_chart(cells: list[dict[str, float]], what: str) -> Spec:
    """Accuracy ("top1") or MACs ("macs") over one or two thresholds."""
    scale, title = (100.0, "top-1 %") if what == "top1" else (1e-6, "MMACs")
    values = [
        {**cell, title: scale * cell[what], "threshold_1": cell["threshold_1"]}
        for cell in cells
    ]
    data = charted(values)
    first = alt.X("threshold_1:Q", title="threshold at the first rung")
    if "threshold_2" not in cells[0]:
        return finished(
            data.mark_line().encode(
                x=first,
                y=alt.Y(f"{title}:Q").scale(zero=False),
                tooltip=tooltip("threshold_1", title),
            )
        )
    steps = [sorted({cell[f"threshold_{n}"] for cell in cells}) for n in (1, 2)]
    ends = [
        {
            f"to_{n}": f"datum.threshold_{n} + {step[1] - step[0]}"
            for n, step in enumerate(steps, 1)
        }
    ][0]
    return finished(
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
                scheme="viridis" if what == "top1" else "plasma",
                type="linear" if what == "top1" else "log",  # few climb to the top
            ),
            tooltip=tooltip("threshold_1", "threshold_2", title),
        )
    )


def front_chart(points_of: list[dict[str, float]]) -> Spec:
    """The front chosen on calibration images, and the same thresholds on others."""
    kept = points_of[:: max(1, len(points_of) // 400)]
    values = [
        {
            "images": _PARTS[part],
            "order": order,
            "MMACs": point[f"{part}_macs"] / 1e6,
            "top-1 %": 100 * point[f"{part}_top1"],
            "thresholds": ", ".join(
                f"{point[key]:.4g}" for key in point if key.startswith("threshold_")
            ),
        }
        for order, point in enumerate(kept)
        for part in ("calibration", "test")
    ]
    base = charted(values).encode(
        x=alt.X("MMACs:Q", title="MMACs, mean of one image").scale(
            zero=False, padding=10
        ),
        y=alt.Y("top-1 %:Q", title="top-1 accuracy, %").scale(
            zero=False, nice=False, padding=14
        ),
        color=alt.Color("images:N", title=None).legend(
            orient="bottom", columns=1, labelLimit=300
        ),
        tooltip=tooltip("images", "MMACs", "top-1 %", "thresholds"),
    )
    line = base.mark_line(strokeWidth=2).encode(order="order:Q")
    hover = base.mark_point(filled=True, size=90, opacity=0)
    return finished(alt.layer(line, hover, corner()))


def reliability_chart(rungs: Sequence[StoredRung]) -> Spec:
    """How often each confidence was right, in 15 bins. Guo et al. 2017, 1706.04599."""
    values: list[Point] = []
    for rung in rungs:
        sure = rung.scores.max(axis=1)
        right = rung.scores.argmax(axis=1) == rung.labels
        bins = np.clip((sure * _BINS).astype(int), 0, _BINS - 1)
        for number in np.unique(bins):
            own = bins == number
            values.append(
                {
                    "rung": rung.rung,
                    "confidence %": 100 * float(sure[own].mean()),
                    "right %": 100 * float(right[own].mean()),
                    "images": int(own.sum()),
                }
            )
    base = charted(values).encode(
        x=alt.X("confidence %:Q", title="top-1 probability, %").scale(
            domain=[0, 100], nice=False, padding=12
        ),
        y=alt.Y("right %:Q", title="images answered right, %").scale(
            domain=[0, 100], nice=False, padding=12
        ),
        color=alt.Color("rung:N").legend(orient="bottom", columns=1, labelLimit=300),
        tooltip=tooltip("rung", "confidence %", "right %", "images"),
    )
    line = base.mark_line(strokeWidth=1, opacity=0.6)
    marks = base.mark_circle(opacity=0.85).encode(
        size=alt.Size("images:Q")
        .scale(type="sqrt", range=[25, 300])
        .legend(None)  # the counts stand beside the points
    )
    names = [rung.rung for rung in rungs]
    show = alt.param(
        "counts",
        value=names[0],
        bind=alt.binding_select(options=names, name="Images in each bin of "),
    )
    counts = (
        base.transform_filter("datum.rung == counts")
        .mark_text(dx=-6, dy=-9, fontSize=11, align="right")
        .encode(text="images:Q")
    )
    ends = [{"x": 0, "y": 0}, {"x": 100, "y": 100}]
    ideal = (
        charted(ends)
        .mark_line(strokeDash=[4, 4], color="#888888")
        .encode(x="x:Q", y="y:Q")
    )
    return finished(alt.layer(ideal, line, marks, counts).add_params(show))


def share_chart(values: list[Point]) -> Spec:
    """Part of the images that ends at each rung, one bar a plan."""
    return finished(
        charted(values)
        .mark_bar()
        .encode(
            x=alt.X("images %:Q", title="images, %")
            .stack("zero")
            .scale(domain=[0, 100]),
            y=alt.Y("plan:N", title=None, axis=None),
            color=alt.Color("rung:N", title="ends at", sort=None).legend(
                orient="bottom", columns=1, labelLimit=300
            ),
            order=alt.Order("place:Q"),
            tooltip=tooltip("plan", "rung", "images %", "right %"),
        ),
        height=90 + 26 * len({one["plan"] for one in values}),
    )
