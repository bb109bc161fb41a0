"""A ladder's exact front on the images that chose, and on those that did not."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from keras_models.scoring.score_records import StoredRung
from selection.arrays import Float64s, Ints
from selection.plans.front import Front
from selection.plans.grid import Grid, evaluate_grid
from selection.plans.naive import stops
from selection.plans.report_cost import report_macs
from selection.plans.search import Climber, front_of, right_by_stop
from selection.scored import Scored


@dataclass(frozen=True, eq=False, kw_only=True)
class SeenFront:
    """The front on calibration images, and what its thresholds do on test images."""

    ladder: tuple[str, ...]
    template: Climber
    front: Front
    grid: Grid
    test_right: Float64s  # (points,) fractions
    test_macs: Float64s
    report_macs: Float64s  # (points,) by equation 2.2 of the cascade report


def seen_front(
    way: str,
    calibration: Scored,
    test: Scored,
    axes: tuple[Float64s, ...],
    rungs: Mapping[str, StoredRung],
) -> SeenFront:
    """The front of a way to climb, on both parts of the images.

    Args:
        calibration, test: the same ladder over different images.
        axes: thresholds of the maps, one array a rung but the last.
        rungs: all that are stored: the report's formula asks for a model's largest.
    """
    template, confidences, front = front_of(way, calibration)
    right = right_by_stop(calibration, template.answer)
    grid = evaluate_grid(axes, confidences, right, calibration.macs, template.own_macs)
    test_right = right_by_stop(test, template.answer)
    unseen = template.confidences(test.scores)
    climbs = np.array(test.macs).cumsum() + template.own_macs
    native, scale = _report_scale(test.rungs, rungs)
    ends = [stops(unseen, thresholds) for thresholds in front.thresholds]
    images = np.arange(test.images)
    return SeenFront(
        ladder=test.rungs,
        template=template,
        front=front,
        grid=grid,
        test_right=np.array([test_right[images, stop].mean() for stop in ends]),
        test_macs=np.array([climbs[stop].mean() for stop in ends]),
        report_macs=np.array([_report(native, scale, stop) for stop in ends]),
    )


def _report_scale(
    names: tuple[str, ...], rungs: Mapping[str, StoredRung]
) -> tuple[list[float], list[float]]:
    """Of each rung's model the MACs at its largest stored resolution, and f_p."""
    native, scale = [], []
    for name in names:
        rung = rungs[name]
        same = [other for other in rungs.values() if other.model == rung.model]
        largest = max(same, key=lambda other: other.resolution)
        native.append(float(largest.macs))
        scale.append(rung.resolution / largest.resolution)
    return native, scale


def _report(native: list[float], scale: list[float], stop: Ints) -> float:
    reach = [float((stop >= place).mean()) for place in range(len(native))]
    return report_macs(native, scale, reach)
