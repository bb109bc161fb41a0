"""Published tables beside ours: computed FLOPs drops, cell by cell, and measured rows.

What a published column holds is in reports/published.json. Ours is counted from the
built models when asked for: multiply-accumulates of convolutions and dense layers.
"""

from collections.abc import Sequence

from keras_models.flops import catalogue_costs
from reports.compare_cascade import cascade_report, number_text, title_text
from reports.compare_notes import EXPLANATIONS, Column
from reports.published import PublishedRow, PublishedTable, published_table
from reports.rows import Row
from reports.table import Table

# Which models are counted beside each table; the first is the one that it is about.
MODELS = {
    "1": ("nasnet_cifar",),
    "2": ("mobilenet_v2", "mobilenet_v2_cifar"),
    "3": ("resnet50",),
    "4": ("resnet101",),
    "5": ("resnet152", "resnet101"),
    "7": ("resnet50",),
}
_UNITS = "Drops are against {native} pixels. 1 MAC = 2 FLOPs; multiply-accumulates of \
convolutions and dense layers, each feature map at its true size."


def compare(number: str, rows: Sequence[Row] = ()) -> Table:
    """A published table with ours beside it.

    Args:
        number: 1 to 7 (the thesis), or 2.1 (the cascade report).
        rows: measured by `reswise drop` and others, shown beside or below.
    Raises:
        InputError: no such table.
    """
    published = published_table(number)
    if number == "2.1":
        return cascade_report(published)
    if number == "6":
        return _random_choice(published)
    if number == "7":
        return _literature(published, rows)
    return by_resolution(published, columns(published), rows)


def columns(published: PublishedTable) -> list[Column]:
    """Our counts for the models of one table, the one that it is about first."""
    return [_column(published, model) for model in MODELS[published.number]]


def _column(published: PublishedTable, model: str) -> Column:
    resolutions = [
        row.resolution for row in published.rows if row.resolution is not None
    ]
    costs = catalogue_costs(
        model, resolutions, published.classes, native=published.native
    )
    by_side = {cost.resolution: cost.drop_percent for cost in costs}
    drops = tuple(
        None if row.resolution is None else by_side[row.resolution]
        for row in published.rows
    )
    pairs = zip(drops, published.rows, strict=True)
    return Column(model, drops, tuple(_difference(ours, row) for ours, row in pairs))


def _difference(ours: float | None, row: PublishedRow) -> float | None:
    if ours is None or row.flops_drop_percent is None:
        return None
    return ours - row.flops_drop_percent


def by_resolution(
    published: PublishedTable, counted: list[Column], rows: Sequence[Row]
) -> Table:
    """Tables 1 to 5: a line a resolution, a pair of cells a model counted."""
    measured = _measured(rows, published)
    heads = ["resolution", "FLOPs drop %, printed"]
    for column in counted:
        heads += [f"counted, {column.model}", f"difference, {column.model}"]
    heads.append(f"{published.accuracy} drop, printed")
    heads += [f"{published.accuracy} drop, {name}" for name in measured]
    lines = []
    for column_index, row in enumerate(published.rows):
        cells = [str(row.resolution), number_text(row.flops_drop_percent)]
        for column in counted:
            cells += [
                number_text(column.drops[column_index]),
                _signed(column.differences[column_index]),
            ]
        cells.append(number_text(row.accuracy_drop_percent))
        cells += [number_text(drops.get(row.resolution)) for drops in measured.values()]
        lines.append(tuple(cells))
    explain = EXPLANATIONS[published.number]
    notes = (
        f"Printed: {published.source}.",
        _UNITS.format(native=published.native),
        *explain(counted),
        *_accuracy_notes(published, rows),
    )
    return Table(
        title=title_text(published),
        columns=tuple(heads),
        rows=tuple(lines),
        words=1,
        notes=notes,
        kind="published",
    )


def _measured(
    rows: Sequence[Row], published: PublishedTable
) -> dict[str, dict[int | None, float]]:
    """{model: {resolution: drop in points}} of the accuracy that the table prints."""
    drops: dict[str, dict[int | None, float]] = {}
    for row in rows:
        native = _native_row(row, rows)
        if native is None or row.resolution is None:
            continue
        own, best = _accuracy(row, published), _accuracy(native, published)
        name = f"{row.model} ({row.weights})"
        if own is not None and best is not None:
            drops.setdefault(name, {})[row.resolution] = 100 * (best - own)
    return drops


