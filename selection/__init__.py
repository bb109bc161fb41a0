"""Scores -> a choice: which rung answers which image, at what cost, with what promise.

numpy alone applies a selector; scipy certifies; scikit-learn fits. No framework.
For scripts, `plan`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keras_models.scoring.score_records import StoredRung
    from selection.plans.planned import Planned


def plan(
    rungs: "Mapping[str, StoredRung]",
    reference: str,
    max_drop_points: float = 1.0,
    confidence: float = 0.95,
    *,
    ways: Sequence[str] = ("top1", "top1-mean", "margin", "margin-mean"),
    longest: int = 3,
    calibration_part: float = 0.5,
    seed: int = 0,
) -> "Planned":
    """The cheapest plan whose true drop is certified, judged on images left aside.

    Args:
        rungs: what `keras_models.sweep` returned, of one or several models over the
            same images.
        reference: the rung that the drop is measured against.
        max_drop_points: largest true drop in accuracy.
        confidence: of the certificate.
        ways: how ladders are climbed, as `reswise plan --ways`.
        longest: rungs of a ladder, 2 or 3.
        calibration_part: of the images that search and certify; the rest judges.
    Returns:
        The plan and its verdict; `certified` is False where the images are too few,
        and `plan.certificate.sentence()` says how many it takes.
    Raises:
        datasets.errors.InputError: rungs of different images, limits out of range.
    """
    from selection.plans.planned import planned
    from selection.plans.request import Request

    request = Request(
        reference=reference,
        max_drop_points=max_drop_points,
        confidence=confidence,
        ways=tuple(ways),
        longest=longest,
        seed=seed,
    )
    return planned(rungs, request, calibration_part)
