"""The plans to test, their order and their answers: fixed before any label is seen.

A family is written as JSON without one label of the certification images. Its SHA-256
goes into plan.json, so that anybody can check that labels had no part in it: the file
can be kept, or sent away, before the first label is given.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from datasets.errors import InputError
from selection.arrays import Float64s, Ints, Json
from selection.belief import belief, believed
from selection.contract import Selector
from selection.plans.asking import Standing, asked, open_rows, standing
from selection.plans.known import Known, compared
from selection.replay import replay
from selection.scored import Scored
from selection.selectors.catalogue import from_json

_FORMAT = 1


@dataclass(frozen=True)
class LabelStep:
    """A plan that was certified as soon as so many labels had been read."""

    labels: int
    saved_percent: float  # of the reference's MACs, on the certification images


@dataclass(frozen=True)
class Asked:
    """Where the asking ended."""

    standing: Standing
    known: Known
    steps: tuple[LabelStep, ...]  # each time that what is certified grew


@dataclass(frozen=True, eq=False, kw_only=True)
class Family:
    """K plans over n certification images, the first to be tested first."""

    reference: str
    max_drop_points: float
    confidence: float
    selectors: tuple[Selector, ...]
    macs: tuple[float, ...]  # mean of one image, of each plan
    reference_macs: float
    ids: tuple[str, ...]
    reference_answers: Ints  # (n,)
    answers: Ints  # (K, n)
    stops: Ints  # (K, n): place of the rung that each climb ended at
    hopes: Float64s  # (K, n): in which order labels are asked for, the highest first
    search_images: int
    search_labels: int  # of those images, how many had a label that was read
    candidates: int

    @property
    def limit(self) -> float:
        """A fraction."""
        return self.max_drop_points / 100

    def standing(self, known: Known) -> Standing:
        """With the labels given so far."""
        return standing(
            self.reference_answers,
            tuple(self.answers),
            known,
            self.limit,
            self.confidence,
            tuple(self.hopes),
        )

    def open_rows(self, plan: int, known: Known) -> tuple[int, ...]:
        """Images of one plan whose labels would say more, the best to ask first."""
        here = compared(self.reference_answers, self.answers[plan], known)
        return open_rows(here, self.hopes[plan])

    def asked(self, labels: Ints, most: int | None = None) -> Asked:
        """With labels that are there, at most so many, each read when it is asked for.

        Stopping early keeps the promise (docs/guarantee.md): it may end at a dearer
        plan, and at no other one.
        """
        labels_at: dict[int, int] = {}  # how many plans passed: labels read by then

        def enough(here: Standing, known: Known) -> bool:
            labels_at.setdefault(here.passed, known.said)
            return most is not None and known.said >= most

        here, known = asked(
            self.reference_answers,
            tuple(self.answers),
            labels,
            self.limit,
            self.confidence,
            tuple(self.hopes),
            enough,
        )
        steps = (
            LabelStep(said, self.saved_percent(passed - 1))
            for passed, said in labels_at.items()
            if passed
        )
        return Asked(here, known, tuple(steps))

    def saved_percent(self, plan: int) -> float:
        """Of the reference's MACs, mean of one certification image."""
        return 100 * (1 - self.macs[plan] / self.reference_macs)

    def to_json(self) -> Json:
        return {
            "format": _FORMAT,
            "kind": "family",
            "reference": self.reference,
            "max_drop_points": self.max_drop_points,
            "confidence": self.confidence,
            "selectors": [one.to_json() for one in self.selectors],
            "macs": list(self.macs),
            "reference_macs": self.reference_macs,
            "ids": list(self.ids),
            "reference_answers": self.reference_answers.tolist(),
            "answers": self.answers.tolist(),
            "stops": self.stops.tolist(),
            "hopes": self.hopes.tolist(),
            "search_images": self.search_images,
            "search_labels": self.search_labels,
            "candidates": self.candidates,
        }

    @property
    def sha256(self) -> str:
        """Of its JSON with sorted keys and no spaces."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def family_of(
    selectors: Sequence[Selector],
    certifying: Scored,
    reference: str,
    max_drop_points: float,
    confidence: float,
    search: Scored,
    candidates: int,
) -> Family:
    """The plans' answers on the certification images, whose labels stay unread."""
    images = certifying.unlabelled()
    column = images.index(reference)
    own = images.answers[:, column]
    beliefs = belief(images)
    done = [replay(selector, images) for selector in selectors]
    sure = believed(beliefs, own)
    hopes = [believed(beliefs, one.answers) - sure for one in done]
    shape = (len(done), images.images)
    return Family(
        reference=reference,
        max_drop_points=max_drop_points,
        confidence=confidence,
        selectors=tuple(selectors),
        macs=tuple(one.mean_macs for one in done),
        reference_macs=float(images.macs[column]),
        ids=images.ids,
        reference_answers=own,
        answers=np.array([one.answers for one in done], np.int64).reshape(shape),
        stops=np.array([one.last for one in done], np.int64).reshape(shape),
        hopes=np.round(np.array(hopes, np.float64).reshape(shape), 4),
        search_images=search.images,
        search_labels=int(search.labelled.sum()),
        candidates=candidates,
    )


def family_from_json(facts: Json) -> Family:
    """What `Family.to_json` wrote.

    Raises:
        InputError: something else.
    """
    if facts.get("kind") != "family" or facts.get("format") != _FORMAT:
        raise InputError.of(
            "family.json",
            f"kind {facts.get('kind')!r}, format {facts.get('format')!r}",
            "what `reswise plan` writes",
        )
    try:
        return _read(facts)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError.of(
            "family.json",
            f"is not whole ({error!r})",
            "what `reswise plan` writes",
            "Run it again.",
        ) from error


def _read(facts: Json) -> Family:
    columns = {
        name: np.array(facts[name], np.int64)
        for name in ("reference_answers", "answers", "stops")
    }
    ids = tuple(map(str, facts["ids"]))  # type: ignore[call-overload]
    selectors = tuple(from_json(one) for one in facts["selectors"])  # type: ignore[attr-defined]
    shape = (len(selectors), len(ids))
    if columns["answers"].shape != shape or columns["stops"].shape != shape:
        raise ValueError(f"answers of shape {columns['answers'].shape}, not {shape}")
    return Family(
        reference=str(facts["reference"]),
        max_drop_points=float(facts["max_drop_points"]),  # type: ignore[arg-type]
        confidence=float(facts["confidence"]),  # type: ignore[arg-type]
        selectors=selectors,
        macs=tuple(facts["macs"]),  # type: ignore[arg-type]
        reference_macs=float(facts["reference_macs"]),  # type: ignore[arg-type]
        ids=ids,
        reference_answers=columns["reference_answers"],
        answers=columns["answers"],
        stops=columns["stops"],
        hopes=np.array(facts["hopes"], np.float64).reshape(shape),
        search_images=int(facts["search_images"]),  # type: ignore[call-overload]
        search_labels=int(facts["search_labels"]),  # type: ignore[call-overload]
        candidates=int(facts["candidates"]),  # type: ignore[call-overload]
    )
