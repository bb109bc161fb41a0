"""The front of compression: accuracy against MACs, bytes and latency, with resolution.

compress.json of a run folder holds the points; the page draws them with Vega-Lite, the
run folder gets them as SVG and PNG.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import altair as alt
from matplotlib import colormaps
from matplotlib.figure import Figure

from keras_models.accuracy import paired_drop, wilson
from reports.chart_parts import Point, Spec, charted, finished, level, tooltip
from reports.figures import Drawn

if TYPE_CHECKING:
    from convert.compressing.outcome import Entry, Outcome

_AXES = {
    "bytes": ("kB", "size of the .tflite, kB"),
    "MACs": ("MMACs", "MMACs, mean of one image"),
    "latency": ("ms", "latency, ms: LiteRT, one thread"),
}
COSTS = tuple(_AXES)  # as convert.compressing.outcome has them
_LINES = ("resolution", "cascade")  # joined by lines: each a front of its own


def front_facts(outcome: "Outcome", what: str, answers: Mapping[str, str]) -> Point:
    """compress.json: the points, the limits, and which entry is the answer to what."""
    limits = outcome.several.limits
    return {
        "format": 1,
        "what": what,
        "max_drop_points": limits.max_drop_points,
        "confidence": limits.confidence,
        "search_images": int(outcome.several.searching.size),
        "certification_images": int(outcome.several.certifying.size),
        "answers": dict(answers),
        "points": [
            _point(entry, outcome) for entry in (outcome.parent, *outcome.entries)
        ],
    }


def _point(entry: "Entry", outcome: "Outcome") -> Point:
    right = entry.right(outcome.labels)
    low, high = wilson(int(right.sum()), right.size)
    own = entry is outcome.parent
    base = outcome.parent.right(outcome.labels)
    return {
        "what": entry.text,
        "kind": entry.group,
        "certified": "yes" if own or outcome.tested(entry).certified else "no",
        "top-1 %": 100 * float(right.mean()),
        "low": 100 * low,
        "high": 100 * high,
        "drop, points": paired_drop(base, base if own else right).points,
        "MMACs": entry.macs / 1e6,
        "kB": entry.size_bytes / 1e3,
        "zipped kB": entry.zipped_bytes / 1e3,
        "ms": entry.latency_us / 1e3,
        "parameters": entry.parameters,
        "non-zero": entry.nonzero,
    }


def front_chart(facts: Mapping[str, Any], cost: str) -> Spec:
    """All variants against one of COSTS; certified ones are filled.

    Args:
        facts: of compress.json.
    """
    name, title = _AXES[cost]
    values = list(facts["points"])
    kinds = list(dict.fromkeys(str(one["kind"]) for one in values))
    base = charted(values).encode(
        x=alt.X(f"{name}:Q", title=title).scale(zero=False),
        color=alt.Color("kind:N", title=None)
        .scale(scheme="tableau20")
        .legend(orient="bottom", columns=3, labelLimit=260),
        tooltip=tooltip(
            "what", "kind", "certified", "top-1 %", "low", "high", "drop, points",
            "MMACs", "kB", "zipped kB", "ms", "parameters", "non-zero",
        ),
    )  # fmt: skip
    bars = base.mark_rule(opacity=0.3).encode(
        y=alt.Y("low:Q", title="top-1 accuracy, %").scale(zero=False), y2="high:Q"
    )
    marks = base.mark_point(size=85).encode(
        y="top-1 %:Q",
        fillOpacity=alt.condition(
            "datum.certified == 'yes'", alt.value(0.95), alt.value(0.0)
        ),
        fill=alt.Color("kind:N", legend=None),
    )
    layers: list[Any] = [bars, marks]
    for kind in (one for one in _LINES if one in kinds):
        layers.insert(0, _line(base, kind))
    parent = next(one for one in values if one["kind"] == "parent")
    layers.append(level("parent", float(parent["top-1 %"])))
    return finished(alt.layer(*layers))


def _line(base: Any, kind: str) -> Any:
    """Through the points of one kind, and the parent."""
    own = f"datum.kind == '{kind}' || datum.kind == 'parent'"
    return (
        base.transform_filter(own)
        .mark_line(strokeDash=[4, 3], opacity=0.6)
        .encode(y="top-1 %:Q", color=alt.value("#888888"))
    )


def front_figure(facts: Mapping[str, Any]) -> Figure:
    """The same three, side by side, for papers."""
    tab20: Any = colormaps["tab20"]
    figure = Drawn(figsize=(13.0, 4.4), layout="constrained")
    kinds = list(dict.fromkeys(str(one["kind"]) for one in facts["points"]))
    colours = {kind: tab20.colors[n % 20] for n, kind in enumerate(kinds)}
    for number, cost in enumerate(COSTS, start=1):
        axes = figure.add_subplot(1, len(COSTS), number)
        name, title = _AXES[cost]
        axes.set_xlabel(title)
        axes.set_ylabel("top-1, %")
        axes.grid(alpha=0.3)
        for kind in kinds:
            _draw(axes, facts["points"], kind, name, colours[kind])
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, fontsize=8)
    return figure


def _draw(
    axes: Any, points: Sequence[Mapping[str, Any]], kind: str, name: str, colour: Any
) -> None:
    own = [one for one in points if one["kind"] == kind]
    joined = [one for one in points if one["kind"] in (kind, "parent")]
    if kind in _LINES:
        joined.sort(key=lambda one: float(one[name]))
        places = [one[name] for one in joined], [one["top-1 %"] for one in joined]
        axes.plot(*places, "--", color=colour, alpha=0.5)
    for point in own:
        top1 = point["top-1 %"]
        axes.errorbar(
            point[name],
            top1,
            yerr=[[top1 - point["low"]], [point["high"] - top1]],
            fmt="*" if kind == "parent" else "o",
            color=colour,
            markerfacecolor=colour if point["certified"] == "yes" else "none",
            ecolor=(0.6, 0.6, 0.6, 0.4),
            label=kind if point is own[0] else None,
        )
