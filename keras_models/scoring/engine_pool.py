"""Interpreters for several threads: each picture runs through all rungs in one thread.

One set of single-threaded interpreters a core beats one set that uses all cores by
half: at batch 1 a network's operations are too small to be split well.
"""

from collections.abc import Collection, Mapping
from queue import SimpleQueue

from joblib import cpu_count

from datasets.batches import Input, Inputs
from keras_models.normalisation import normalise
from keras_models.scoring.engines import LitertEngine, Scores

_WEIGHTS_BYTES = 2**29  # of all interpreters together: each packs its weights anew


class EnginePool:
    """Sets of interpreters, one per resolution: a set a core, or as memory allows.

    Args:
        flatbuffers: resolution -> the .tflite that serves it.
        normalisation: how pixels enter, see keras_models/normalisation.py.
    """

    def __init__(self, flatbuffers: Mapping[int, bytes], normalisation: str) -> None:
        cores = cpu_count()  # by affinity and the container's quota
        weights = sum(len(flatbuffer) for flatbuffer in flatbuffers.values())
        sets = max(1, min(cores, _WEIGHTS_BYTES // max(weights, 1)))
        self._normalisation = normalisation
        self._idle: SimpleQueue[dict[int, LitertEngine]] = SimpleQueue()
        for _ in range(sets):
            self._idle.put(
                {
                    resolution: LitertEngine(flatbuffer, resolution, cores // sets)
                    for resolution, flatbuffer in flatbuffers.items()
                }
            )

    def scores(self, wanted: Collection[Input], pixels: Inputs) -> dict[Input, Scores]:
        """One picture's scores, each (classes,); waits while all sets are busy."""
        images = {
            each: normalise(pixels[each][None], self._normalisation) for each in wanted
        }
        engines = self._idle.get()
        try:
            return {each: engines[each[1]].scores(images[each])[0] for each in wanted}
        finally:
            self._idle.put(engines)
