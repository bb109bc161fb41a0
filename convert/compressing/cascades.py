"""Cascades over the parent's resolutions, as entries beside the compressed networks.

Thresholds are searched on the images that search (selection/plans); what they cost is
the mean over all judged images of the rungs that each image pays for. Which of them are
certified is decided together with all other variants.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from convert.compressing.grid import Grid
from convert.compressing.variant import Variant
from convert.rung_files import read_part
from convert.shared_weights import merged
from keras_models.compression.recipes import Compression
from selection.arrays import Ints
from selection.contract import Selector
from selection.plans.order import order_of_tests
from selection.plans.request import Request
from selection.plans.searching import outlooks
from selection.plans.several import Limits
from selection.replay import replay
from selection.scored import Scored, from_stored
from selection.split import split

_MOST = 4  # cascades of a table
_ZIP_LEVEL = 6


@dataclass(frozen=True, eq=False, kw_only=True)
class Climb:
    """One cascade over the judged images."""

    text: str
    selector: Selector
    answers: Ints  # (n,)
    macs: float  # mean of an image
    size_bytes: int  # of one file of its rungs, weights shared
    zipped_bytes: int
    relative_latency: tuple[float, float, float]  # mean, of the parent's; 95 %


def climbs_of(
    grid: Grid,
    rungs: Sequence[Variant],
    reference: str,
    limits: Limits,
) -> list[Climb]:
    """The cascades that are worth a test; none where there is one resolution alone.

    Args:
        rungs: the parent at its resolutions, in float32, its own among them.
        reference: the rung of its own resolution.
    Raises:
        InputError: limits out of range, too few images.
    """
    if len(rungs) < 2:
        return []
    whole = from_stored({one.rung: grid.scores(one) for one in rungs})
    searching, certifying = split(whole, limits.search_part, limits.seed)
    request = Request(
        reference=reference,
        max_drop_points=limits.max_drop_points,
        confidence=limits.confidence,
        search_part=limits.search_part,
        seed=limits.seed,
    )
    steps = order_of_tests(
        outlooks(searching, request, certifying.images),
        reference,
        whole.macs[whole.index(reference)],
        certifying.images,
        limits.max_drop_points / 100,
        limits.confidence,
    )
    selectors = [step.selector for step in steps if len(step.selector.ladder) > 1]
    last = len(selectors) - 1
    places = sorted({*np.linspace(0, last, _MOST).astype(int).tolist()})
    by_name = {rung.rung: rung for rung in rungs}
    chosen = [selectors[place] for place in places if selectors]
    return [_climb(grid, selector, whole, by_name) for selector in chosen]


def _climb(
    grid: Grid, selector: Selector, whole: Scored, rungs: Mapping[str, Variant]
) -> Climb:
    done = replay(selector, whole)
    own = [rungs[name] for name in selector.ladder]
    shares = done.paid.mean(axis=0)
    files = [
        read_part(grid.tflite(Compression(resolution=rung.resolution))) for rung in own
    ]
    content = merged(files)
    each = [(one.relative_latency, one.relative_low, one.relative_high) for one in own]
    value, low, high = (float(column) for column in shares @ np.array(each))
    return Climb(
        text=_text(selector, own),
        selector=selector,
        answers=done.answers,
        macs=done.mean_macs,
        size_bytes=len(content),
        zipped_bytes=len(zlib.compress(content, _ZIP_LEVEL)),
        relative_latency=(value, low, high),
    )


def _text(selector: Selector, rungs: Sequence[Variant]) -> str:
    """cascade:160>224 (top1 0.61): the climb, and what ends it at each rung."""
    facts = selector.to_json()
    climb = ">".join(str(one.resolution) for one in rungs)
    values = facts.get("thresholds", ())
    told = " ".join(f"{value:.3g}" for value in values)  # type: ignore[attr-defined]
    answer = "-mean" if selector.answer == "mean" else ""
    return f"cascade:{climb} ({facts.get('confidence', facts['kind'])}{answer} {told})"
