"""The page's first screen below its sentence: accuracy against MACs, by data set."""

from reports import charts
from reports.gathered import Gathered
from reports.rows import Row
from reports.section import Figure


def overview(gathered: Gathered) -> list[Figure]:
    """Accuracy against MACs, a chart a data set."""
    rows = [(row, gathered.planned(folder, row)) for folder, row in gathered.swept]
    figures = []
    for dataset in dict.fromkeys(row.dataset for row, _ in rows):
        own = _once([(row, sure) for row, sure in rows if row.dataset == dataset])
        reference = _reference(gathered, [row for row, _ in own])
        caption = (
            "Every fixed rung, joined by network and named by its resolution, and "
            "every selector: mean MACs of one image against top-1; upright lines are "
            "95 % Wilson intervals. Up and to the left is better. Hover for numbers."
        )
        spec = charts.accuracy_chart(charts.points(own), reference)
        figures.append(Figure(f"Accuracy against MACs: {dataset}", caption, spec))
    return figures


def _once(rows: list[tuple[Row, bool]]) -> list[tuple[Row, bool]]:
    """Each thing once; fixed rungs on the images that judged selectors, if any did."""
    judged = {row.images for row, _ in rows if row.selector not in (None, "fixed")}
    same = [(row, sure) for row, sure in rows if row.images in judged]
    kept: dict[tuple[object, ...], tuple[Row, bool]] = {}
    for row, sure in same if any(row.selector == "fixed" for row, _ in same) else rows:
        key = (row.selector, row.ladder, row.crop, row.split, row.macs, sure)
        if key not in kept or (row.images or 0) > (kept[key][0].images or 0):
            kept[key] = (row, sure)
    return list(kept.values())


def _reference(gathered: Gathered, rows: list[Row]) -> tuple[str, float] | None:
    name = next((str(plan["reference"]) for _, plan in gathered.plans), None)
    fixed = [row for row in rows if row.selector == "fixed" and row.ladder]
    own = [row for row in fixed if row.ladder == name]
    if not own and fixed:
        own = [max(fixed, key=lambda row: row.macs or 0)]
    return (str(own[0].ladder), 100 * (own[0].top1 or 0)) if own else None
