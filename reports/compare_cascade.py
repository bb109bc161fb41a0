"""The cascade report's table 2.1 beside counts: it prints parameters as FLOPs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from keras_models.catalogue import build
from keras_models.macs import count_macs
from reports.published import PublishedRow, PublishedTable
from reports.table import Table


def cascade_report(published: PublishedTable) -> Table:
    """Printed parameters beside counted operations, and what becomes of the saving."""
    heads = (
        "model",
        "resolution",
        "FLOPs (M) at 224, printed",
        "parameters (M)",
        "MMACs at 224, counted",
        "FLOPs (M) here, printed",
        "MMACs here, counted",
        f"{published.accuracy} %, printed",
    )
    counts = [_counted_model(row) for row in published.rows]
    lines = tuple(
        (
            str(row.model),
            str(row.resolution),
            number_text(row.flops_224_millions),
            number_text(count.parameters),
            number_text(count.native),
            number_text(row.flops_millions),
            number_text(count.here),
            number_text(row.accuracy_percent),
        )
        for row, count in zip(published.rows, counts, strict=True)
    )
    low, high = _true_savings(published, [count.here for count in counts])
    notes = (
        f"Printed: {published.source}.",
        "What is printed as FLOPs in millions is the number of trained parameters; at "
        "a lower resolution it is multiplied by the square of the ratio of the sides.",
        f"The printed saving of {published.cascade_saving}x at "
        f"{published.cascade_flops_millions} (M) becomes, with counted operations and "
        "any share of images at each model that gives the same printed cost, "
        f"{low:.2f}x to {high:.2f}x. The climb of an image through all three costs "
        f"{sum(count.here for count in counts) / counts[-1].here:.3f} times the last "
        "model alone.",
        "1 MAC = 2 FLOPs; convolutions and dense layers.",
    )
    return Table(
        title=title_text(published),
        columns=heads,
        rows=lines,
        words=1,
        notes=notes,
        kind="published",
    )


@dataclass(frozen=True)
class _Counted:
    """In millions."""

    parameters: float  # trained ones, as papers count
    native: float  # MACs at 224
    here: float  # MACs at the row's resolution


def _counted_model(row: PublishedRow) -> _Counted:
    model = build(str(row.model), 224)
    trained = sum(math.prod(variable.shape) for variable in model.trainable_variables)
    here = count_macs(model, row.resolution).macs
    return _Counted(trained / 1e6, count_macs(model).macs / 1e6, here / 1e6)


def _true_savings(
    published: PublishedTable, macs: Sequence[float]
) -> tuple[float, float]:
    """Of the printed cost, over all shares of images that reach models two and three.

    Printed cost = c0 + c1 u + c2 v with 1 >= u >= v >= 0 (equation 2.2), a segment of
    (u, v); the true cost is linear too, so its ends bound it.
    """
    first, second, third = (row.flops_millions or 0.0 for row in published.rows)
    rest = (published.cascade_flops_millions or 0.0) - first
    ends = ((rest / (second + third),) * 2, (1.0, (rest - second) / third))
    savings = [macs[2] / (macs[0] + macs[1] * u + macs[2] * v) for u, v in ends]
    return min(savings), max(savings)


def title_text(published: PublishedTable) -> str:
    """As the table is headed."""
    return f"Table {published.number}: {published.title}"


def number_text(value: float | None) -> str:
    """Two decimals, or an empty cell."""
    return "" if value is None else f"{value:,.2f}"
