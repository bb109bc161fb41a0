"""The techniques of low rank: lowrank, tucker and lowrank_energy."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import keras
import numpy as np
from numpy.typing import NDArray

from datasets.errors import InputError, ModelError
from keras_models.compression.contract import ALL_REPAIRS, Repairs, check_strength
from keras_models.compression.lowrank.fitting import split_model
from keras_models.compression.lowrank.options import (
    LayerOptions,
    layer_options,
    splittable,
)
from keras_models.compression.lowrank.ranks import Choice, by_energy, by_loss, saved
from keras_models.compression.lowrank.splits import BEST_OF, TUCKER, Split
from keras_models.compression.surgery import rewritten
from keras_models.graphs.calls import calls
from keras_models.graphs.reapplying import has_graph
from keras_models.graphs.shapes import steps
from keras_models.macs import count_macs
from keras_models.pretrained import tensors_sha256

Float32s = NDArray[np.float32]

_Options = tuple[LayerOptions, ...]


@dataclass(frozen=True, kw_only=True)
class LowRank:
    """Layers split where the scores suffer least; one of `contract.Technique`."""

    name: str
    what: str
    splits: tuple[Split, ...]
    allocation: Callable[[Sequence[LayerOptions], int], Choice]
    strengths: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5)
    strength_is: str = "the part of the network's MACs that is taken away"
    keeps: str = (
        "all tensors of layers that are not split, but the moving statistics of batch "
        "normalisations, which a repair measures anew"
    )
    needs_pictures: bool = True
    _known: dict[str, _Options] = field(  # the last one, for another strength
        default_factory=dict, repr=False, compare=False
    )

    def applies(self, model: keras.Model) -> str:
        """Empty, or why there is nothing to split."""
        if not has_graph(model) or len(model.inputs) != 1:
            return "is not a functional or sequential model of one input"
        if any(splittable(calls(model), steps(model), self.splits)):
            return ""
        kinds = (
            "Conv2D of one group with a kernel larger than 1 x 1"
            if self.splits == TUCKER
            else "Conv2D of one group or Dense"
        )
        return f"has no layer to split (a {kinds}, called once)"

    def apply(
        self,
        model: keras.Model,
        strength: float,
        pictures: Float32s,
        repairs: Repairs = ALL_REPAIRS,
    ) -> keras.Model:
        """A copy with `strength` of the MACs taken away; see `Technique.apply`."""
        if why := self.applies(model):
            raise ModelError.of(model.name, f"{why}: {self.name} does not apply")
        check_strength(self.name, strength)
        if not len(pictures):
            raise InputError("pictures", "none", f"at least one for {self.name}")
        rewritten(model, {})  # says why not, before minutes of work
        layers = self._options(model, pictures)
        total = count_macs(model).macs
        wanted = round(strength * total)
        choice = self.allocation(layers, wanted)
        if saved(layers, choice) < wanted:
            raise InputError(
                "strength", strength,
                f"at most {np.floor(1000 * saved(layers, choice) / total) / 1000:g}",
                f"No more of {model.name} can go by {self.name}.",
            )  # fmt: skip
        return split_model(model, layers, choice, pictures, repairs)

    def _options(self, model: keras.Model, pictures: Float32s) -> _Options:
        drawn = hashlib.sha256(np.ascontiguousarray(pictures).tobytes()).hexdigest()
        key = f"{id(model)} {tensors_sha256(model)} {drawn}"
        if key not in self._known:
            made = layer_options(model, self.splits, pictures)
            self._known.clear()
            self._known[key] = made
        return self._known[key]


LOWRANK = LowRank(
    name="lowrank",
    what=(
        "each convolution or dense layer as two, by principal components of its "
        "outputs or by separable kernels, whichever costs the scores less; ranks over "
        "the whole network by what the scores lose"
    ),
    splits=BEST_OF,
    allocation=by_loss,
)
TUCKER_2 = LowRank(
    name="tucker",
    what=(
        "each spatial convolution as 1 x 1, k x k, 1 x 1 (Tucker-2), weighted by its "
        "inputs' covariance; ranks over the whole network by what the scores lose"
    ),
    splits=TUCKER,
    allocation=by_loss,
    strengths=(0.05, 0.1, 0.2, 0.3),
)
LOWRANK_ENERGY = LowRank(
    name="lowrank_energy",
    what="as lowrank, every layer giving up the same part of its outputs' energy",
    splits=BEST_OF,
    allocation=by_energy,
)
