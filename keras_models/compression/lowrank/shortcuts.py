"""What a residual block's last layer can make up for: the error of its shortcut.

Where a layer's outputs, or their batch normalisation, are added to another map, an
error of that map is an error of the sum. So the layer is fitted to what it should give
plus what the other map lacks. After He et al. 2017, arXiv:1707.06168, section 3.3.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras_models.compression.lowrank.sensitivity import norm_scale, only_reader
from keras_models.graphs.calls import Calls

Float64s = NDArray[np.float64]

_LEAST = 0.1  # of a norm's mean scale: weaker channels cannot make up for much


@dataclass(frozen=True)
class Shortcut:
    """The other map of the addition that a layer ends in."""

    value: int  # its number; computed before the layer runs
    norm: Any  # the batch normalisation between layer and addition, or None

    def scale(self) -> Float64s | float:
        """What the addition gets of the layer's outputs."""
        if self.norm is None:
            return 1.0
        scale = norm_scale(self.norm)
        least = _LEAST * np.abs(scale).mean()
        signs = np.where(scale < 0, -1.0, 1.0)
        return np.asarray(signs * np.maximum(np.abs(scale), least))


def shortcut(graph: Calls, number: int) -> Shortcut | None:
    """The shortcut past the layer of a call, if it ends in an addition of two."""
    following = only_reader(graph, graph.calls[number])
    norm = None
    if following is not None and following.kind == "BatchNormalization":
        norm = following.operation
        following = only_reader(graph, following)
    if following is None or following.kind != "Add" or len(following.inputs) != 2:
        return None
    own = _own(graph, number)
    other = [value for value in following.inputs if value not in own]
    made = {value for call in graph.calls[:number] for value in call.outputs}
    return Shortcut(other[0], norm) if len(other) == 1 and other[0] in made else None


def _own(graph: Calls, number: int) -> set[int]:
    """The values that a call gives, and what its batch normalisation makes of them."""
    own = set(graph.calls[number].outputs)
    for call in graph.calls[number + 1 :]:
        if call.kind == "BatchNormalization" and set(call.inputs) <= own:
            own |= set(call.outputs)
    return own
