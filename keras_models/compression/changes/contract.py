"""What every change of architecture is: a trained network in, another one out.

A changed network must be trained before it is of use (`reswise train --change`): what
it keeps, and what it makes of the old weights, is where that training starts.
"""

from dataclasses import dataclass
from typing import Protocol

import keras


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A network after a change."""

    model: keras.Model
    # places in get_weights of (the parent, the changed network): equal to the bit
    kept: tuple[tuple[int, int], ...]
    replaced: tuple[str, ...]  # names of the parent's layers that gave way or grew
    left: tuple[str, ...]  # convolutions that stayed as they were, each with the reason


class Change(Protocol):
    """One architecture change."""

    @property
    def name(self) -> str:
        """As `--change` spells it: separable, ghost, gap."""

    @property
    def what(self) -> str:
        """What it does, for a list: one line."""

    @property
    def paper(self) -> str:
        """Where it comes from."""

    @property
    def keeps(self) -> str:
        """What it leaves of the weights as it was, and what the new ones begin as."""

    def applies(self, model: keras.Model) -> str:
        """Empty, or why it can do nothing for this model, in one line."""

    def apply(self, model: keras.Model) -> Changed:
        """A changed model of fresh, plain Keras layers; `model` itself stays as it is.

        What is drawn at random follows `keras.utils.set_random_seed`.

        Args:
            model: (None, R, R, channels) -> (None, classes), channels last.
        Raises:
            datasets.errors.ModelError: it does not apply; says why.
        """
