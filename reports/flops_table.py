"""What a model costs at each resolution, as a table and as CSV."""

import csv
import io
from typing import TYPE_CHECKING

from reports.table import Table

if TYPE_CHECKING:
    from keras_models.flops import Cost

_COLUMNS = ("resolution", "macs", "flops_drop_percent", "parameters")


def flops_csv(costs: "list[Cost]") -> str:
    """One line a resolution, with exact counts."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for cost in costs:
        drop = f"{cost.drop_percent:.2f}"
        writer.writerow((cost.resolution, cost.macs, drop, cost.parameters))
    return text.getvalue()


def flops_table(model: str, native: int, costs: "list[Cost]") -> Table:
    """One line a resolution; what was not counted is named below."""
    rows = tuple(
        (str(cost.resolution), f"{cost.macs / 1e6:,.2f}", f"{cost.drop_percent:.2f}")
        for cost in costs
    )
    notes = (
        f"Drop against {native} pixels. MMACs: millions of multiply-accumulates of "
        "convolutions and dense layers; 1 MAC = 2 FLOPs.",
        *(f"Not counted: {name}" for name in costs[0].uncounted),
    )
    columns = ("resolution", "MMACs", "FLOPs drop %")
    return Table(
        title=f"{model}: cost per resolution",
        columns=columns,
        rows=rows,
        words=0,
        notes=notes,
        kind="flops",
    )
