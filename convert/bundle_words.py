"""A bundle in words, for people: its sum, its selector, its certificate."""

from dataclasses import fields

from convert.bundle import Bundle
from convert.manifest import Json
from selection.contract import MEAN, NEVER, Selector
from selection.selectors.cascade import Cascade
from selection.selectors.deferral import Deferral
from selection.selectors.fixed import Fixed
from selection.selectors.learned import Learned
from selection.selectors.random_choice import RandomChoice
from selection.selectors.rules import Linear


def summary(bundle: Bundle) -> str:
    """One line: format, rungs, files, bytes."""
    manifest = bundle.manifest
    rungs, files = len(manifest.rungs), len(manifest.files)
    return (
        f"format {manifest.format}, {rungs} rung{'s' * (rungs > 1)}, {files} "
        f"file{'s' * (files > 1)}, {bundle.size_bytes / 1e6:,.2f} MB, selector "
        f"{manifest.selector['kind']}"
    )


def notes(bundle: Bundle) -> tuple[str, ...]:
    """The selector in words, what sharing saves, the certificate: a line each."""
    measured = bundle.manifest.measured
    lines = [f"Selector: {selector_words(bundle.selector)}", *_sizes(bundle)]
    if bundle.class_offset:
        lines.append(
            f"Class 0 of a data set is the model's class {bundle.class_offset}."
        )
    if isinstance(imported := measured.get("imported"), dict):
        lines += _of_import(imported)
    lines += remarks_of(measured.get("remarks"))
    plan = measured.get("plan")
    if isinstance(plan, dict) and (said := _certificate(plan.get("certificate"))):
        lines.append(said)
    return tuple(lines)


def remarks_of(facts: object) -> list[str]:
    """What was found out or assumed of the models that were converted."""
    if not isinstance(facts, dict):
        return []
    return [
        f"{str(model)[:80]}: {str(remark)[:400]}."
        for model, said in list(facts.items())[:20]
        for remark in (said[:20] if isinstance(said, list) else [])
    ]


def _of_import(imported: Json) -> list[str]:
    remarks = imported.get("remarks")
    lines = (
        [str(one)[:400] for one in remarks[:20]] if isinstance(remarks, list) else []
    )
    uncounted = imported.get("uncounted")
    if isinstance(uncounted, list) and uncounted:
        names = ", ".join(str(name)[:40] for name in uncounted[:12])
        lines.append(f"Operations without a formula, not in the MACs: {names}.")
    return lines


def selector_words(selector: Selector) -> str:
    """What the selector does, in a sentence."""
    ladder = selector.ladder
    if isinstance(selector, Fixed):
        return f"fixed: every image runs {selector.rung}."
    if isinstance(selector, RandomChoice):
        total = sum(selector.weights)
        shares = (
            f"{100 * weight / total:.3g} % {rung}"
            for rung, weight in zip(ladder, selector.weights, strict=True)
        )
        return f"random, by the image's id (seed {selector.seed}): {', '.join(shares)}."
    if isinstance(selector, Learned):
        return (
            f"learned: a 48-pixel thumbnail chooses one of {', '.join(ladder)}, at "
            f"price {selector.price:g}."
        )
    if isinstance(selector, Cascade | Deferral):
        return _climb(selector)
    return str(selector.to_json()["kind"])


def _climb(selector: Cascade | Deferral) -> str:
    kind = "cascade" if isinstance(selector, Cascade) else "deferral"
    stops = (
        f"stops after {rung} where {_measure(selector, step)} {_at_least(threshold)}"
        for step, (rung, threshold) in enumerate(
            zip(selector.ladder, selector.thresholds, strict=False)
        )
    )
    answer = "the mean of all run" if selector.answer == MEAN else "the last one run"
    steps = "; ".join(stops) or f"runs {selector.ladder[0]} alone"
    return f"{kind}: {steps}; {selector.ladder[-1]} is the end. Answer: {answer}."


def _at_least(threshold: float) -> str:
    if threshold == NEVER:
        return "is at least 2, which it never is"
    return f"is at least {threshold:.6g}"


def _measure(selector: Cascade | Deferral, step: int) -> str:
    if isinstance(selector, Deferral):
        linear = isinstance(selector.rules[step], Linear)
        return f"the confidence of its {'linear rule' if linear else 'trees'}"
    if selector.temperatures:
        return f"top1 at temperature {selector.temperatures[step]:.4g}"
    return selector.confidence


def _sizes(bundle: Bundle) -> list[str]:
    """What sharing weights saves, where parity measured each rung's own file."""
    apart = _separate_bytes(bundle.manifest.measured)
    if len({rung.file for rung in bundle.manifest.rungs}) >= len(bundle.manifest.rungs):
        return []
    if apart <= 0:
        return []
    saved = 100 - 100 * bundle.size_bytes / apart
    return [
        f"Shared weights: {bundle.size_bytes / 1e6:,.2f} MB; the rungs in files of "
        f"their own take {apart / 1e6:,.2f}: {saved:.1f} % saved."
    ]


def _separate_bytes(measured: Json) -> int:
    """The sizes of the rungs' separate files together; 0: not measured."""
    parity = measured.get("parity")
    rungs = parity.get("rungs") if isinstance(parity, dict) else None
    if not isinstance(rungs, list):
        return 0
    sizes = [one.get("size_bytes") for one in rungs if isinstance(one, dict)]
    return sum(size for size in sizes if type(size) is int)


def _certificate(facts: Json | None) -> str:
    """The certificate's sentence; nothing where it is not whole."""
    from selection.plans.certify import ASSUMPTION, Certificate

    if not isinstance(facts, dict):
        return ""
    numbers = {
        field.name: facts.get(field.name)
        for field in fields(Certificate)
        if field.name not in ("assumption", "warning")
    }
    if any(not isinstance(value, int | float | None) for value in numbers.values()):
        return ""
    assumption = facts.get("assumption")
    said = assumption if isinstance(assumption, str) else ASSUMPTION
    warning = str(facts.get("warning", ""))[:400]
    try:
        numbers["labels_may_help"] = bool(numbers["labels_may_help"])
        made = Certificate(**numbers, assumption=said[:400], warning=warning)  # type: ignore[arg-type]
        return made.sentence()
    except TypeError:  # a number that is missing
        return ""
