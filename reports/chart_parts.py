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


def corner() -> Any:
    """Where one wants to be: at the upper left, of little cost and many answers."""
    label: list[Point] = [{"name": "\u2196 better"}]
    return (
        charted(label)
        .mark_text(align="left", baseline="top", fontSize=13, color="#888888")
        .encode(x=alt.value(6), y=alt.value(6), text="name:N")
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
