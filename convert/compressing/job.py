"""A whole ablation: the grid, the cascades over the resolutions, the verdict."""

from collections.abc import Sequence
from dataclasses import replace

from convert.compressing.cascades import climbs_of
from convert.compressing.grid import Grid, Refused
from convert.compressing.outcome import Outcome, outcome_of
from convert.compressing.variant import Setting, Variant
from datasets.dataset import Dataset
from datasets.errors import DataError
from keras_models.compression.recipes import (
    FLOAT,
    PARENT,
    Compression,
    cheap_first,
)
from keras_models.scoring.scores import ScoreStore
from keras_models.scoring.sweeping import check_unreadable
from selection.plans.several import Limits


def compress(
    setting: Setting,
    wanted: Sequence[Compression],
    cascade: bool,
    limits: Limits,
    max_unreadable: int = 0,
) -> Outcome:
    """Measures what is not there yet, cheap and informative variants first; certifies.

    Args:
        cascade: also climbs over the parent's resolutions in `wanted`.
    Raises:
        InputError: limits out of range, images without labels, too few of them.
    """
    limits.check()
    _check_images(setting.judged, limits)
    own = setting.source.native
    wanted = [
        replace(asked, resolution=None) if asked.resolution == own else asked
        for asked in wanted
    ]
    grid = Grid(setting)
    measured: list[Variant | Refused] = []
    for variant in grid.measured(cheap_first(wanted)):
        measured.append(variant)
        store = ScoreStore(setting.run)
        check_unreadable(setting.judged, store, max_unreadable)
    variants = [variant for variant in measured if isinstance(variant, Variant)]
    rungs = [variant for variant in variants if _is_rung(variant)]
    reference = f"{setting.source.name}@{own}"
    climbs = climbs_of(grid, rungs, reference, limits) if cascade else []
    return outcome_of(grid, measured, climbs, limits)


def _is_rung(variant: Variant) -> bool:
    """The parent at one of its resolutions, as it is."""
    plain = replace(PARENT, resolution=variant.resolution).text
    return variant.recipe == FLOAT and variant.text in (PARENT.text, plain)


def _check_images(judged: Dataset, limits: Limits) -> None:
    """Before long work begins: labels, and enough images to split."""
    lacking = int((judged.labels < 0).sum())
    if lacking:
        raise DataError.of(
            judged.name,
            f"has {lacking:,} of {len(judged):,} images without a label",
            "one each, as a compressed network is judged by accuracy",
            "Use labelled images.",
        )
    limits.parts(judged.ids)
