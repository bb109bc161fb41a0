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

_COLUMNS = (
    "", "top-1 %", "95 %", "MMACs", "mean ms", "p50 ms", "p90 ms", "selector ms",
    "load ms", "peak MB", "decode ms", "resize ms", "whole p50 ms",
)  # fmt: skip


def app_row(
    found: Imported, bundle: Bundle, dataset: tuple[str, str], command: str
) -> Row:
    """The selector, as the app ran it.

    Args:
        dataset: its name and split.
    """
    line = found.line
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
        device=f"{found.label}, {found.engine}, {found.verdict.word}",
        command=command,
    )


def app_table(found: Imported, bundle: Bundle, dataset: str, bench: Path) -> Table:
    """The app first, then what was benched over adb with the same bundle.

    Args:
        bench: bench.json of `reswise bench` in the same run folder; may not be there.
    """
    title = (
        f"{bundle.manifest.name} on {found.label}: {found.verdict.word}; "
        f"{found.line.images} images of {dataset}"
    )
    if found.line.hollow:
        title += f". HOLLOW: the app itself is {found.line.hollow}"
    own = (found.decode_ms, found.prepare_ms, found.whole_p50_ms)
    rows = [_cells("app", found.line, tuple(f"{value:.3f}" for value in own))]
    for label, line in _over_adb(bench, bundle):
        rows.append(_cells(f"adb: {label}", line, ("", "", "")))
    notes = (*_agreement(found), *_shares(found), *_verdict(found), *_NOTES)
    return Table(
        title=title,
        columns=_COLUMNS,
        rows=tuple(rows),
        words=1,
        notes=notes,
        kind="bench",
    )


_NOTES = (
    "mean, p50 and p90 are inference and selector, as over adb; decode, resize "
    "(with normalisation) and whole are the app's alone. 1 MAC = 2 FLOPs. Intervals: "
    "Wilson, 95 %. Peak memory: of the whole app.",
)


def _cells(name: str, line: Line, own: tuple[str, ...]) -> tuple[str, ...]:
    return (
        name,
        f"{100 * line.top1:.2f}",
        f"{100 * line.top1_low:.1f}..{100 * line.top1_high:.1f}",
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
            (f"{one['label']}, {'VALID' if one['valid'] else 'INVALID'}",
             Line(**one["lines"][0]))
            for one in facts["machines"]
        ]  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return []


def _agreement(found: Imported) -> list[str]:
    agreed = found.agreement
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


def _shares(found: Imported) -> list[str]:
    ended = (f"{rung} {100 * part:.1f} %" for rung, part in found.shares.items())
    said = [f"Images ended at: {', '.join(ended)}. Engine: {found.engine}."]
    if found.missing:
        said.append(f"{found.missing} images of the data set were not run.")
    if found.unreadable:
        said.append(f"{len(found.unreadable)} pictures could not be read by the app.")
    return said


def _verdict(found: Imported) -> list[str]:
    said = found.verdict
    return [
        f"{said.word}.",
        *(f"Reason: {reason}." for reason in said.reasons),
        *(f"Note: {note}." for note in said.notes),
    ]
