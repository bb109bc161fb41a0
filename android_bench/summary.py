"""Passes -> what a report says of each: accuracy, MACs, latency, memory, share."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from android_bench.results import Results
from android_bench.script import LOOK, SELECTOR
from android_bench.session import Measured
from convert.bundle import Bundle
from keras_models.accuracy import no_better_than_chance, wilson


@dataclass(frozen=True, kw_only=True)
class Line:
    """The selector, or one rung for all images."""

    name: str
    images: int
    right: int
    top1: float
    top1_low: float
    top1_high: float
    macs: float  # mean of an image: every rung run, and the selector itself
    mean_us: float
    p50_us: float
    p90_us: float
    selector_us: float  # mean; part of mean_us
    load_ms: float  # of all files of the pass
    first_ms: float  # first inferences of its rungs, together
    peak_kb: int
    items: int  # images run, all rounds counted
    hollow: str = ""  # in words, that its answers are no better than guesses


@dataclass(frozen=True)
class Savings:
    """Of the selector against the dearest rung, in per cent: as MACs say, as timed."""

    reference: str
    predicted: float
    measured: float


def lines(bundle: Bundle, measured: Measured, labels: Sequence[int]) -> list[Line]:
    """The selector first, then the rungs in the bundle's order."""
    macs = {rung.rung: rung.macs for rung in bundle.manifest.rungs}
    ladder = bundle.selector.ladder
    measured_lines = []
    for name, results in measured.passes.items():
        if name == LOOK:
            continue
        rungs = ladder if name == SELECTOR else (name,)
        own = bundle.selector.own_macs if name == SELECTOR else 0
        costs = [macs[rung] for rung in rungs]
        paid = [sum(costs[step] for step in item.rungs) for item in results.items]
        measured_lines.append(
            _line(bundle, name, results, labels, float(np.mean(paid)) + own)
        )
    return measured_lines


def _line(
    bundle: Bundle, name: str, results: Results, labels: Sequence[int], macs: float
) -> Line:
    images = len(labels)
    wanted = np.array(labels) + bundle.class_offset
    answers = results.top1[:images] == wanted
    right = int(answers.sum())
    classes = bundle.manifest.rungs[0].classes
    latency = results.latency_us
    start = results.starts[-1]
    low, high = wilson(right, images)
    return Line(
        name=name,
        images=images,
        right=right,
        top1=right / images,
        top1_low=low,
        top1_high=high,
        macs=macs,
        mean_us=float(latency.mean()),
        p50_us=float(np.percentile(latency, 50)),
        p90_us=float(np.percentile(latency, 90)),
        selector_us=float(results.selector_us.mean()),
        load_ms=sum(file["load_ns"] for file in start["files"]) / 1e6,
        first_ms=sum(start["first_ns"]) / 1e6,
        peak_kb=results.peak_kb or 0,
        items=len(results.items),
        hollow=no_better_than_chance(answers, np.array(labels), classes),
    )


def dearest(found: Sequence[Line]) -> Line:
    """The rung that savings are against; the first line is the selector's."""
    return max(found[1:], key=lambda line: line.macs)


def savings(measured_lines: Sequence[Line]) -> Savings:
    """Predicted from MACs against measured, of the first line over the dearest rung."""
    selector, reference = measured_lines[0], dearest(measured_lines)
    return Savings(
        reference.name,
        100 * (1 - selector.macs / reference.macs),
        100 * (1 - selector.mean_us / reference.mean_us),
    )


def shares(bundle: Bundle, measured: Measured, images: int) -> dict[str, float]:
    """Part of the images that ended at each rung of the ladder."""
    ends = [item.rungs[-1] for item in measured.passes[SELECTOR].items[:images]]
    ladder = bundle.selector.ladder
    return {rung: ends.count(step) / images for step, rung in enumerate(ladder)}
