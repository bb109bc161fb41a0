"""What every chart of the page is put together from: numbers, tooltips, one look."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

Spec = dict[str, Any]
Point = dict[str, object]
_HEIGHT = 380


def charted(values: Sequence[Mapping[str, object]]) -> alt.Chart:
    return alt.Chart(alt.Data(values=list(values)))  # type: ignore[no-untyped-call]


def level(name: str, percent: float) -> Any:
    value: list[Point] = [{"y": percent, "name": f"reference {name}"}]
    line = charted(value).mark_rule(strokeDash=[5, 4], color="#888888").encode(y="y:Q")
    text = (
        charted(value)
        .mark_text(align="center", dy=-7, color="#777777")
        .encode(y="y:Q", x=alt.value(alt.expr("width / 2")), text="name:N")
    )
    return alt.layer(line, text)


def from_zero(values: Sequence[Mapping[str, object]], *names: str) -> list[float]:
    """The domain of an axis of costs: none is below nothing, the dearest has room."""
    largest = max(
        (float(str(one[name])) for one in values for name in names if name in one),
        default=1.0,
    )
    return [0.0, 1.08 * (largest or 1.0)]


def named(base: alt.Chart, cost: str, middle: float) -> Any:
    """The name of each point, `what`, beside it, towards the middle of the chart."""

    def by_half(cheap: object, dear: object) -> alt.ExprRef:
        return alt.ExprRef(f"datum[{cost!r}] <= {middle} ? {cheap!r} : {dear!r}")

    return base.mark_text(
        align=by_half("left", "right"),
        dx=by_half(7, -7),
        dy=by_half(10, -8),
        fontSize=11,
    ).encode(text="what:N")


def corner() -> Any:
    """Where one wants to be: at the upper left, of little cost and many answers."""
    label: list[Point] = [{"name": "\u2196 better"}]
    return (
        charted(label)
        .mark_text(align="left", baseline="bottom", fontSize=13, color="#888888")
        .encode(x=alt.value(0), y=alt.value(-5), text="name:N")
    )


def tooltip(*names: str) -> list[alt.Tooltip]:
    words = {
        "kind", "what", "data", "series", "rung", "plan", "recipe", "device",
        "thresholds", "bundle", "stored",
    }  # fmt: skip
    return [
        alt.Tooltip(f"{safe(name)}:N", title=name)
        if name in words
        else alt.Tooltip(f"{safe(name)}:Q", title=name, format=",.4~g")
        for name in names
    ]


def safe(name: str) -> str:
    return name.replace(".", "\\.")


def finished(chart: Any, height: int = _HEIGHT) -> Spec:
    spec: Spec = chart.properties(width="container", height=height).to_dict()
    return spec
