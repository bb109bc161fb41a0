"""Converted files beside their Keras parents: the table for reading, and rows."""

import platform
from collections.abc import Sequence

from convert.bundle_words import remarks_of
from convert.converting import ADVICE, UNMIXED, Result
from convert.latency_beside import Beside
from convert.parity import Parity
from convert.quantising.islands import Islands
from convert.wanted import Wanted
from datasets.dataset import Dataset
from keras_models.framework import versions
from reports.rows import Row
from reports.table import Table

_COLUMNS = (
    "rung",
    "agreement %",
    "largest diff.",
    "mean diff.",
    "top-1 % (95 %)",
    "Keras top-1 % (95 %)",
    "drop, points",
    "MMACs",
    "Keras MMACs",
    "kB",
)
_MORE = ("mean diff.", "Keras top-1 % (95 %)", "Keras MMACs")


def parity_table(result: Result, shared: bool) -> Table:
    """One row a rung; notes on sizes, failed checks and layers that err."""
    first = result.parities[0]
    title = f"{result.bundle.manifest.name}: parity on {first.images} images"
    native = max(result.parities, key=lambda one: one.macs)
    if native.hollow:
        title += f". HOLLOW: {native.rung} of Keras itself is {native.hollow}"
    notes = [
        "Agreement: images with the top-1 of the float Keras parent; differences are "
        "of scores; drop: of the parent's accuracy on the same images.",
        *_together(result.parities),
        _sizes(result, shared),
        *remarks_of(result.bundle.manifest.measured.get("remarks")),
        *(f"CHECK FAILED: {line}" for line in result.failures),
    ]
    for rung, layers in result.layers.items():
        named = "; ".join(f"{x.layer} ({x.operator}, +{x.added:.3f})" for x in layers)
        notes.append(f"{rung}: layers that add most relative error: {named}.")
    if result.layers:
        notes.append(ADVICE)
    notes += [_raised(rung, *found) for rung, found in result.islands.items()]
    rows = tuple(_cells(one) for one in result.parities)
    return Table(
        title=title,
        columns=_COLUMNS,
        rows=rows,
        words=1,
        notes=tuple(notes),
        kind="parity",
        more=_MORE,
    )


def _together(parities: Sequence[Parity]) -> list[str]:
    """A recipe's agreement in one number, where it has several rungs."""
    if len(parities) == 1:
        return []
    answers = sum(one.images for one in parities)
    same = sum(round(one.agreement * one.images) for one in parities)
    part = 100 * same / answers
    return [f"All rungs together: {same:,} of {answers:,} answers agree, {part:.2f} %."]


def _raised(rung: str, islands: Islands, beside: Beside) -> str:
    """What a mixed recipe has in float, what for, and what it costs here."""
    count = len(islands.operations)
    names = [name.split(";")[0] for name in islands.operations]
    which = f" ({names[0]} to {names[-1]}; all in parity.json)" if names else ""
    short = islands.expected < islands.wanted
    return (
        f"{rung}: {count} of {islands.of} operations raised to float activations"
        f"{which}: "
        f"{100 * islands.expected:.1f} % agreement expected of {islands.held_out} "
        f"calibration images that set no range, {100 * islands.without:.1f} % without "
        f"them, {100 * islands.wanted:g} % wanted"
        f"{', which no more islands can give' if short else ''}. Latency here, one "
        f"thread, in turn: {beside.own_us / 1e3:.2f} ms, {UNMIXED} "
        f"{beside.other_us / 1e3:.2f}, {beside.ratio:.2f} times "
        f"({beside.ratio_low:.2f} to {beside.ratio_high:.2f}) in the median round."
    )


def _sizes(result: Result, shared: bool) -> str:
    own, apart = result.bundle.size_bytes, result.separate_bytes
    rungs = len(result.parities)
    if not shared or rungs == 1:
        files = "1 file" if rungs == 1 else f"{rungs} files"
        return f"{files}, {own / 1e6:.2f} MB with labels."
    largest = max(one.size_bytes for one in result.parities)
    return (
        f"{rungs} rungs in {own / 1e6:.2f} MB with labels; as separate files "
        f"{apart / 1e6:.2f} MB, the largest {largest / 1e6:.2f} MB "
        f"({own / largest:.3f} times)."
    )


def _cells(compared: Parity) -> tuple[str, ...]:
    return (
        compared.rung,
        f"{100 * compared.agreement:.2f}",
        f"{compared.largest_difference:.2g}",
        f"{compared.mean_difference:.2g}",
        f"{100 * compared.top1:.2f} "
        f"({100 * compared.top1_low:.1f}..{100 * compared.top1_high:.1f})",
        f"{100 * compared.parent_top1:.2f} "
        f"({100 * compared.parent_low:.1f}..{100 * compared.parent_high:.1f})",
        f"{compared.drop.points:.2f}",
        f"{compared.graph_macs / 1e6:,.2f}",
        f"{compared.macs / 1e6:,.2f}",
        f"{compared.size_bytes / 1e3:,.0f}",
    )


def parity_rows(
    result: Result, wanted: Wanted, judged: Dataset, command: str
) -> list[Row]:
    """One row a rung; sizes are those of separate files."""
    rungs = {rung.rung: rung for rung in wanted.rungs}
    runtime = versions()["ai-edge-litert"]
    parameters = {
        compared.rung: compared.parameters for compared in result.bundle.manifest.rungs
    }
    rows = []
    for compared in result.parities:
        rung = rungs[compared.rung]
        preprocessing = rung.preprocessing
        smooth = "antialiased" if preprocessing.antialias else "not antialiased"
        rows.append(
            Row(
                model=rung.source.name,
                weights=rung.source.weights,
                dataset=judged.name,
                split=judged.split,
                resolution=rung.resolution,
                crop=preprocessing.crop_name,
                interpolation=f"{preprocessing.interpolation}, {smooth}",
                recipe=compared.recipe,
                selector="fixed",
                ladder=compared.rung,
                images=compared.images,
                top1=compared.top1,
                top1_low=compared.top1_low,
                top1_high=compared.top1_high,
                macs=float(compared.macs),
                parameters=parameters[compared.rung],
                size_bytes=compared.size_bytes,
                device=f"{platform.machine()} CPU, litert {runtime}",
                command=command,
            )
        )
    return rows
