"""Without labels: how often each rung answers as the native one, and at what cost."""

from collections.abc import Sequence
from dataclasses import dataclass

from keras_models.accuracy import wilson
from keras_models.scoring.score_records import StoredRung
from reports.table import Table


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How often a rung answers as the largest resolution of the same crop."""

    rung: str
    crop: str
    resolution: int
    macs: int
    flops_drop_percent: float
    images: int
    agreement_percent: float
    low: float  # Wilson's 95 % interval, in per cent
    high: float


def agreements(rungs: Sequence[StoredRung]) -> list[Agreement]:
    """One a rung.

    Args:
        rungs: of one model and data set, the native resolution of each crop included.
    """
    native = {}
    for rung in sorted(rungs, key=lambda rung: rung.resolution):
        native[str(rung.meta.preprocessing)] = rung
    return [_agreement(rung, native[str(rung.meta.preprocessing)]) for rung in rungs]


def agreement_table(rungs: Sequence[StoredRung], command: str) -> Table:
    """One row a rung; `agreements` has the arguments."""
    first = rungs[0]
    images, missing = len(first.ids), int((first.labels < 0).sum())
    rows = tuple(map(_row, agreements(rungs)))
    columns = (
        "crop", "resolution", "MMACs", "FLOPs drop %", "agreement % (95 %)",
    )  # fmt: skip
    notes = (
        f"{missing:,} of {images:,} images have no label, so this is agreement with "
        "the native resolution in top-1, and no accuracy: a rung that disagrees may be "
        "right. Intervals: Wilson. `reswise plan` certifies from such images.",
    )
    where = f"{first.meta.dataset} {first.meta.split}"
    title = f"{first.model} on {where}, {images} images"
    return Table(
        title=f"{title}: agreement",
        columns=columns,
        rows=rows,
        words=1,
        notes=notes,
        kind="drop",
        more=("crop",) if len({rung.crop for rung in rungs}) == 1 else (),
        command=command,
    )


def _agreement(rung: StoredRung, native: StoredRung) -> Agreement:
    alike = int((rung.scores.argmax(axis=1) == native.scores.argmax(axis=1)).sum())
    images = len(rung.ids)
    low, high = wilson(alike, images)
    return Agreement(
        rung=rung.rung,
        crop=rung.crop,
        resolution=rung.resolution,
        macs=rung.macs,
        flops_drop_percent=100 * (1 - rung.macs / native.macs),
        images=images,
        agreement_percent=100 * alike / images,
        low=100 * low,
        high=100 * high,
    )


def _row(seen: Agreement) -> tuple[str, ...]:
    return (
        seen.crop,
        str(seen.resolution),
        f"{seen.macs / 1e6:,.2f}",
        f"{seen.flops_drop_percent:.2f}",
        f"{seen.agreement_percent:.2f} ({seen.low:.1f}..{seen.high:.1f})",
    )
