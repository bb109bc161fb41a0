"""A plan's verdict on images that chose nothing, and plans over many splits."""

import numpy as np

from keras_models.accuracy import wilson
from reports.table import Table
from selection.judge import Verdict
from selection.plans.planning import Plan
from selection.plans.repeat import Outcome, Outcomes
from selection.plans.request import Request
from selection.replay import replay
from selection.scored import Scored


def plan_table(plan: Plan, verdict: Verdict | None, test: Scored) -> Table:
    """The plan, the certificate and the verdict, a line a fact."""
    facts, record = plan.selector.to_json(), plan.certificate
    rows = (
        ("selector", str(facts["kind"])),
        ("ladder", ", ".join(plan.selector.ladder)),
        ("answer", str(facts.get("answer", "last"))),
        ("thresholds", _thresholds(facts)),
        ("certified", "yes" if record.certified else "NO"),
        ("certificate", f"{record.images} images, bound "
         f"{record.bound_points:.2f} points at {100 * record.confidence:g} %"),
        ("labels used", f"{record.labels_used} of {record.images} images"),
        *_bounds(plan),
        *(_judged(plan, verdict) if verdict else _agreed(plan, test)),
    )  # fmt: skip
    notes = (
        f"Against {plan.reference}. Searched on {plan.search_images} images among "
        f"{plan.candidates} candidates, certified on {plan.certificate.images} others, "
        "judged once on the test images. Intervals are 95 %. The certificate holds if "
        f"{plan.certificate.assumption}.",
    )
    columns = ("fact", "value")
    return Table(
        title=_title(plan, test),
        columns=columns,
        rows=rows,
        words=2,
        notes=notes,
        kind="plan",
    )


def _title(plan: Plan, test: Scored) -> str:
    warning = plan.certificate.warning
    return f"Plan, {test.images} test images" + (f". {warning}" if warning else "")


def _bounds(plan: Plan) -> list[tuple[str, str]]:
    """At their own level: by rung, and the worst of each group."""
    cells = []
    if plan.halts is not None:
        said = ", ".join(
            f"{part.part} {part.bound_points:.2f} ({part.images} images)"
            for part in plan.halts.parts
        )
        cells.append(("bound by rung", f"{said}; together at "
                      f"{100 * plan.halts.confidence:g} %"))  # fmt: skip
    for group in plan.groups:
        worst = group.worst
        cells.append((f"worst {group.what}", f"{worst.part}: bound "
                      f"{worst.bound_points:.2f} points ({worst.images} images), "
                      f"of {len(group.parts)}"))  # fmt: skip
    return cells


def _judged(plan: Plan, verdict: Verdict) -> list[tuple[str, str]]:
    drop, gain = verdict.drop, verdict.fixed_gain
    shares = ", ".join(
        f"{rung} {100 * share:.1f} %"
        for rung, share in zip(plan.selector.ladder, verdict.shares, strict=True)
    )
    return [
        ("test images", str(verdict.images)),
        ("top-1", f"{100 * verdict.accuracy:.2f} % ({100 * verdict.accuracy_low:.1f}.."
         f"{100 * verdict.accuracy_high:.1f})"),
        ("drop", f"{drop.points:.2f} points ({drop.low:.1f}..{drop.high:.1f}), "
         f"McNemar p {drop.mcnemar_p:.2g}"),
        ("flips", f"{verdict.lost} lost, {verdict.won} won"),
        ("MMACs", f"{verdict.macs / 1e6:,.2f}: {verdict.saved_percent:.2f} % saved"),
        ("ends at", shares),
        ("calibration error", f"{100 * verdict.calibration_error:.2f} %"),
        ("oracle", f"{100 * verdict.oracle_accuracy:.2f} % at "
         f"{verdict.oracle_macs / 1e6:,.2f} MMACs: regret "
         f"{verdict.oracle_regret_points:.2f} points"),
        ("best fixed rung of equal cost", f"{verdict.best_fixed}: "
         f"{-gain.points + 0.0:+.2f} points ({-gain.high:+.1f}..{-gain.low:+.1f}) "
         "better than it"),
    ]  # fmt: skip


def _agreed(plan: Plan, test: Scored) -> list[tuple[str, str]]:
    """Without labels: how often it answers as the reference does, at what cost."""
    done = replay(plan.selector, test)
    column = test.index(plan.reference)
    alike = int((done.answers == test.answers[:, column]).sum())
    low, high = wilson(alike, test.images)
    saved = 100 * (1 - done.mean_macs / test.macs[column])
    return [
        ("test images", f"{test.images}, none with a label: agreement, no accuracy"),
        ("agreement", f"{100 * alike / test.images:.2f} % with {plan.reference} "
         f"({100 * low:.1f}..{100 * high:.1f})"),
        ("MMACs", f"{done.mean_macs / 1e6:,.2f}: {saved:.2f} % saved"),
    ]  # fmt: skip


def splits_table(
    outcomes: Outcomes, request: Request, images: int, part: float
) -> Table:
    """Savings and broken limits over the splits, with and without a certificate."""
    limit = request.max_drop_points
    passed = tuple(one for one in outcomes.certified if one.certified)
    rows = (
        _split_row("two-rung cascade, no certificate", outcomes.cascade, limit, ""),
        _split_row("everything searched, no certificate", outcomes.naive, limit, ""),
        _split_row(
            "certified", passed, limit, f"{len(passed)}/{len(outcomes.certified)}"
        ),
        _split_row(
            "certified, or else the reference: 0 saved",
            tuple(_or_reference(one) for one in outcomes.certified),
            limit,
            "",
        ),
    )
    columns = (
        "plan", "certified", "FLOPs drop %: median (least..most)",
        "drop, points: mean (worst)", f"splits over {limit:g} points",
    )  # fmt: skip
    notes = (
        f"{len(outcomes.naive)} random splits of {images} images, {part:g} of each "
        f"choosing, the rest judging. Against {request.reference}; certificates at "
        f"{100 * request.confidence:g} %, {request.search_part:g} of the choosing "
        f"images search, the others certify by {_labels_of(outcomes)} labels (median, "
        "most). A drop measured on the judging images is itself noisy: a true drop "
        "within the limit is often measured above it.",
    )
    title = f"Plans for at most {limit:g} points"
    return Table(
        title=title,
        columns=columns,
        rows=rows,
        words=1,
        notes=notes,
        kind="plan-splits",
    )


def _or_reference(outcome: Outcome) -> Outcome:
    """What a user has who runs the reference wherever nothing was certified."""
    return outcome if outcome.certified else Outcome(False, 0.0, 0.0)


def _labels_of(outcomes: Outcomes) -> str:
    used = [one.labels for one in outcomes.certified]
    return f"{np.median(used):.0f}, {max(used)}"


def _split_row(
    name: str, outcomes: tuple[Outcome, ...], limit: float, certified: str
) -> tuple[str, ...]:
    if not outcomes:
        return (name, certified, *["none"] * 3)
    saved = np.array([one.saved_percent for one in outcomes])
    drops = np.array([one.drop_points for one in outcomes])
    return (
        name,
        certified,
        f"{np.median(saved):.1f} ({saved.min():.1f}..{saved.max():.1f})",
        f"{drops.mean():.2f} ({drops.max():.2f})",
        f"{int((drops > limit + 1e-9).sum())}/{len(outcomes)}",
    )


def _thresholds(facts: dict[str, object]) -> str:
    values = facts.get("thresholds", ())
    return ", ".join(f"{value:.6g}" for value in values) or "none"  # type: ignore[attr-defined]
