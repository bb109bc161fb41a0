"""Without labels: how often each rung answers as the native one, and at what cost."""

from keras_models.accuracy import wilson
from keras_models.scoring.score_records import StoredRung
from reports.table import Table


def agreement_table(rungs: list[StoredRung], command: str) -> Table:
    """One row a rung; agreement is with the largest resolution of the same crop.

    Args:
        rungs: of one model and data set, the native resolution of each crop included.
    """
    native = {}
    for rung in sorted(rungs, key=lambda rung: rung.resolution):
        native[str(rung.meta.preprocessing)] = rung
    first = rungs[0]
    images, missing = len(first.ids), int((first.labels < 0).sum())
    rows = tuple(_row(rung, native[str(rung.meta.preprocessing)]) for rung in rungs)
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


def _row(rung: StoredRung, native: StoredRung) -> tuple[str, ...]:
    alike = int((rung.scores.argmax(axis=1) == native.scores.argmax(axis=1)).sum())
    images = len(rung.ids)
    low, high = wilson(alike, images)
    return (
        rung.crop,
        str(rung.resolution),
        f"{rung.macs / 1e6:,.2f}",
        f"{100 * (1 - rung.macs / native.macs):.2f}",
        f"{100 * alike / images:.2f} ({100 * low:.1f}..{100 * high:.1f})",
    )
