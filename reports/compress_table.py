"""Compressed variants beside their parent: the table, the three answers, the rows."""

import platform
from collections.abc import Iterator
from dataclasses import replace

from convert.compressing.outcome import COSTS, Entry, Outcome
from convert.compressing.variant import Setting
from keras_models.accuracy import paired_drop, wilson
from keras_models.framework import versions
from reports.rows import Row
from reports.table import Table

_COLUMNS = (
    "variant", "parameters, k", "non-zero, k", "MMACs", "MACs drop %", "on paper %",
    "kB", "zipped kB", "ms", "of parent %", "top-1 % (95 %)", "drop, points (95 %)",
    "bound", "certified",
)  # fmt: skip
_MORE = ("parameters, k", "non-zero, k", "on paper %", "zipped kB", "ms", "bound")
_PAPER = (
    "Weights of 0 are stored and multiplied like any other: such a file is no smaller "
    "before it is zipped, and NO FASTER. `on paper` is the part of the MACs that a "
    "runtime which skips them would save; LiteRT does not."
)
_MEASURED = (
    "kB: of the .tflite file; zipped: deflated. ms: median of one image on LiteRT, one "
    "thread: the parent's over all sittings, and each variant's by its ratio to the "
    "parent's, measured in turn (of parent %); a cascade's are the mean of the rungs "
    "that its images pay for. Intervals: Wilson "
    "for top-1, paired (Bonett-Price) for the drop, over all judged images."
)


def compress_tables(
    outcome: Outcome,
    setting: Setting,
    notes: tuple[str, ...],
    commands: dict[str, tuple[str, ...]],
    command: str,
) -> list[Table]:
    """One row a variant; then the cheapest by each cost.

    Args:
        notes: of how the grid was read.
        commands: by entry, what makes and measures its bundle.
    """
    judged = setting.judged
    what = (
        f"{setting.source.name} ({setting.source.weights}) on {judged.name} "
        f"{judged.split}, {outcome.labels.size} images"
    )
    hollow = (
        f". HOLLOW: the parent itself is {outcome.hollow}" if outcome.hollow else ""
    )
    variants = Table(
        title=f"{what}: compressed{hollow}",
        columns=_COLUMNS,
        rows=tuple(_cells(entry, outcome) for entry in _every(outcome)),
        words=1,
        notes=(
            _PAPER,
            _MEASURED,
            _certified(outcome, setting),
            *(f"Not measured: {one.text}: {one.why}" for one in outcome.refused),
            *notes,
            *(f"{setting.source.name}: {one}." for one in setting.source.remarks),
            "Versions: " + ", ".join(f"{k} {v}" for k, v in versions().items()) + ".",
        ),
        kind="compression",
        more=_MORE,
        command=command,
    )
    return [variants, replace(_answers(outcome, what, commands), command=command)]


def _every(outcome: Outcome) -> Iterator[Entry]:
    """The parent, then from the dearest in MACs down."""
    yield outcome.parent
    yield from sorted(outcome.entries, key=lambda one: (-one.macs, one.text))


def _cells(entry: Entry, outcome: Outcome) -> tuple[str, ...]:
    parent, labels = outcome.parent, outcome.labels
    right = entry.right(labels)
    low, high = wilson(int(right.sum()), right.size)
    cells = (
        entry.text if entry is not parent else "the parent, float32",
        f"{entry.parameters / 1e3:,.1f}",
        f"{entry.nonzero / 1e3:,.1f}",
        f"{entry.macs / 1e6:,.2f}",
        f"{_saved(entry.macs, parent.macs):.1f}",
        f"{_saved(entry.paper_macs, parent.macs):.1f}",
        f"{entry.size_bytes / 1e3:,.1f}",
        f"{entry.zipped_bytes / 1e3:,.1f}",
        f"{entry.latency_us / 1e3:,.3g}",
        f"{100 * entry.relative_latency:.0f}",
        f"{100 * right.mean():.2f} ({100 * low:.1f}..{100 * high:.1f})",
    )
    if entry is parent:
        return (*cells, "0.00", "", "")
    drop = paired_drop(parent.right(labels), right)
    tested = outcome.tested(entry)
    return (
        *cells,
        f"{drop.points:.2f} ({drop.low:.1f}..{drop.high:.1f})",
        f"{tested.certificate.bound_points:.2f}",
        _verdict(entry, outcome),
    )


