"""The arrays of selection by their kind, and a selector as JSON."""

import numpy as np
from numpy.typing import NDArray

Float64s = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Scores = NDArray[np.float32]
Json = dict[str, object]

UNLABELLED = -1  # the label of an image whose class nobody has said
