"""Channel pruning of ResNet50 v1.5 without training: what each repair is worth.

Real photographs with ImageNet labels judge; calibration pictures are others. Drops are
of top-1 accuracy in points on the same pictures as the parent's, with the paired 95 %
interval. RESWISE_BENCH_IMAGES and RESWISE_BENCH_MODEL (resnet50, mobilenet_v2) make it
shorter.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.pictures import photographs
from keras_models.framework import quiet

IMAGES = int(os.environ.get("RESWISE_BENCH_IMAGES", "300"))
MODEL = os.environ.get("RESWISE_BENCH_MODEL", "resnet50")
CALIBRATION = 128  # pictures
STRENGTHS = (0.2, 0.3)
RESOLUTION = 224

Float32s = NDArray[np.float32]
Ints = NDArray[np.int64]


def main() -> None:
    """Prints one line a technique, strength and set of repairs."""
    quiet()
    folder = photographs()
    if folder is None:
        print("channels: needs real photographs and weights, which are not here")
        return
    with tempfile.TemporaryDirectory() as name:
        source = _network(folder, Path(name))
    seen = _pictures(folder, ["imagenet_sample"], 0.875, source.normalisation)[0]
    judged, labels = _pictures(
        folder, ["photographs", "imagenet_val"], 1.0, source.normalisation
    )
    chosen = np.linspace(0, len(judged) - 1, min(IMAGES, len(judged))).astype(int)
    _table(source, seen[:CALIBRATION], judged[chosen], labels[chosen])


def _table(source: Any, seen: Float32s, judged: Float32s, labels: Ints) -> None:
    from keras_models.accuracy import correct, paired_drop
    from keras_models.macs import count_macs

    parent = correct(_scores(source.model, judged), labels)
    whole = count_macs(source.model).macs
    print(
        f"channels: {source.name}, {len(judged)} photographs judged (top-1 "
        f"{100 * parent.mean():.1f} %), {len(seen)} others for calibration"
    )
    print(f"  {'technique':17}{'repairs':24}{'MACs -%':>8}{'drop, points':>24}{'s':>6}")
    for technique, strength, name, repairs in _cells():
        started = time.perf_counter()
        child = technique.apply(source.model, strength, seen, repairs)
        seconds = time.perf_counter() - started
        drop = paired_drop(parent, correct(_scores(child, judged), labels))
        saved = 100 * (1 - count_macs(child).macs / whole)
        interval = f"{drop.points:.1f} ({drop.low:.1f} to {drop.high:.1f})"
        print(
            f"  {technique.name:17}{name:24}{saved:8.1f}{interval:>24}{seconds:6.0f}",
            flush=True,
        )


def _cells() -> Iterator[tuple[Any, float, str, Any]]:
    from keras_models.compression.channels.technique import (
        CHANNELS,
        CHANNELS_L1,
        CHANNELS_MEDIAN,
    )
    from keras_models.compression.contract import ALL_REPAIRS, NO_REPAIRS, Repairs

    ladder = {
        "none": NO_REPAIRS,
        "bias": Repairs(least_squares=False, batch_norm=False),
        "bias, batch norm": Repairs(least_squares=False),
        "all, with least squares": ALL_REPAIRS,
    }
    for technique in (CHANNELS, CHANNELS_L1, CHANNELS_MEDIAN):
        for strength in STRENGTHS:
            for name, repairs in ladder.items():
                yield technique, strength, name, repairs


def _network(folder: Path, made: Path) -> Any:
    from keras_models.loading import ModelChoice, load

    weights = folder / "weights"
    if MODEL == "mobilenet_v2":
        file = weights / "mobilenet_v2_imagenet.weights.h5"
        return load(ModelChoice(model="mobilenet_v2", weights=str(file)))
    target = made / "resnet50_v15.keras"
    maker = [sys.executable, str(weights / "make_resnet50.py"), str(target)]
    subprocess.run(maker, check=True, capture_output=True)
    return load(ModelChoice(model=str(target), normalisation="caffe"))


def _pictures(
    folder: Path, names: Sequence[str], crop: float, normalisation: str
) -> tuple[Float32s, Ints]:
    """Pictures of some data sets as the network takes them, and their labels."""
    from datasets.batches import pictures
    from datasets.catalogue import open_dataset
    from datasets.preprocessing import Preprocessing
    from keras_models.normalisation import normalise

    whole = Preprocessing(crop)
    pixels, labels = [], []
    for name in names:
        dataset = open_dataset(f"csv:{folder / name / 'labels.csv'}")
        for batch in pictures(dataset, [RESOLUTION], [whole]):
            pixels.append(normalise(batch.pixels[whole, RESOLUTION], normalisation))
            labels.append(np.asarray(dataset.labels)[batch.indices])
    return np.concatenate(pixels), np.concatenate(labels).astype(np.int64)


def _scores(model: Any, judged: Float32s) -> Float32s:
    given = model.predict(judged, batch_size=32, verbose=0)
    return np.asarray(given, np.float32)


if __name__ == "__main__":
    main()
