"""What a grid found: variants and cascades beside the parent, and certificates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from convert.compressing.cascades import Climb
from convert.compressing.grid import Grid, Refused, group_of
from convert.compressing.variant import Variant
from datasets.errors import InputError
from keras_models.accuracy import no_better_than_chance
from keras_models.compression.recipes import PARENT
from selection.arrays import Bools, Ints, Json
from selection.plans.several import (
    Candidate,
    Limits,
    Several,
    Tested,
    certify_several,
)
from selection.scored import check_labelled

COSTS = ("bytes", "MACs", "latency")  # what the cheapest is asked by
_LEAST = (0.01, 0.0, 0.05)  # a smaller gain is none: a header, or noise


@dataclass(frozen=True, eq=False, kw_only=True)
class Entry:
    """One row: a variant, or a cascade over resolutions of the parent."""

    text: str
    group: str
    answers: Ints  # (n,) of the judged images
    macs: float
    parameters: int
    nonzero: int
    paper_macs: float
    size_bytes: int
    zipped_bytes: int
    latency_us: float  # the parent's over all sittings, times the ratio in its own
    relative_latency: float
    relative_high: float  # upper end of its 95 % interval
    variant: Variant | None = None
    selector: Json | None = None  # of a cascade

    def right(self, labels: Ints) -> Bools:
        return np.asarray(self.answers == labels)


@dataclass(frozen=True, eq=False, kw_only=True)
class Outcome:
    """All of it."""

    parent: Entry
    entries: tuple[Entry, ...]  # without the parent
    refused: tuple[Refused, ...]
    several: Several
    labels: Ints
    hollow: str  # in words, that the parent only guesses; empty: it does not

    def tested(self, entry: Entry) -> Tested:
        """What became of an entry."""
        return self.several.tested[self.entries.index(entry)]

    def cheapest(self, cost: int) -> Entry | None:
        """The certified entry that costs least; None: none is cheaper and certified."""
        return self._entry(self.several.cheapest(cost))

    def nearest(self, cost: int) -> Entry | None:
        """A still cheaper one that so many more images would certify."""
        return self._entry(self.several.nearest(cost))

    def _entry(self, tested: Tested | None) -> Entry | None:
        if tested is None:
            return None
        return self.entries[self.several.tested.index(tested)]


def entry_of(grid: Grid, variant: Variant, parent_us: float) -> Entry:
    """A measured variant with its answers.

    Args:
        parent_us: the parent's latency, over all sittings: what others ran beside one
            of them shows in both of its files, so only ratios are of the sitting.
    """
    return Entry(
        text=variant.text,
        group=variant.group,
        answers=grid.scores(variant).scores.argmax(axis=1),
        macs=variant.macs,
        parameters=variant.parameters,
        nonzero=variant.nonzero,
        paper_macs=variant.paper_macs,
        size_bytes=variant.size_bytes,
        zipped_bytes=variant.zipped_bytes,
        latency_us=variant.relative_latency * parent_us,
        relative_latency=variant.relative_latency,
        relative_high=variant.relative_high,
        variant=variant,
    )


def entry_of_climb(climb: Climb, parent: Entry) -> Entry:
    """A cascade: it stores the parent's weights once."""
    value, _, high = climb.relative_latency
    return Entry(
        text=climb.text,
        group="cascade",
        answers=climb.answers,
        macs=climb.macs,
        parameters=parent.parameters,
        nonzero=parent.nonzero,
        paper_macs=climb.macs,
        size_bytes=climb.size_bytes,
        zipped_bytes=climb.zipped_bytes,
        latency_us=value * parent.latency_us,
        relative_latency=value,
        relative_high=high,
        selector=climb.selector.to_json(),
    )


def outcome_of(
    grid: Grid,
    measured: Sequence[Variant | Refused],
    climbs: Sequence[Climb],
    limits: Limits,
) -> Outcome:
    """Certifies all that was measured.

    Args:
        measured: what `Grid.measured` gave, the parent among it.
    Raises:
        InputError: images without labels, too few of them, limits out of range.
    """
    variants = [one for one in measured if isinstance(one, Variant)]
    own = next((one for one in variants if one.group == group_of(PARENT)), None)
    if own is None:
        raise InputError("measured", "", "the parent among the variants")
    stored = grid.scores(own)
    check_labelled(stored.labels, "a certificate of a compressed network")
    parent_us = float(np.median([one.parent_us for one in variants]))
    parent = entry_of(grid, own, parent_us)
    entries = [entry_of(grid, one, parent_us) for one in variants if one is not own]
    entries += [entry_of_climb(climb, parent) for climb in climbs]
    right = parent.right(stored.labels)
    return Outcome(
        parent=parent,
        entries=tuple(entries),
        refused=tuple(one for one in measured if isinstance(one, Refused)),
        several=certify_several(
            [_candidate(one, parent) for one in entries],
            parent.answers,
            stored.labels,
            stored.ids,
            limits,
        ),
        labels=stored.labels,
        hollow=no_better_than_chance(right, stored.labels, stored.scores.shape[1]),
    )


def _candidate(entry: Entry, parent: Entry) -> Candidate:
    """Its costs; a gain that is too small, or within noise, is none."""
    parts = (
        entry.size_bytes / parent.size_bytes,
        entry.macs / max(parent.macs, 1),
        entry.relative_latency,
    )
    surely = (*parts[:2], entry.relative_high)
    costs = tuple(
        part if sure < 1 - least else max(part, 1.0)
        for part, sure, least in zip(parts, surely, _LEAST, strict=True)
    )
    return Candidate(name=entry.text, answers=entry.answers, costs=costs)
