"""An in-app bench -> a row, and a table that puts it beside benches over adb."""

from pathlib import Path

from android_bench.imported import Imported
from android_bench.summary import Line
from convert.bundle import Bundle
from convert.manifest import MANIFEST_FILE
from datasets.files import file_sha256
from datasets.user_files import UserFile
from reports.bench_table import named, what
from reports.rows import Row
from reports.table import Table

COLUMNS = (
    "run by", "top-1 % (95 %)", "MMACs", "mean ms", "p50 ms", "p90 ms", "selector ms",
    "load ms", "peak MB", "decode ms", "resize ms", "whole p50 ms",
)  # fmt: skip
MORE = ("selector ms", "load ms", "peak MB", "decode ms", "resize ms")


def app_row(
    judged: Imported, bundle: Bundle, dataset: tuple[str, str], command: str
) -> Row:
    """The selector, as the app ran it.

    Args:
        dataset: its name and split.
    """
    line = judged.line
    dearest = bundle.manifest.rungs[-1].macs
    return Row(
        **what(None, bundle),
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
        device=f"{judged.label}, {judged.engine}, {judged.verdict.word}",
        command=command,
    )


def app_table(judged: Imported, bundle: Bundle, dataset: str, bench: Path) -> Table:
    """The app first, then what was benched over adb with the same bundle.

    Args:
        bench: bench.json of `reswise bench` in the same run folder; may not be there.
    """
    title = (
        f"{bundle.manifest.name} on {judged.label}: {judged.verdict.word}; "
        f"{judged.line.images} images of {dataset}"
    )
    if judged.line.hollow:
        title += f". HOLLOW: the app itself is {judged.line.hollow}"
    own = (judged.decode_ms, judged.prepare_ms, judged.whole_p50_ms)
    rows = [_cells("app", judged.line, tuple(f"{value:.3f}" for value in own))]
    for label, line in _over_adb(bench, bundle):
        rows.append(_cells(f"adb: {label}", line, ("", "", "")))
    notes = (*_agreement(judged), *_shares(judged), *_verdict(judged), *_NOTES)
    return Table(
        title=title,
        columns=COLUMNS,
        rows=tuple(rows),
        words=1,
        notes=notes,
        kind="bench",
        more=MORE,
    )


_NOTES = (
    "mean, p50 and p90 are inference and selector, as over adb; decode, resize "
    "(with normalisation) and whole are the app's alone. 1 MAC = 2 FLOPs. Intervals: "
    "Wilson, 95 %. Peak memory: of the whole app.",
)


def _cells(name: str, line: Line, own: tuple[str, ...]) -> tuple[str, ...]:
    return (
        name,
        f"{100 * line.top1:.2f} "
        f"({100 * line.top1_low:.1f}..{100 * line.top1_high:.1f})",
        f"{line.macs / 1e6:,.2f}",
        f"{line.mean_us / 1e3:.3f}",
        f"{line.p50_us / 1e3:.3f}",
        f"{line.p90_us / 1e3:.3f}",
        f"{line.selector_us / 1e3:.4f}",
        f"{line.load_ms:.1f}",
        f"{line.peak_kb / 1024:.1f}",
        *own,
    )


def _over_adb(bench: Path, bundle: Bundle) -> list[tuple[str, Line]]:
    """The selector's lines of a bench with this very bundle; else none."""
    try:
        facts = UserFile(bench).object()
        if facts["manifest_sha256"] != file_sha256(bundle.folder / MANIFEST_FILE):
            return []
        return [
            (f"{machine['label']}, {'VALID' if machine['valid'] else 'INVALID'}",
             Line(**machine["lines"][0]))
            for machine in facts["machines"]
        ]  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return []


def _agreement(judged: Imported) -> list[str]:
    agreed = judged.agreement
    equal = agreed.images - len(agreed.differing)
    said = [
        f"Decisions equal to the selector's replay on this machine's scores: {equal} "
        f"of {agreed.images} images ({agreed.items} runs)."
    ]
    if agreed.differing:
        said.append(
            "A decoder, a resize or kernels that differ from this machine's can move "
            "an image; bench the same bundle over adb to tell them apart."
        )
    return [*said, *named("Decided otherwise", agreed.differing, "replay")]


def _shares(judged: Imported) -> list[str]:
    ended = (f"{rung} {100 * part:.1f} %" for rung, part in judged.shares.items())
    said = [f"Images ended at: {', '.join(ended)}. Engine: {judged.engine}."]
    if judged.missing:
        said.append(f"{judged.missing} images of the data set were not run.")
    if judged.unreadable:
        said.append(f"{len(judged.unreadable)} pictures could not be read by the app.")
    return said


def _verdict(judged: Imported) -> list[str]:
    said = judged.verdict
    return [
        f"{said.word}.",
        *(f"Reason: {reason}." for reason in said.reasons),
        *(f"Note: {note}." for note in said.notes),
    ]
