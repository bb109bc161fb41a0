"""Selectors side by side: rows, the table for reading, and the spread of `random`."""

from dataclasses import dataclass

import numpy as np

from keras_models.accuracy import correct, paired_drop
from keras_models.scoring.score_records import RungMeta
from reports.rows import Row
from reports.table import Table
from selection.contract import Selector
from selection.hashing import id_hashes
from selection.judge import Verdict
from selection.plans.planning import hollow
from selection.replay import replay
from selection.scored import Scored
from selection.selectors.random_choice import RandomChoice

_BASE = "cascade"  # what the others are compared with, image by image


@dataclass(frozen=True)
class Judged:
    """One selector and its verdict; budget is the mean MACs it was tuned to."""

    name: str
    selector: Selector
    verdict: Verdict
    budget: float | None


def judged_rows(
    judged: list[Judged], scored: Scored, reference: str, meta: RungMeta, command: str
) -> list[Row]:
    """One row a selector, drops against the reference rung."""
    return [
        Row(
            model=_models(selected.selector.ladder),
            weights=meta.weights,
            dataset=meta.dataset,
            split=meta.split,
            crop=str(meta.preprocessing["crop"]),
            interpolation=str(meta.preprocessing["interpolation"]),
            recipe=meta.recipe,
            selector=selected.name,
            ladder=",".join(selected.selector.ladder),
            images=scored.images,
            top1=selected.verdict.accuracy,
            top5=selected.verdict.top5,
            top1_low=selected.verdict.accuracy_low,
            top1_high=selected.verdict.accuracy_high,
            drop_points=selected.verdict.drop.points,
            drop_low=selected.verdict.drop.low,
            drop_high=selected.verdict.drop.high,
            mcnemar_p=selected.verdict.drop.mcnemar_p,
            macs=selected.verdict.macs,
            flops_drop_percent=selected.verdict.saved_percent,
            device=f"replayed from stored scores against {reference}",
            command=command,
        )
        for selected in judged
    ]


def judged_table(judged: list[Judged], scored: Scored, reference: str) -> Table:
    """The verdicts; where a cascade is among them, gains over it with intervals."""
    base = next((one for one in judged if one.name == _BASE), None)
    budget = judged[0].budget
    within = "" if budget is None else f", tuned to {budget / 1e6:,.2f} MMACs"
    columns = (
        "selector", "ladder", "top-1 % (95 %)", "MMACs", "FLOPs drop %",
        "drop, points (95 %)", "lost/won", "regret, points", "best fixed, points",
        "gain on cascade, points (95 %)", "ECE %",
    )  # fmt: skip
    notes = (
        f"{scored.images} images that chose nothing. Drops are against {reference}, "
        "positive means worse. MACs are means of one image and include every rung run "
        "and the selector. Regret: below the oracle. Best fixed: against the most "
        "accurate rung that costs no more, positive means better. 95 % intervals: "
        "Wilson for top-1, paired (Bonett-Price) for differences. ECE: expected "
        "calibration error, 15 bins.",
        *filter(None, map(_over_budget, judged)),
    )
    rows = tuple(_cells(one, base, scored) for one in judged)
    right = scored.right[:, scored.index(reference)]
    said = hollow(right, scored, reference)
    title = f"Selectors{within}" + (f". {said}" if said else "")
    return Table(
        title=title,
        columns=columns,
        rows=rows,
        words=2,
        notes=notes,
        kind="selectors",
        more=columns[6:],
    )


def _over_budget(own: Judged) -> str:
    """What it costs here, where that is more than it was tuned to; else nothing."""
    if own.budget is None or own.verdict.macs <= own.budget:
        return ""
    return over_budget(own.name, own.verdict.macs, own.budget)


