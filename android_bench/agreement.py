"""Whether a device decided as the selector in Python does, image by image.

Two questions, kept apart. Does the runner apply the selector rightly? The selector is
replayed on the device's own scores, which fixed passes kept: every decision must be the
same. Do the device's kernels compute what this machine's do? Scores of both are
compared: on one machine they must be equal, between processors they may differ, and the
images that this moves are listed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from android_bench.results import Results
from android_bench.script import LOOK, SELECTOR
from android_bench.session import Measured
from android_bench.tensors import Float32s
from convert.bundle import Bundle
from selection.arrays import Bools
from selection.contract import Selector
from selection.replay import answers_by_stop
from selection.scored import Scored
from selection.selectors.learned import Learned

LISTED = 20  # images that a report names


@dataclass(frozen=True)
class Decision:
    """One image that was decided in two ways."""

    id: str
    device: str  # mobilenet_v2@96, mobilenet_v2@160 -> class 5
    replay: str


@dataclass(frozen=True)
class Agreement:
    """Decisions of a device against those of a replay over n images."""

    images: int
    items: int  # images run, all rounds counted
    differing: tuple[Decision, ...]

    @property
    def whole(self) -> bool:
        return not self.differing


@dataclass(frozen=True)
class KernelDifference:
    """Scores of one rung on two machines."""

    rung: str
    largest: float  # difference of a score
    top1_equal: int  # images
    images: int


@dataclass(frozen=True, eq=False)
class Replayed:
    """What the selector in Python does on given scores."""

    ladder: tuple[str, ...]
    paid: Bools  # (n, rungs)
    answers: Float32s  # (n, classes)


def replayed(
    bundle: Bundle, scores: Mapping[str, Float32s], ids: tuple[str, ...]
) -> Replayed:
    """Replays the bundle's selector.

    Args:
        scores: rung -> (n, classes), and LOOK -> (n, rungs) for `learned`.
    Raises:
        InputError: scores are no probabilities.
    """
    selector = bundle.selector
    macs = {rung.rung: rung.macs for rung in bundle.manifest.rungs}
    part = Scored(
        rungs=selector.ladder,
        macs=tuple(macs[rung] for rung in selector.ladder),
        scores=tuple(scores[rung] for rung in selector.ladder),
        labels=np.zeros(len(ids), np.int64),  # no label is read
        ids=ids,
    )
    paid = _paid(selector, part, scores)
    last = paid.shape[1] - 1 - paid[:, ::-1].argmax(axis=1)
    by_stop = np.stack(answers_by_stop(part, selector.answer))
    return Replayed(selector.ladder, paid, by_stop[last, np.arange(len(ids))])


def _paid(selector: Selector, part: Scored, scores: Mapping[str, Float32s]) -> Bools:
    if not isinstance(selector, Learned):
        return selector.paid(part)
    # its net ran as a .tflite in float32; only the choice among the chances is replayed
    worth = scores[LOOK].astype(np.float64) - selector.price * np.array(selector.costs)
    places = worth.argmax(axis=1)
    return np.asarray(np.arange(len(selector.ladder))[None, :] == places[:, None])


def agreement(results: Results, replay: Replayed, ids: tuple[str, ...]) -> Agreement:
    """Every item of the selector's pass against the replay."""
    classes = replay.answers.argmax(axis=1)
    differing: dict[int, Decision] = {}
    for item in results.items:
        image = item.item % len(ids)
        climb = tuple(int(step) for step in np.flatnonzero(replay.paid[image]))
        if item.rungs == climb and item.top[0][0] == classes[image]:
            continue
        differing[image] = Decision(
            ids[image],
            _shown(replay.ladder, item.rungs, item.top[0][0]),
            _shown(replay.ladder, climb, int(classes[image])),
        )
    return Agreement(len(ids), len(results.items), tuple(differing.values()))


def between_scores(
    bundle: Bundle,
    device: Mapping[str, Float32s],
    host: Mapping[str, Float32s],
    ids: tuple[str, ...],
) -> tuple[Decision, ...]:
    """Images that the selector decides otherwise on the host's scores."""
    there, here = (replayed(bundle, scores, ids) for scores in (device, host))
    moved = (there.paid != here.paid).any(axis=1)
    moved |= there.answers.argmax(axis=1) != here.answers.argmax(axis=1)
    return tuple(
        Decision(ids[image], _of(there, int(image)), _of(here, int(image)))
        for image in np.flatnonzero(moved)
    )


def kernels(
    device: Mapping[str, Float32s], host: Mapping[str, Float32s]
) -> tuple[KernelDifference, ...]:
    """Per rung, and for the look, how far the scores of two machines lie apart."""
    differences = []
    for rung, there in device.items():
        here = host[rung]
        equal = there.argmax(axis=1) == here.argmax(axis=1)
        largest = float(np.abs(there - here).max())
        differences.append(KernelDifference(rung, largest, int(equal.sum()), len(here)))
    return tuple(differences)


def device_agreement(
    bundle: Bundle, measured: Measured, ids: tuple[str, ...]
) -> Agreement:
    """The selector's pass against the replay on the device's own scores."""
    replay = replayed(bundle, measured.scores, ids)
    return agreement(measured.passes[SELECTOR], replay, ids)


def _of(replay: Replayed, image: int) -> str:
    climb = tuple(int(step) for step in np.flatnonzero(replay.paid[image]))
    return _shown(replay.ladder, climb, int(replay.answers[image].argmax()))


def _shown(ladder: tuple[str, ...], climb: tuple[int, ...], answer: int) -> str:
    return f"{', '.join(ladder[step] for step in climb)} -> class {answer}"
