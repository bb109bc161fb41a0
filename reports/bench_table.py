"""A bench's outcomes -> rows, a table a machine, the chart of accuracy and latency."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from android_bench.agreement import LISTED, Decision
from android_bench.outcome import Outcome
from android_bench.script import SELECTOR
from android_bench.summary import Line, dearest
from convert.bundle import Bundle
from convert.manifest import Rung
from reports.figures import save
from reports.rows import Row
from reports.table import Table
from selection.plans.shift import shares, verdict

COLUMNS = (
    "rung", "top-1 % (95 %)", "MMACs", "mean ms", "p50 ms", "p90 ms", "selector ms",
    "load ms", "peak MB", "ended there %",
)  # fmt: skip
MORE = ("selector ms", "load ms", "peak MB")


def bench_rows(
    outcome: Outcome, bundle: Bundle, dataset: tuple[str, str], command: str
) -> list[Row]:
    """One row for the selector and one a rung.

    Args:
        dataset: its name and split.
    """
    rungs = {rung.rung: rung for rung in bundle.manifest.rungs}
    dearest = rungs[outcome.savings.reference].macs
    return [
        Row(
            **what(rungs.get(line.name), bundle),
            dataset=dataset[0],
            split=dataset[1],
            images=line.images,
            top1=line.top1,
            top1_low=line.top1_low,
            top1_high=line.top1_high,
            macs=line.macs,
            flops_drop_percent=100 * (1 - line.macs / dearest),
            size_bytes=bundle.size_bytes,
            latency_p50_us=line.p50_us,
            latency_p90_us=line.p90_us,
            device=f"{outcome.label}, {outcome.verdict.word}",
            command=command,
        )
        for line in outcome.lines
    ]


def what(rung: Rung | None, bundle: Bundle) -> dict[str, Any]:
    """What a row is of: a rung, or where None the bundle's selector."""
    first = bundle.manifest.rungs[0]
    preprocessing = (rung or first).preprocessing
    smooth = "antialiased" if preprocessing.antialias else "not antialiased"
    models = dict.fromkeys(one.model for one in bundle.manifest.rungs)
    ladder = bundle.selector.ladder if rung is None else (rung.rung,)
    return {
        "model": rung.model if rung else ",".join(models),
        "resolution": rung.resolution if rung else None,
        "crop": preprocessing.crop,
        "interpolation": f"{preprocessing.interpolation}, {smooth}",
        "recipe": (rung or first).recipe,
        "selector": "fixed" if rung else str(bundle.manifest.selector["kind"]),
        "ladder": ",".join(ladder),
    }


def bench_table(outcome: Outcome, bundle: Bundle, dataset: str) -> Table:
    """The machine's figures, and below them what must be known of them."""
    kind = str(bundle.manifest.selector["kind"])
    first = outcome.lines[0]
    title = (
        f"{bundle.manifest.name} on {outcome.label}: {outcome.verdict.word}; "
        f"{first.images} images of {dataset}{_hollow(outcome)}"
    )
    rows = tuple(_cells(line, kind, outcome) for line in outcome.lines)
    said = (*_savings(outcome), *_classic(outcome), *_agreement(outcome))
    notes = (*said, *_shift(outcome, bundle), *_verdict(outcome), *_notes())
    return Table(
        title=title,
        columns=COLUMNS,
        rows=rows,
        words=1,
        notes=notes,
        kind="bench",
        more=MORE,
    )


def _hollow(outcome: Outcome) -> str:
    """In the title, that the rung which savings are against guesses already."""
    line = dearest(outcome.lines)
    return f". HOLLOW: {line.name} itself is {line.hollow}" if line.hollow else ""


def draw_latency(outcomes: Sequence[Outcome], folder: Path) -> list[Path]:
    """Top-1 with 95 % intervals against the mean latency of an image."""
    figure = Figure(figsize=(7.0, 4.2), layout="constrained")
    axes = figure.add_subplot()
    for number, outcome in enumerate(outcomes):
        colour = f"C{number}"
        for line in outcome.lines:
            chosen = line.name == SELECTOR
            axes.errorbar(
                line.mean_us / 1e3,
                100 * line.top1,
                yerr=[[100 * (line.top1 - line.top1_low)],
                      [100 * (line.top1_high - line.top1)]],
                fmt="*" if chosen else "o",
                markersize=12 if chosen else 5,
                capsize=3,
                color=colour,
                label=outcome.label if chosen else None,
            )  # fmt: skip
            axes.annotate(line.name, (line.mean_us / 1e3, 100 * line.top1), fontsize=7)
    axes.set_xlabel("mean latency of an image, ms (inference and selector)")
    axes.set_ylabel("top-1, %")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    return save(figure, folder, "accuracy_latency")