def over_budget(name: str, macs: float, budget: float) -> str:
    """The remark on a budget that held where it was chosen, and not on these images."""
    return (
        f"{name} costs {macs / 1e6:,.2f} MMACs on these images, "
        f"{100 * (macs / budget - 1):.1f} % more than --max-macs allows "
        f"({budget / 1e6:,.2f}): the budget held on the images that chose it."
    )


def spread_table(
    judged: list[Judged], scored: Scored, reference: str, repeats: int
) -> Table:
    """The random selector drawn again and again, as thesis table 6."""
    (drawing,) = (drawing for drawing in judged if drawing.name == "random")
    drawn = drawing.selector
    if not isinstance(drawn, RandomChoice):
        raise TypeError("the selector named random is none")
    part = scored.ladder(drawn.ladder)
    macs, hashes = np.array(part.macs), id_hashes(part.ids)
    native = scored.macs[scored.index(reference)]
    fifth = np.stack([correct(scores, part.labels, k=5) for scores in part.scores], 1)
    accuracy, top5, saved = [], [], []
    for repeat in range(repeats):
        again = RandomChoice(drawn.ladder, drawn.weights, drawn.seed + repeat)
        paid = again.paid_by_hash(hashes)
        accuracy.append(100 * (part.right & paid).any(axis=1).mean())
        top5.append(100 * (fifth & paid).any(axis=1).mean())
        saved.append(100 * (1 - (paid @ macs).mean() / native))
    rows = (
        ("top-1 %", *_spread(accuracy)),
        *([("top-5 %", *_spread(top5))] if scored.scores[0].shape[1] > 5 else []),
        ("FLOPs drop %", *_spread(saved)),
    )
    weights = np.array(drawn.weights) / sum(drawn.weights)
    expected = 100 * (1 - weights @ macs / native)
    note = "Weights: " + ", ".join(
        f"{rung} {weight:.3f}"
        for rung, weight in zip(drawn.ladder, weights, strict=True)
    )
    notes = (note, f"Expected FLOPs drop of these weights: {expected:.3f} %.")
    title = f"random, {repeats} draws over {scored.images} images"
    return Table(
        title=title,
        columns=("over the draws", "mean", "sd", "max", "min"),
        rows=rows,
        words=1,
        notes=notes,
        kind="random-draws",
    )


def _spread(values: list[float]) -> tuple[str, ...]:
    array = np.array(values)
    deviation = array.std(ddof=1) if array.size > 1 else 0.0
    return tuple(
        f"{value:.2f}" for value in (array.mean(), deviation, array.max(), array.min())
    )


def _cells(own: Judged, base: Judged | None, scored: Scored) -> tuple[str, ...]:
    said = own.verdict
    gain = ""
    if base is not None and base is not own:
        other = replay(base.selector, scored).right
        drop = paired_drop(other, replay(own.selector, scored).right)
        ends = f"{-drop.high + 0.0:+.2f}..{-drop.low + 0.0:+.2f}"
        gain = f"{-drop.points + 0.0:+.2f} ({ends})"
    return (
        own.name,
        _ladder(own.selector.ladder, scored),
        f"{100 * said.accuracy:.2f} "
        f"({100 * said.accuracy_low:.1f}..{100 * said.accuracy_high:.1f})",
        f"{said.macs / 1e6:,.2f}",
        f"{said.saved_percent:.2f}",
        f"{said.drop.points:.2f} ({said.drop.low:.1f}..{said.drop.high:.1f})",
        f"{said.lost}/{said.won}",
        f"{said.oracle_regret_points:.2f}",
        f"{-said.fixed_gain.points + 0.0:+.2f}",
        gain,
        f"{100 * said.calibration_error:.1f}",
    )


def _ladder(ladder: tuple[str, ...], scored: Scored) -> str:
    if len(ladder) > 3 and ladder == scored.rungs:
        return f"all {len(ladder)} rungs"
    return ", ".join(ladder)


def _models(ladder: tuple[str, ...]) -> str:
    return ",".join(dict.fromkeys(rung.split("@")[0] for rung in ladder))
