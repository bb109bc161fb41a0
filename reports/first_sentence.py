"""The page's first sentence: what was found, in plain words, and what it is about."""

from reports.gathered import Gathered, Json
from reports.rows import Row

_KEPT = 2.0  # points: a fixed rung that loses no more answers where there is no plan
_GLYPHS = "Glyphs, an embedded demonstration: says nothing about photographs."


def answer(gathered: Gathered) -> str:
    """What one wants to know, first; then, of the demonstration, that it is one."""
    said = _said(gathered)
    if any(row.dataset == "glyphs" for _, row in gathered.rows):
        return f"{said} {_GLYPHS}"
    return said


def _said(gathered: Gathered) -> str:
    for folder, plan in gathered.plans:
        row = gathered.row_of(folder, plan)
        if row is not None:
            return _plan(plan, row)
    kept = [
        row
        for _, row in gathered.swept
        if row.drop_points is not None
        and row.drop_points <= _KEPT
        and (row.flops_drop_percent or 0) > 0
    ]
    solid = [row for row in kept if not _hollow(gathered, row)]
    if kept and not solid:
        return (
            "HOLLOW: where accuracy is kept, the reference itself is not better than "
            "chance, so that no drop says anything."
        )
    if solid:
        return _fixed(max(solid, key=lambda row: row.flops_drop_percent or 0))
    return "No lower resolution keeps the accuracy within 2 points."


def _fixed(row: Row) -> str:
    what = spoken(row.ladder or row.model or "the model")
    return (
        f"{what} saves {row.flops_drop_percent:.1f} % of the computation and loses "
        f"{row.drop_points:.1f} points ({row.drop_low:.1f}..{row.drop_high:.1f}) of "
        f"accuracy on {row.images:,} images of {row.dataset} {row.split}."
    )


def _plan(plan: Json, row: Row) -> str:
    record, ladder = plan["certificate"], plan["selector"]["ladder"]
    limit = f"{record['max_drop_points']:g} point"
    limit += "" if record["max_drop_points"] == 1 else "s"
    if not record["certified"] or ladder == [plan["reference"]]:
        return _warned(record, _no_plan(plan, limit))
    how = "Choosing the resolution per picture"
    if len(ladder) == 1:
        how = f"{spoken(ladder[0])} for every picture"
    elif len({rung.partition("@")[0] for rung in ladder}) > 1:
        how = "Choosing network and resolution per picture"
    return _warned(
        record,
        f"{how} saves {_saved(row)} % of the computation of "
        f"{spoken(plan['reference'])}; with {100 * record['confidence']:g} % "
        f"confidence at most {limit} of accuracy are lost.",
    )


def _no_plan(plan: Json, limit: str) -> str:
    """Nothing was gained: how many images tried, and how many it would take."""
    record = plan["certificate"]
    needed = record.get("images_needed")
    if needed is None:
        more = "the plans tried lose too much, and more images would not help"
    elif needed <= record["images"]:
        more = "the plans that pass cost as much as it"
    else:
        more = f"about {needed:,} would do"
    return (
        f"No plan cheaper than {spoken(plan['reference'])} could be certified to lose "
        f"at most {limit} with {record['images']:,} images; {more}."
    )


def spoken(rung: str) -> str:
    """small_resnet@96 as one says it."""
    model, at, resolution = rung.partition("@")
    return f"{model} at {resolution} px" if at else model


def _warned(record: Json, said: str) -> str:
    """What makes a certificate hollow comes first; plans of before do not say it."""
    return f"{record['warning']} {said}" if record.get("warning") else said


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
