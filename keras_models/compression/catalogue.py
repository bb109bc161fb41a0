"""The compression techniques that there are, a line each; two groups, in their order.

STRUCTURE changes the graph, so it comes first: what a mask cut would else be mixed with
what was kept. WEIGHTS changes values within a graph. Quantising, by a recipe of
`convert`, comes last and is not listed here (`recipes.py`).
"""

from datasets.errors import InputError
from keras_models.compression.channels.technique import (
    CHANNELS,
    CHANNELS_L1,
    CHANNELS_MEDIAN,
)
from keras_models.compression.clustering import Clustering
from keras_models.compression.contract import Technique
from keras_models.compression.lowrank.technique import (
    LOWRANK,
    LOWRANK_ENERGY,
    TUCKER_2,
)
from keras_models.compression.magnitude import Magnitude
from keras_models.compression.magnitude_global import MagnitudeGlobal
from keras_models.compression.tfmot import TFMOT
from keras_models.compression.two_four import TwoFour

STRUCTURE: tuple[Technique, ...] = (
    LOWRANK,
    TUCKER_2,
    LOWRANK_ENERGY,
    CHANNELS,
    CHANNELS_L1,
    CHANNELS_MEDIAN,
)

WEIGHTS: tuple[Technique, ...] = (
    Magnitude(),
    MagnitudeGlobal(),
    TwoFour(),
    Clustering(),
    *TFMOT,
)

TECHNIQUES = {technique.name: technique for technique in (*STRUCTURE, *WEIGHTS)}


def technique(name: str) -> Technique:
    """The technique of a name.

    Raises:
        InputError: there is none.
    """
    if name not in TECHNIQUES:
        raise InputError("technique", name, f"one of {', '.join(TECHNIQUES)}")
    return TECHNIQUES[name]
