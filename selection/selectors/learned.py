"""Looks first: a thumbnail's features choose the rung before anything is paid.

A small dense net gives, for each rung, the chance that the rung is right; the rung of
the highest chance less `price` x its cost, in parts of the dearest rung's, is run, and
its answer stands.
"""

from dataclasses import dataclass, replace

import numpy as np

from datasets.errors import InputError
from selection.arrays import Bools, Float64s, Ints, Json
from selection.contract import LAST, Answers
from selection.scored import Scored, check_ladder
from selection.selectors.thumbnail import FEATURES, OWN_MACS


@dataclass(frozen=True)
class Dense:
    """One layer: weights (inputs, outputs), biases (outputs,)."""

    weights: tuple[tuple[float, ...], ...]
    biases: tuple[float, ...]

    def apply(self, inputs: Float64s) -> Float64s:
        """(n, inputs) -> (n, outputs); summed input by input, so n is no matter."""
        total = np.tile(np.array(self.biases), (len(inputs), 1))
        for place, row in enumerate(self.weights):
            total = total + inputs[:, place : place + 1] * np.array(row)
        return total


@dataclass(frozen=True)
class Learned:
    """Runs one rung, chosen from the look of the thumbnail.

    Raises:
        InputError: layers that do not fit, a negative price.
    """

    ladder: tuple[str, ...]
    costs: tuple[float, ...]  # MACs of each rung in parts of the dearest
    layers: tuple[Dense, ...]  # ReLU between them; the last has one output a rung
    price: float = 0.0

    def __post_init__(self) -> None:
        check_ladder(self.ladder)
        rungs = len(self.ladder)
        fits = self.layers and len(self.layers[-1].biases) == rungs == len(self.costs)
        if not fits or len(self.layers[0].weights) != FEATURES:
            raise InputError.of(
                f"learned selector of {rungs} rungs",
                "its layers do not fit",
                f"{FEATURES} inputs, one output and one cost for each rung",
            )
        if not self.price >= 0:
            raise InputError("price", self.price, "0 or more")

    @property
    def answer(self) -> str:
        return LAST

    @property
    def own_macs(self) -> int:
        """The features, and the net's multiplications."""
        return OWN_MACS + sum(len(d.weights) * len(d.biases) for d in self.layers)

    def chances(self, looks: Float64s) -> Float64s:
        """(n, FEATURES) -> (n, rungs): chance that each rung is right."""
        values = looks
        for layer in self.layers[:-1]:
            values = np.maximum(layer.apply(values), 0)
        return np.asarray(1 / (1 + np.exp(-self.layers[-1].apply(values))))

    def places(self, looks: Float64s) -> Ints:
        """(n,) index of the rung chosen."""
        worth = self.chances(looks) - self.price * np.array(self.costs)
        return np.asarray(worth.argmax(axis=1))

    def with_price(self, price: float) -> "Learned":
        return replace(self, price=price)

    def next_rung(self, answers: Answers) -> str | None:
        """The rung chosen, until it has answered.

        Raises:
            InputError: the thumbnail's features are not there.
        """
        if answers.look is None:
            raise InputError.of("learned", "needs the look of each thumbnail")
        chosen = self.ladder[int(self.places(answers.look[None])[0])]
        return None if chosen in answers.scores else chosen

    def paid(self, scored: Scored) -> Bools:
        """(n, rungs): one True a row.

        Raises:
            InputError: the thumbnails' features are not there.
        """
        if scored.looks is None:
            raise InputError.of("learned", "needs the look of each thumbnail")
        places = self.places(scored.looks)
        return np.asarray(np.arange(len(self.ladder))[None, :] == places[:, None])

    def to_json(self) -> Json:
        layers = [{"weights": d.weights, "biases": d.biases} for d in self.layers]
        return {
            "kind": "learned",
            "ladder": list(self.ladder),
            "costs": list(self.costs),
            "price": self.price,
            "layers": layers,
        }


def learned_from_json(facts: Json) -> Learned:
    """What `Learned.to_json` wrote."""
    layers = tuple(
        Dense(tuple(tuple(row) for row in layer["weights"]), tuple(layer["biases"]))
        for layer in facts["layers"]  # type: ignore[attr-defined]
    )
    ladder: tuple[str, ...] = tuple(facts["ladder"])  # type: ignore[arg-type]
    costs: tuple[float, ...] = tuple(facts["costs"])  # type: ignore[arg-type]
    return Learned(ladder, costs, layers, float(facts["price"]))  # type: ignore[arg-type]
