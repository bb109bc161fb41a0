"""What is known of the labels of some images: a class, or classes that are wrong.

A person who is shown two answers says which is right, or neither; then the class is
still unknown, but two classes are ruled out. An image of which nothing is known counts
as lost wherever two answers differ, so that more knowledge can only help a plan.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from datasets.errors import InputError
from selection.arrays import UNLABELLED, Bools, Ints
from selection.plans.bound import Flips

FIRST, SECOND, NEITHER = "first", "second", "neither"


@dataclass
class Known:
    """Labels of n images as far as they have been said; `say` adds to them."""

    labels: Ints  # (n,), UNLABELLED where the class is not known
    ruled_out: dict[int, set[int]] = field(default_factory=dict)  # row -> classes

    @staticmethod
    def nothing(images: int) -> "Known":
        return Known(np.full(images, UNLABELLED))

    @property
    def said(self) -> int:
        """Images of which something is known: what a person was asked."""
        labelled = np.flatnonzero(self.labels != UNLABELLED).tolist()
        return len({*labelled, *self.ruled_out})

    def say(self, row: int, pair: tuple[int, int], which: str) -> None:
        """One answer to "which of these two classes is right?".

        Raises:
            InputError: it contradicts what was said of that image before.
        """
        if which == NEITHER:
            self._rule_out(row, pair)
            return
        label = pair[0] if which == FIRST else pair[1]
        before = int(self.labels[row])
        if before not in (UNLABELLED, label) or label in self.ruled_out.get(row, ()):
            raise InputError.of(
                f"image {row}",
                f"class {label} is said to be right, and before that it was not",
                "",
                "Keep one answer an image, or the same class in each.",
            )
        self.labels[row] = label

    def _rule_out(self, row: int, classes: Iterable[int]) -> None:
        if int(self.labels[row]) in classes:
            raise InputError.of(
                f"image {row}",
                "neither of two classes is said to be right, and before that "
                f"{int(self.labels[row])} was",
                "",
                "Keep one answer an image.",
            )
        self.ruled_out.setdefault(row, set()).update(classes)

    def wrong(self, answers: Ints) -> Bools:
        """(n,): whether the answer is known to be wrong."""
        wrong = (self.labels != UNLABELLED) & (answers != self.labels)
        for row, classes in self.ruled_out.items():
            wrong[row] |= int(answers[row]) in classes
        return np.asarray(wrong)

    def right(self, answers: Ints) -> Bools:
        """(n,): whether the answer is known to be right."""
        return np.asarray(answers == self.labels)


@dataclass(frozen=True, eq=False, kw_only=True)
class Compared:
    """A plan's answers beside the reference's on the same images; each (n,)."""

    differ: Bools
    lost: Bools  # known to be
    won: Bools  # known to be
    not_lost: Bools  # they differ, and the reference is known to be wrong
    not_won: Bools  # they differ, and the plan is known to be wrong

    @property
    def open(self) -> Bools:
        """They differ, and a label would say more."""
        return np.asarray(
            self.differ & ~self.won & ~self.lost & ~(self.not_lost & self.not_won)
        )

    def at_worst(self, inside: Bools | None = None) -> Flips:
        """What may be lost counts as lost.

        Args:
            inside: (n,) of the images that count; None: all.
        """
        lost = np.asarray(self.differ & ~self.won & ~self.not_lost)
        return self._flips(lost, self.won, inside)

    def at_best(self) -> Flips:
        """What may be won counts as won: no further label could do more."""
        won = np.asarray(self.differ & ~self.lost & ~self.not_won)
        return self._flips(self.lost, won, None)

    def _flips(self, lost: Bools, won: Bools, inside: Bools | None) -> Flips:
        kept = np.ones(len(won), bool) if inside is None else inside
        lost_count, won_count, differing = (
            int((flipped & kept).sum()) for flipped in (lost, won, self.differ)
        )
        return Flips(lost_count, won_count, int(kept.sum()), differing)


def compared(reference: Ints, here: Ints, known: Known) -> Compared:
    """Of two columns of answers; where they are the same nothing is lost or won."""
    differ = np.asarray(reference != here)
    return Compared(
        differ=differ,
        lost=differ & known.right(reference),
        won=differ & known.right(here),
        not_lost=differ & known.wrong(reference),
        not_won=differ & known.wrong(here),
    )
