"""What one way of climbing promises at many thresholds at once, label or no label.

Thresholds are quantiles of the confidences seen, so neighbours differ by some images;
what is expected of a pair of thresholds is a sum over images, taken for all pairs by
cumulative sums. Expected losses and wins come from `selection.belief`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from selection.arrays import Float64s, Ints, Scores
from selection.belief import believed
from selection.contract import NEVER, Selector
from selection.plans.search import Climber
from selection.replay import replay, stop_answers
from selection.scored import Scored

_QUANTILES = {2: 64, 3: 24}  # thresholds a rung, by the rungs of the ladder
_LEAST = 0.5  # losses and wins that are always reckoned with, of all images searched


@dataclass(frozen=True, eq=False, kw_only=True)
class Outlook:
    """Expected of one image, at each choice of thresholds; arrays of one shape."""

    lost: Float64s
    won: Float64s
    differ: Float64s
    macs: Float64s
    images: int  # that they are seen on
    family: tuple[str, ...]  # ladder and way
    template: Climber | None = None
    thresholds: tuple[Float64s, ...] = ()  # an axis of the arrays each
    selectors: tuple[Selector, ...] = ()  # in place of template and thresholds

    def selector(self, index: int) -> Selector:
        """That of a flat index."""
        if self.template is None:
            return self.selectors[index]
        axes = np.unravel_index(index, self.macs.shape)
        chosen = zip(self.thresholds, axes, strict=True)
        return self.template.with_thresholds(
            tuple(float(values[at]) for values, at in chosen)
        )

    def power(
        self, images: int, limit: float, confidence: float, alike: bool = False
    ) -> Float64s:
        """Chance that so many other images certify it: a normal approximation.

        The drop itself is uncertain by what was searched on, so a plan that was found
        on few images is trusted less.

        Args:
            alike: by agreement alone, as if every answer that differs were lost.
        """
        lost = (self.differ if alike else self.lost) + _LEAST / self.images
        won = (0 if alike else self.won) + _LEAST / self.images
        drop = lost - won
        spread = np.maximum(lost + won - drop * drop, 1e-12)
        z = float(norm.ppf(confidence))
        bound = drop + z * np.sqrt(images * spread + z * z) / images
        error = np.sqrt(spread / images + spread / self.images)
        return np.asarray(norm.cdf((limit - bound) / error))


def outlook_of(
    template: Climber,
    confidences: Float64s,
    part: Scored,
    reference: Ints,
    beliefs: Scores,
    way: str,
) -> Outlook:
    """Of a ladder climbed in one way, at every choice of the thresholds tried.

    Args:
        confidences: (n, rungs - 1) to search on.
        part: the ladder's rungs alone.
        reference: (n,) answers of the reference rung.
    """
    answers = stop_answers(part, template.answer)
    differ = answers != reference[:, None]
    lost = np.where(differ, believed(beliefs, reference)[:, None], 0.0)
    won = np.where(differ, believed(beliefs, answers), 0.0)
    spent = np.broadcast_to(np.cumsum(part.macs), answers.shape).astype(np.float64)
    axes = tuple(_tried(column, len(part.rungs)) for column in confidences.T)
    places = [
        np.searchsorted(axis, column, side="right")
        for axis, column in zip(axes, confidences.T, strict=True)
    ]
    resolutions = tuple(len(axis) for axis in axes)
    sums = _two if len(axes) == 1 else _three
    expected = [
        sums(places, np.asarray(values, np.float64), resolutions)
        for values in (lost, won, differ, spent)
    ]
    return Outlook(
        lost=expected[0],
        won=expected[1],
        differ=expected[2],
        macs=expected[3] + template.own_macs,
        images=part.images,
        family=(*part.rungs, way),
        template=template,
        thresholds=axes,
    )


def outlook_of_list(
    selectors: Sequence[Selector],
    scored: Scored,
    reference: Ints,
    beliefs: Scores,
    family: tuple[str, ...],
) -> Outlook:
    """Of selectors that are no climb, such as single rungs."""
    sure = believed(beliefs, reference)
    columns: list[list[float]] = []
    for selector in selectors:
        done = replay(selector, scored)
        differ = done.answers != reference
        lost, won = differ * sure, differ * believed(beliefs, done.answers)
        means = (lost.mean(), won.mean(), differ.mean(), done.mean_macs)
        columns.append([float(value) for value in means])
    table = np.array(columns, np.float64).reshape(len(selectors), 4)
    return Outlook(
        lost=table[:, 0],
        won=table[:, 1],
        differ=table[:, 2],
        macs=table[:, 3],
        images=scored.images,
        family=family,
        selectors=tuple(selectors),
    )


def _tried(confidences: Float64s, rungs: int) -> Float64s:
    """Ascending; NEVER is the last."""
    quantiles = np.linspace(0.02, 1, _QUANTILES[rungs])
    values = np.unique(np.quantile(confidences, quantiles, method="higher"))
    return np.append(values, NEVER)


def _two(
    places: list[Ints], values: Float64s, resolutions: tuple[int, ...]
) -> Float64s:
    """An image stops at the first rung where its place is above the threshold's."""
    stop, go = (
        np.bincount(places[0], values[:, rung], resolutions[0] + 1) for rung in range(2)
    )
    stopped = np.cumsum(stop[::-1])[::-1][1:]
    return np.asarray((stopped + np.cumsum(go)[:-1]) / len(values))


def _three(
    places: list[Ints], values: Float64s, resolutions: tuple[int, ...]
) -> Float64s:
    shape = (resolutions[0] + 1, resolutions[1] + 1)
    flat = places[0] * shape[1] + places[1]
    first, second, third = (
        np.bincount(flat, values[:, rung], shape[0] * shape[1]).reshape(shape)
        for rung in range(3)
    )
    at_first = np.cumsum(first.sum(axis=1)[::-1])[::-1][1:, None]
    at_second = np.cumsum(np.cumsum(second, axis=0)[:-1, ::-1], axis=1)[:, ::-1]
    at_third = np.cumsum(np.cumsum(third, axis=0)[:-1], axis=1)
    total = at_first + at_second[:, 1:] + at_third[:, :-1]
    return np.asarray(total / len(values))