def _native_row(row: Row, rows: Sequence[Row]) -> Row | None:
    """The row that the drop of `row` is against."""
    for other in rows:
        alike = (other.model, other.weights, other.dataset, other.crop) == (
            row.model,
            row.weights,
            row.dataset,
            row.crop,
        )
        if alike and other.flops_drop_percent == 0 and other.resolution:
            return other
    return None


def _accuracy(row: Row, published: PublishedTable) -> float | None:
    return row.top1 if published.accuracy == "top-1" else row.top5


def _accuracy_notes(published: PublishedTable, rows: Sequence[Row]) -> list[str]:
    notes = [f"Accuracy drops are of {published.accuracy}, in points."]
    natives = [row for row in rows if row is _native_row(row, rows)]
    for row in natives:
        notes.append(
            f"Ours: {row.model} ({row.weights}) on {row.dataset} {row.split}, "
            f"{row.images} images, {_percent(row.top1)} top-1 and {_percent(row.top5)} "
            f"top-5 at {row.resolution}; {row.command}"
        )
    return notes


def random_choice_drop(published: PublishedTable, model: str) -> float:
    """The expected FLOPs drop when each image draws one of the table's resolutions."""
    costs = catalogue_costs(
        model, published.resolutions, published.classes, native=published.native
    )
    return sum(cost.drop_percent for cost in costs) / len(costs)


def _random_choice(published: PublishedTable) -> Table:
    heads = (
        "model",
        "FLOPs drop %, printed",
        "FLOPs drop sd, printed",
        "expected, counted",
        "difference",
        f"{published.accuracy} drop, printed",
        f"{published.accuracy} drop sd, printed",
    )
    lines = []
    for row in published.rows:
        ours = random_choice_drop(published, str(row.model))
        lines.append(
            (
                str(row.model),
                number_text(row.flops_drop_percent),
                number_text(row.flops_drop_sd),
                number_text(ours),
                _signed(_difference(ours, row)),
                number_text(row.accuracy_drop_percent),
                number_text(row.accuracy_drop_sd),
            )
        )
    drawn = ", ".join(map(str, published.resolutions))
    notes = (
        f"Printed: {published.source}; a mean of drawn choices.",
        f"Counted: the mean over {drawn}, each as likely. "
        + _UNITS.format(native=published.native),
        "ResNet152's printed drop is that of ResNet101's column, as in table 5: with "
        "the counts of ResNet101 the expected drop lies within the printed spread.",
    )
    return Table(
        title=title_text(published),
        columns=heads,
        rows=tuple(lines),
        words=1,
        notes=notes,
        kind="published",
    )


def _literature(published: PublishedTable, rows: Sequence[Row]) -> Table:
    counted = columns(published)[0]
    heads = (
        "by",
        "FLOPs drop %",
        "counted",
        "difference",
        "top-5 drop, points",
        "top-1 drop, points",
    )
    lines: list[tuple[str, ...]] = [
        (
            f"{row.by} ({row.resolution})" if row.resolution else str(row.by),
            number_text(row.flops_drop_percent),
            number_text(ours),
            _signed(difference),
            number_text(row.accuracy_drop_percent),
            "",
        )
        for row, ours, difference in zip(
            published.rows, counted.drops, counted.differences, strict=True
        )
    ]
    lines += [_our_line(row, rows) for row in rows if row.flops_drop_percent]
    notes = (
        f"Printed: {published.source}. ResNet50 on ImageNet; the thesis's drops are of "
        "top-5, and it does not say which accuracy the literature's are of.",
        _UNITS.format(native=published.native),
        *_accuracy_notes(published, rows)[1:],
    )
    return Table(
        title=title_text(published),
        columns=heads,
        rows=tuple(lines),
        words=1,
        notes=notes,
        kind="published",
    )


def _our_line(row: Row, rows: Sequence[Row]) -> tuple[str, ...]:
    native = _native_row(row, rows)
    fifth = None
    if native and native.top5 is not None and row.top5 is not None:
        fifth = 100 * (native.top5 - row.top5)
    chosen = "" if row.selector in (None, "fixed") else f"{row.selector}, "
    return (
        f"ours: {chosen}{row.ladder or row.model}, {row.dataset}, {row.images} images",
        "",
        number_text(row.flops_drop_percent),
        "",
        number_text(fifth),
        number_text(row.drop_points),
    )


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.3f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"