def _cells(line: Line, kind: str, outcome: Outcome) -> tuple[str, ...]:
    share = outcome.shares.get(line.name)
    return (
        f"selector ({kind})" if line.name == SELECTOR else line.name,
        f"{100 * line.top1:.2f} "
        f"({100 * line.top1_low:.1f}..{100 * line.top1_high:.1f})",
        f"{line.macs / 1e6:,.2f}",
        f"{line.mean_us / 1e3:.3f}",
        f"{line.p50_us / 1e3:.3f}",
        f"{line.p90_us / 1e3:.3f}",
        f"{line.selector_us / 1e3:.4f}",
        f"{line.load_ms:.1f}",
        f"{line.peak_kb / 1024:.1f}",
        "" if share is None or line.name == SELECTOR else f"{100 * share:.1f}",
    )


def _shift(outcome: Outcome, bundle: Bundle) -> list[str]:
    """Whether these pictures stop at the rungs as those did that the plan rests on."""
    plan = bundle.manifest.measured.get("plan")
    ladder = bundle.selector.ladder
    if not isinstance(plan, dict) or len(plan.get("certified_stops") or ()) != len(
        ladder
    ):
        return []
    stops = [int(count) for count in plan["certified_stops"]]
    images = outcome.lines[0].images
    new = [round(outcome.shares[rung] * images) for rung in ladder]
    return [verdict(shares(ladder, stops, sum(stops), new, images))]


def _savings(outcome: Outcome) -> list[str]:
    saved = outcome.savings
    return [
        f"Saved against {saved.reference}: {saved.predicted:.1f} % predicted from "
        f"MACs, {saved.measured:.1f} % measured in mean latency."
    ]


def _classic(outcome: Outcome) -> list[str]:
    ours = {line.name: line.mean_us for line in outcome.lines}
    return [
        f"Classic benchmark_model on random input: {rung} "
        f"{timings.inference_us / 1e3:.3f} ms, ours {ours[rung] / 1e3:.3f} ms on "
        f"pictures (ratio {ours[rung] / timings.inference_us:.3f})."
        for rung, timings in outcome.classic.items()
    ]


def _agreement(outcome: Outcome) -> list[str]:
    agreed = outcome.agreement
    equal = agreed.images - len(agreed.differing)
    notes = [
        f"Decisions equal to the selector's replay on the device's own scores: {equal} "
        f"of {agreed.images} images ({agreed.items} runs)."
    ]
    notes += named("Decided otherwise", agreed.differing, "replay")
    apart = [kernel for kernel in outcome.kernels if kernel.largest > 0]
    if not apart:
        notes.append("Scores equal this machine's interpreter to the last bit.")
    for kernel in apart:
        notes.append(
            f"Kernels differ: {kernel.rung}: scores by at most {kernel.largest:.2g}; "
            f"the same class for {kernel.top1_equal} of {kernel.images} images."
        )
    notes += named("Moved by kernels", outcome.moved, "this machine")
    return notes


def named(what: str, decisions: Sequence[Decision], other: str) -> list[str]:
    shown = [
        f"{what}: {decision.id}: {decision.device}; {other}: {decision.replay}."
        for decision in decisions[:LISTED]
    ]
    more = len(decisions) - len(shown)
    return [*shown, f"{what}: and {more} more."] if more else shown


def _verdict(outcome: Outcome) -> list[str]:
    said = outcome.verdict
    return [
        f"{said.word}.",
        *(f"Reason: {reason}." for reason in said.reasons),
        *(f"Note: {note}." for note in said.notes),
    ]


def _notes() -> tuple[str, ...]:
    return (
        "Latency is inference and selector, without decoding, resizing and copying the "
        "picture in; 1 MAC = 2 FLOPs. Intervals: Wilson, 95 %. Peak memory: of the "
        "whole runner with the files of that pass; a file of several rungs is loaded "
        "whole for each.",
    )
