"""What adaptation gives: adapted on a random half, tested on the labelled other half.

The labels are read here alone, to judge; no adaptation sees them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import keras
import numpy as np

from datasets.dataset import Dataset
from datasets.preprocessing import Preprocessing
from keras_models.adapting import views as adapt_views
from keras_models.adapting.adapt import (
    AdaptSettings,
    Lesson,
    Pixels,
    adapt_together,
    native_scores,
)
from keras_models.adapting.lessons import lessons
from keras_models.pretrained import Pretrained


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One resolution of one split."""

    resolution: int
    accepted: bool
    pictures: int  # adapted on
    tested: int
    native: float  # top-1 of the other half at the native resolution, a fraction
    before: float  # at this one, with the trained tensors
    tuned: float  # with the tuned ones, whether they were accepted or not

    @property
    def after(self) -> float:
        """What a user gets: the trained tensors where the tuned ones were declined."""
        return self.tuned if self.accepted else self.before


def trials(
    source: Pretrained,
    dataset: Dataset,
    groups: Sequence[Sequence[int]],
    preprocessing: Preprocessing,
    settings: AdaptSettings,
    splits: int,
) -> Iterator[Trial]:
    """Adapts on random halves of the images, and counts right answers on the others.

    Args:
        groups: resolutions; those of a group share one set of tensors.
        splits: how many; split i is made by seed settings.seed + i, as is all in it.
    """
    resolutions = [resolution for group in groups for resolution in group]
    for split in range(splits):
        own = replace(settings, seed=settings.seed + split)
        order = np.random.default_rng([own.seed, 1]).permutation(len(dataset))
        half, other = (dataset.take(np.sort(part)) for part in np.array_split(order, 2))
        learnt = lessons(source, half, resolutions, preprocessing, own)
        pixels = adapt_views.plain(other, [source.native, *resolutions], preprocessing)
        judge = _Judge(source.normalisation, other, pixels)
        native = judge.top1(source.model)
        for group in groups:
            models = [source.at(resolution) for resolution in group]
            pairs = [learnt[resolution] for resolution in group]
            yield from _trial(models, pairs, judge, native, own)


@dataclass(frozen=True)
class _Judge:
    """Counts right answers on pictures that no adaptation saw."""

    normalisation: str
    dataset: Dataset
    pixels: Mapping[int, Pixels]  # by resolution

    def top1(self, model: keras.Model) -> float:
        resolution = int(model.inputs[0].shape[1])
        scores = native_scores(model, self.normalisation, self.pixels[resolution])
        return float((scores.argmax(axis=1) == self.dataset.labels).mean())


def _trial(
    models: Sequence[keras.Model],
    pairs: Sequence[tuple[Lesson, Lesson]],
    judge: _Judge,
    native: float,
    settings: AdaptSettings,
) -> list[Trial]:
    before = [judge.top1(model) for model in models]
    outcomes = adapt_together(
        models, judge.normalisation, pairs, settings, keep_declined=True
    )
    return [
        Trial(
            resolution=outcome.resolution,
            accepted=outcome.accepted,
            pictures=outcome.pictures,
            tested=len(judge.dataset),
            native=native,
            before=earlier,
            tuned=judge.top1(model),
        )
        for model, outcome, earlier in zip(models, outcomes, before, strict=True)
    ]