def _saved(macs: float, of: float) -> float:
    return 100 * (1 - macs / of) if of else 0.0


def _verdict(entry: Entry, outcome: Outcome) -> str:
    tested = outcome.tested(entry)
    if tested.certified:
        return f"yes ({tested.place})"
    if tested.tested:
        return f"no ({tested.place})"
    return f"not reached ({tested.place})" if tested.place else "not tested"


def _certified(outcome: Outcome, setting: Setting) -> str:
    several = outcome.several
    limits = several.limits
    tested = sum(one.tested for one in several.tested)
    return (
        f"Certified: a true drop of at most {limits.max_drop_points:g} points with "
        f"{100 * limits.confidence:g} % confidence, for all that say yes together: "
        f"{several.searching.size} images put the variants in an order, number 1 the "
        f"likeliest to pass, {several.certifying.size} others tested {tested} of "
        f"{len(several.tested)} in it until one failed; `bound` is each one's own on "
        f"those. {len(setting.calibration.dataset)} more images calibrated and judged "
        "nothing. Not tested: another one is likelier to pass and no dearer in "
        "bytes, MACs and latency (under 1 % in bytes is no difference, nor in latency "
        "what may be under 5 %). It holds "
        "if the images to come are drawn as these were."
    )


def _answers(
    outcome: Outcome, what: str, commands: dict[str, tuple[str, ...]]
) -> Table:
    limits = outcome.several.limits
    rows = tuple(
        (cost, *_answer(outcome, number), _more(outcome, number))
        for number, cost in enumerate(COSTS)
    )
    best = [outcome.cheapest(number) for number in range(len(COSTS))]
    named = dict.fromkeys(one.text for one in best if one is not None)
    return Table(
        title=f"{what}: the cheapest for a drop of at most "
        f"{limits.max_drop_points:g} points, {100 * limits.confidence:g} %",
        columns=("cheapest by", "variant", "saves", "bound", "a cheaper one"),
        rows=rows,
        words=5,
        notes=tuple(
            f"{text}: {line}" for text in named for line in commands.get(text, ())
        ),
        kind="compression-answers",
    )


def _answer(outcome: Outcome, cost: int) -> tuple[str, str, str]:
    entry = outcome.cheapest(cost)
    if entry is None:
        return "the parent: nothing cheaper is certified", "0 %", ""
    tested = outcome.tested(entry)
    saved = 100 * (1 - tested.costs[cost])
    return entry.text, f"{saved:.1f} %", f"{tested.certificate.bound_points:.2f} points"


def _more(outcome: Outcome, cost: int) -> str:
    """What more images would certify."""
    entry = outcome.nearest(cost)
    if entry is None:
        return ""
    tested = outcome.tested(entry)
    return (
        f"{entry.text} ({100 * (1 - tested.costs[cost]):.1f} %) needs about "
        f"{tested.certificate.images_needed:,} certification images"
    )


def compress_rows(outcome: Outcome, setting: Setting, command: str) -> list[Row]:
    """rows.csv: one a variant, the parent first."""
    parent, labels, judged = outcome.parent, outcome.labels, setting.judged
    pixels = setting.preprocessing
    smooth = "antialiased" if pixels.antialias else "not antialiased"
    base = parent.right(labels)
    rows = []
    for entry in _every(outcome):
        right = entry.right(labels)
        low, high = wilson(int(right.sum()), right.size)
        row = Row(
            model=setting.source.name,
            weights=setting.source.weights,
            dataset=judged.name,
            split=judged.split,
            crop=pixels.crop_name,
            interpolation=f"{pixels.interpolation}, {smooth}",
            recipe=entry.variant.recipe if entry.variant else "float32",
            selector="cascade" if entry.selector else "compressed",
            ladder=f"{setting.source.name} {entry.text}",
            images=right.size,
            top1=float(right.mean()),
            top1_low=low,
            top1_high=high,
            macs=float(entry.macs),
            flops_drop_percent=_saved(entry.macs, parent.macs),
            parameters=entry.parameters,
            size_bytes=entry.size_bytes,
            device=f"{platform.machine()} CPU, litert {versions()['ai-edge-litert']}",
            command=command,
        )
        drop = paired_drop(base, base if entry is parent else right)
        rows.append(
            replace(
                row,
                drop_points=drop.points,
                drop_low=drop.low,
                drop_high=drop.high,
                mcnemar_p=drop.mcnemar_p,
            )
        )
    return rows
