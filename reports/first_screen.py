"""The page's first screen: the answer in one sentence, accuracy against MACs."""

from reports import charts
from reports.gathered import Gathered, Json
from reports.rows import Row
from reports.section import Figure


def answer(gathered: Gathered) -> str:
    """What one wants to know, in one sentence."""
    for folder, plan in gathered.plans:
        row = gathered.row_of(folder, plan)
        if row is not None:
            return _plan_sentence(plan, row)
    chosen = [
        row
        for _, row in gathered.swept
        if row.drop_points is not None
        and row.drop_points <= 2
        and (row.flops_drop_percent or 0) > 0
    ]
    solid = [row for row in chosen if not _hollow(gathered, row)]
    if chosen and not solid:
        return (
            "HOLLOW: where accuracy is kept, the reference itself is not better than "
            "chance, so that no drop says anything."
        )
    chosen = solid
    if chosen:
        best = max(chosen, key=lambda row: row.flops_drop_percent or 0)
        return (
            f"{best.ladder or best.model} saves {best.flops_drop_percent:.1f} % of the "
            f"MACs and loses {best.drop_points:.1f} points "
            f"({best.drop_low:.1f}..{best.drop_high:.1f}) of accuracy on "
            f"{best.images:,} images of {best.dataset} {best.split}."
        )
    return "No lower resolution keeps the accuracy within 2 points."


def _plan_sentence(plan: Json, row: Row) -> str:
    record, ladder = plan["certificate"], plan["selector"]["ladder"]
    if not record["certified"]:
        needed = record.get("images_needed")
        more = f" It would take about {needed:,}." if needed else ""
        return (
            f"No plan could be certified to lose at most {record['max_drop_points']:g} "
            f"points with {record['images']:,} certification images.{more}"
        )
    said = (
        ladder[0] if len(ladder) == 1 else f"{', '.join(ladder[:-1])} then {ladder[-1]}"
    )
    return (
        f"{_warning(record)}{said} saves {_saved(row)} % of the MACs of "
        f"{plan['reference']}; with {100 * record['confidence']:g} % confidence it "
        f"loses at most {record['max_drop_points']:g} points of accuracy."
    )


def _warning(record: Json) -> str:
    """What makes a certificate hollow, which plans of before do not say."""
    return f"{record['warning']} " if record.get("warning") else ""


def _saved(row: Row) -> str:
    """Whole per cents, but never 100 where something is spent."""
    saved = row.flops_drop_percent or 0.0
    return f"{saved:.0f}" if saved < 99.5 else f"{saved:.2f}"


def _hollow(gathered: Gathered, row: Row) -> bool:
    """Whether the table of a row says that its reference only guesses."""
    start = f"{row.model} ({row.weights}) on {row.dataset} {row.split}, "
    return any(
        table.title.startswith(start) and "HOLLOW" in table.title
        for _, table in gathered.tables
    )


def overview(gathered: Gathered) -> list[Figure]:
    """Accuracy against MACs, a chart a data set."""
    rows = [(row, gathered.planned(folder, row)) for folder, row in gathered.swept]
    figures = []
    for dataset in dict.fromkeys(row.dataset for row, _ in rows):
        own = _once([(row, sure) for row, sure in rows if row.dataset == dataset])
        reference = _reference(gathered, [row for row, _ in own])
        caption = (
            "Every fixed rung and every selector: mean MACs of one image against "
            "top-1, lines are 95 % Wilson intervals. Hover for the numbers."
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
