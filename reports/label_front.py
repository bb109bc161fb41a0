"""What a certificate could promise after how many labels: the table and its chart."""

from collections.abc import Sequence

import altair as alt

from reports.chart_parts import Point, Spec, charted, finished, tooltip
from reports.table import Table
from selection.plans.planning import Plan


def label_table(plan: Plan) -> Table:
    """A line each time that a cheaper plan passed, labels beside the saving."""
    record = plan.certificate
    rows = [
        (str(step.labels), str(record.images), f"{step.saved_percent:.1f}")
        for step in plan.label_steps
    ]
    used = str(record.labels_used or 0)
    if not rows or rows[-1][0] != used:
        last = "no cheaper plan" if rows else "nothing"
        rows.append((used, str(record.images), last))
    return Table(
        title=f"Certified saving against labels, {record.max_drop_points:g} points",
        columns=("labels used", "images used", "FLOPs drop certified %"),
        rows=tuple(rows),
        words=0,
        notes=(
            f"Against {plan.reference}, at {100 * record.confidence:g} %; labels in "
            "the order in which `reswise label` asks for them. One may stop at any "
            "line: the promise holds there.",
        ),
        kind="plan-labels",
    )


def label_points(plans: Sequence[tuple[str, dict[str, object]]]) -> list[Point]:
    """What `label_chart` draws, from plan.json of each folder, by the folder's name."""
    values: list[Point] = []
    for name, plan in plans:
        steps = plan.get("label_steps")
        certificate = plan.get("certificate")
        if not isinstance(steps, list) or not isinstance(certificate, dict):
            continue
        limit = f"{name}: {certificate.get('max_drop_points'):g} points"
        values += [
            {
                "plan": limit,
                "labels": step["labels"],
                "FLOPs drop certified %": step["saved_percent"],
            }
            for step in steps
        ]
        if steps:
            last = {**values[-1], "labels": certificate.get("labels_used") or 0}
            values.append(last)
    return values


def label_chart(values: list[Point]) -> Spec:
    """The saving that is certified as the labels come in, a step a plan that passed."""
    return finished(
        charted(values)
        .mark_line(interpolate="step-after", point=True)
        .encode(
            x=alt.X("labels:Q", title="labels of certification images").axis(
                tickMinStep=1
            ),
            y=alt.Y("FLOPs drop certified %:Q").scale(zero=True),
            color=alt.Color("plan:N", title=None).legend(orient="bottom", columns=2),
            tooltip=tooltip("plan", "labels", "FLOPs drop certified %"),
        )
    )
