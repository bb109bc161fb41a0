"""JPEGs decoded at a reduced scale: what it saves in time and costs in accuracy.

The reason why full-size decoding is the rule: see WORKSPACE.md.
"""

import time

import numpy as np

from benchmarks.pictures import photographs
from datasets.batches import pictures
from datasets.catalogue import open_dataset
from datasets.preprocessing import Preprocessing
from keras_models.accuracy import correct, paired_drop
from keras_models.framework import quiet
from keras_models.loading import ModelChoice, load
from keras_models.normalisation import normalise
from keras_models.scoring.engines import LitertEngine, float_flatbuffer

RESOLUTIONS = (160, 128, 96)


def main() -> None:
    """Prints, per resolution, decoding time and top-1 of full and reduced decoding."""
    folder = photographs()
    if folder is None:
        print("reduced_decode: skipped, no photographs here")
        return
    quiet()
    weights = folder / "weights" / "mobilenet_v2_imagenet.weights.h5"
    source = load(ModelChoice(model="mobilenet_v2", weights=str(weights)))
    flatbuffer = float_flatbuffer(source.model)
    dataset = open_dataset(f"csv:{folder / 'photographs' / 'labels.csv'}")
    print(f"reduced_decode: mobilenet_v2, {len(dataset)} photographs of 299x299")
    for resolution in RESOLUTIONS:
        engine = LitertEngine(flatbuffer, resolution, 2)
        seconds, right, answers = {}, {}, {}
        for reduced in (False, True):
            started = time.perf_counter()
            pixels = _pixels(resolution, reduced)
            seconds[reduced] = time.perf_counter() - started
            scores = engine.scores(normalise(pixels, "tf"))
            right[reduced] = correct(scores, dataset.labels)
            answers[reduced] = scores.argmax(axis=1)
        drop = paired_drop(right[False], right[True])
        moved = (answers[False] != answers[True]).mean()
        print(
            f"  {resolution}: decoding {1e3 * seconds[False] / len(dataset):.2f} -> "
            f"{1e3 * seconds[True] / len(dataset):.2f} ms an image, top-1 "
            f"{100 * right[False].mean():.1f} -> {100 * right[True].mean():.1f} %, "
            f"drop {drop.low:.1f}..{drop.high:.1f} points, "
            f"{100 * moved:.1f} % of the answers change"
        )


def _pixels(resolution: int, reduced: bool) -> np.ndarray:
    folder = photographs()
    whole = Preprocessing(crop=1.0)
    dataset = open_dataset(f"csv:{folder}/photographs/labels.csv")
    batches = pictures(dataset, [resolution], [whole], reduced_decode=reduced)
    return np.concatenate([batch.pixels[whole, resolution] for batch in batches])
