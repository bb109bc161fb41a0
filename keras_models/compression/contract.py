"""What every compression technique is: a trained network in, a cheaper one out."""

from dataclasses import dataclass
from typing import Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.errors import InputError

Float32s = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Repairs:
    """Mended on calibration pictures, without training; each can be left out."""

    least_squares: bool = True  # the layer that reads fewer channels, fitted anew
    bias: bool = True  # each layer's mean output as the parent's
    batch_norm: bool = True  # means and variances measured anew


ALL_REPAIRS = Repairs()
NO_REPAIRS = Repairs(least_squares=False, bias=False, batch_norm=False)


class Technique(Protocol):
    """One way to make a trained network cheaper without training it."""

    @property
    def name(self) -> str:
        """As recipes spell it: lowrank, channels, magnitude."""

    @property
    def what(self) -> str:
        """What it does, for a list: one line."""

    @property
    def strength_is(self) -> str:
        """What its strength counts, such as the part of the MACs that is taken away."""

    @property
    def strengths(self) -> tuple[float, ...]:
        """The strengths tried where none is named, ascending, each in (0, 1)."""

    @property
    def keeps(self) -> str:
        """What it leaves of the weights as it was, for the reader of a table."""

    @property
    def needs_pictures(self) -> bool:
        """Whether `apply` looks at calibration pictures."""

    def applies(self, model: keras.Model) -> str:
        """Empty, or why it can do nothing for this model, in one line."""

    def apply(
        self,
        model: keras.Model,
        strength: float,
        pictures: Float32s,
        repairs: Repairs = ALL_REPAIRS,
    ) -> keras.Model:
        """A cheaper model of fresh layers; `model` itself is left as it is.

        Args:
            model: (None, R, R, channels) -> (None, classes), of plain Keras layers.
            strength: what is taken away, in (0, 1); more is cheaper.
            pictures: (n, R, R, channels), as the model takes them, unlabelled;
                (0, R, R, channels) where none are needed.
        Raises:
            datasets.errors.InputError: it does not apply, or a strength beyond reach.
        """


def check_strength(technique: str, strength: float) -> None:
    """Refuses a strength outside of (0, 1).

    Raises:
        InputError: it is outside.
    """
    if not 0 < strength < 1:
        raise InputError(
            "strength",
            f"{strength:g}",
            f"between 0 and 1, the part that {technique} takes away, such as 0.3",
        )
