"""Channel pruning as techniques: `channels`, `channels_l1`, `channels_median`.

1. Channels that are one and the same are found (`trace`), and groups of them.
2. An importance ranks the channels of each group.
3. Channels go where least is lost per multiply-accumulate saved (`allocation`).
4. The graph is built without them, and mended: readers by least squares, biases and
   batch normalisation in one walk (`refitting`); without least squares as every
   technique is (`compression.repair`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from datasets.errors import InputError, ModelError
from keras_models.compression.channels.allocation import Prices, allocated, prices
from keras_models.compression.channels.geometric_median import GeometricMedian
from keras_models.compression.channels.groups import Group, groups
from keras_models.compression.channels.l1 import L1
from keras_models.compression.channels.looking import norm_scales, taken_moments
from keras_models.compression.channels.ranking import Importance, Ranking
from keras_models.compression.channels.reconstruction import Reconstruction
from keras_models.compression.channels.refitting import JUDGING, Pruned, refit
from keras_models.compression.channels.sensitivity import weighted
from keras_models.compression.channels.shrinking import kept, shrunk
from keras_models.compression.channels.trace import Trace, traced
from keras_models.compression.contract import (
    ALL_REPAIRS,
    Float32s,
    Repairs,
    check_strength,
)
from keras_models.compression.repair import Counterpart, repair
from keras_models.graphs.calls import calls
from keras_models.graphs.reapplying import has_graph


@dataclass(frozen=True, kw_only=True)
class _Ranked:
    """A model looked at once, for all strengths."""

    model: keras.Model
    pictures: Float32s
    trace: Trace
    groups: tuple[Group, ...]
    left: tuple[str, ...]  # what is not pruned, and why
    rankings: tuple[Ranking, ...]
    prices: Prices


@dataclass(kw_only=True)
class ChannelPruning:
    """Whole channels go, by one importance."""

    name: str
    what: str
    importance: Callable[[Trace], Importance]
    strength_is: str = "the part of the MACs that is taken away"
    strengths: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5)
    keeps: str = "the filters that are left, before their readers are fitted anew"
    needs_pictures: bool = True
    _last: _Ranked | None = field(default=None, init=False, repr=False)

    def applies(self, model: keras.Model) -> str:
        """Empty, or why no channel of a model can go."""
        if not has_graph(model) or len(model.inputs) != 1:
            return "is not a functional or sequential model of one input"
        able, left = groups(traced(model))
        if able:
            return ""
        return "has no layer that can lose a channel" + (f": {left[0]}" if left else "")

    def apply(
        self,
        model: keras.Model,
        strength: float,
        pictures: Float32s,
        repairs: Repairs = ALL_REPAIRS,
    ) -> keras.Model:
        """The model without the channels that count least; see `contract.Technique`."""
        check_strength(self.name, strength)
        ranked = self._ranked(model, pictures)
        gone, saved = allocated(ranked.prices, ranked.groups, ranked.rankings, strength)
        if saved < strength:
            raise InputError(
                "strength", strength, f"at most {np.floor(1000 * saved) / 1000:g}",
                f"No more of {model.name} can go by {self.name}"
                + (f"; {ranked.left[0]}." if ranked.left else "."),
            )  # fmt: skip
        child = shrunk(model, ranked.trace, gone)
        pruned = Pruned(parent=model, trace=ranked.trace, gone=gone, child=child)
        if repairs.least_squares:
            refit(pruned, pictures, offsets=repairs.bias, norms=repairs.batch_norm)
        else:
            repair(model, child, pictures, repairs, dict(_counterparts(pruned)))
        return child

    def _ranked(self, model: keras.Model, pictures: Float32s) -> _Ranked:
        last = self._last
        if (
            last is None
            or last.model is not model
            or not _same(last.pictures, pictures)
        ):
            self._last = last = self._look(model, pictures)
        return last

    def _look(self, model: keras.Model, pictures: Float32s) -> _Ranked:
        if why := self.applies(model):
            raise ModelError.of(model.name, f"{why}: {self.name} does not apply")
        if not len(pictures):
            raise InputError("pictures", "none", f"at least one for {self.name}")
        trace = traced(model)
        able, left = groups(trace)
        importance = self.importance(trace)
        wanted = able if importance.needs_moments else []
        judging = len(pictures) // JUDGING  # nothing is fitted on these
        seen = pictures[: len(pictures) - judging]
        taken = taken_moments(trace, wanted, seen) if wanted else {}
        rankings = [importance.rank(group, taken) for group in able]
        if taken:
            others = pictures[len(seen) :] if judging else pictures
            rankings = weighted(model, able, rankings, taken, others)
        return _Ranked(
            model=model,
            pictures=pictures,
            trace=trace,
            groups=tuple(able),
            left=left,
            rankings=tuple(rankings),
            prices=prices(model, trace, able),
        )


def _same(known: Float32s, given: Float32s) -> bool:
    return known is given or np.array_equal(known, given)


def _counterparts(pruned: Pruned) -> Iterator[tuple[Any, Counterpart]]:
    """Each layer of the smaller network with the parent's that it stands for."""
    trace = pruned.trace
    for call, other in zip(trace.calls.calls, calls(pruned.child).calls, strict=True):
        if isinstance(call.operation, keras.Layer):
            left = np.flatnonzero(kept(trace, pruned.gone, call.outputs[0]))
            yield other.operation, Counterpart(call.operation, left)


CHANNELS = ChannelPruning(
    name="channels",
    what="whole channels go that the layers after them can make up for best",
    importance=lambda trace: Reconstruction(norm_scales(trace).get),
)
CHANNELS_L1 = ChannelPruning(
    name="channels_l1",
    what="whole channels go whose filters have the smallest L1 norm",
    importance=lambda trace: L1(),  # noqa: ARG005
)
CHANNELS_MEDIAN = ChannelPruning(
    name="channels_median",
    what="whole channels go whose filters are most like the others",
    importance=lambda trace: GeometricMedian(),  # noqa: ARG005
)
