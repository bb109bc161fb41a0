"""Converting MobileNetV2: what quantisers take, and what every rung and recipe runs in.

Latency stands beside multiply-accumulates (MACs), since a resolution is chosen for the
MACs that it saves: the table says how much of that saving arrives, and where a recipe
is slower than float32. All in one run, each file's runs spread over it, so that a busy
machine slows all alike.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.pictures import photographs
from keras_models.framework import quiet, silent

RESOLUTIONS = (224, 160, 96)
RECIPES = ("float32", "float16", "dynamic_int8", "full_int8")
CALIBRATION = 50  # images
THREADS = (1, 2)
ROUNDS, RUNS = 12, 4  # rounds over all files; runs of one file in each
_SLOWER = 1.05  # times float32's latency, from which a warning is due
_UNSTABLE = (
    1.2  # times the lower quartile: a median above says that others computed too
)


@dataclass(frozen=True)
class _File:
    recipe: str
    resolution: int
    content: bytes
    macs: int


def main() -> None:
    """Prints conversion times, then latencies at one and two threads."""
    quiet()
    with tempfile.TemporaryDirectory() as name:
        files = _conversion(Path(name))
    for threads in THREADS:
        _latency(files, threads)


def _conversion(folder: Path) -> list[_File]:
    from convert.quantising.calibration import Calibration
    from convert.quantising.recipes import RECIPES as KNOWN
    from convert.rung_files import RungFiles
    from convert.wanted import WantedRung
    from datasets.preprocessing import Preprocessing
    from keras_models.macs import count_macs

    source, dataset, what = _model_and_images()
    calibration = Calibration(dataset.limited(CALIBRATION), 0)
    files = []
    print(f"conversion: mobilenet_v2, calibrated on {CALIBRATION} {what}; seconds")
    print(f"  {'':18}{'litert-quantizer':>18}{'TensorFlow':>12}")
    base = WantedRung(source, RESOLUTIONS[0], Preprocessing(1.0))
    makers = {
        quantiser: RungFiles(
            folder=folder / quantiser,
            base=base,
            quantiser=quantiser,
            calibration=calibration,
        )
        for quantiser in ("litert", "tensorflow")
    }
    for resolution in RESOLUTIONS:
        rung = WantedRung(source, resolution, Preprocessing(1.0))
        macs = count_macs(source.at(resolution)).macs
        for name in RECIPES:
            recipe = KNOWN[name]
            seconds = [_timed(maker, rung, recipe) for maker in makers.values()]
            print(f"  {name + f' {resolution}':18}{seconds[0]:18.1f}{seconds[1]:12.1f}")
            content = makers["litert"].path(rung, recipe).read_bytes()
            files.append(_File(name, resolution, content, macs))
    print("  below the first resolution float32, float16 and dynamic_int8 are the same")
    print("  files with other shapes; times of full_int8 hold its calibration")
    return files


def _model_and_images() -> tuple[Any, Any, str]:
    from datasets.catalogue import open_dataset
    from keras_models.loading import ModelChoice, load

    folder = photographs()
    if folder is None:
        source = load(ModelChoice(model="mobilenet_v2", weights="random"))
        return source, open_dataset("glyphs", "calibration"), "glyphs"
    weights = folder / "weights" / "mobilenet_v2_imagenet.weights.h5"
    images = open_dataset(f"csv:{folder / 'photographs' / 'labels.csv'}")
    return (
        load(ModelChoice(model="mobilenet_v2", weights=str(weights))),
        images,
        "photographs",
    )


def _timed(maker: Any, rung: Any, recipe: Any) -> float:
    started = time.perf_counter()
    maker.make(rung, [recipe])
    return time.perf_counter() - started


def _latency(files: list[_File], threads: int) -> None:
    seconds, stable = _seconds(files, threads)
    native = RESOLUTIONS[0]
    cpus = os.cpu_count()
    print(f"latency with {threads} threads of {cpus} CPUs, lower quartiles")
    if not stable:
        print("  UNSTABLE: medians are over 1.2 times these; the machine is not idle")
    print(f"  {'':18}{'ms':>8}{'ns/MMAC':>10}{'MACs -%':>9}{'latency -%':>12}")
    for file in files:
        own = seconds[file.recipe, file.resolution]
        first = next(one for one in files if one.resolution == native)
        whole = seconds[file.recipe, native]
        plain = seconds["float32", file.resolution]
        slower = own > _SLOWER * plain
        print(
            f"  {file.recipe + f' {file.resolution}':18}{1e3 * own:8.2f}"
            f"{1e9 * own / (file.macs / 1e6):10.0f}"
            f"{100 * (1 - file.macs / first.macs):9.1f}"
            f"{100 * (1 - own / whole):12.1f}"
            + (f"  WARNING: {own / plain:.2f} times float32" if slower else "")
        )


def _seconds(
    files: list[_File], threads: int
) -> tuple[dict[tuple[str, int], float], bool]:
    """((recipe, resolution) -> seconds of one run, whether they are steady)."""
    runs: dict[tuple[str, int], list[float]] = {}
    interpreters = [_interpreter(file.content, threads) for file in files]
    for _ in range(ROUNDS):
        for file, interpreter in zip(files, interpreters, strict=True):
            times = list(_runs(interpreter))
            runs.setdefault((file.recipe, file.resolution), []).extend(times)
    quarters = {key: float(np.quantile(times, 0.25)) for key, times in runs.items()}
    spread = max(float(np.median(runs[key])) / quarters[key] for key in runs)
    return quarters, spread <= _UNSTABLE


def _interpreter(content: bytes, threads: int) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    with silent():
        interpreter: Any = Interpreter(model_content=content, num_threads=threads)
        interpreter.allocate_tensors()
        interpreter.invoke()
    return interpreter


def _runs(interpreter: Any) -> Iterator[float]:
    interpreter.invoke()  # caches held another file
    for _ in range(RUNS):
        started = time.perf_counter()
        interpreter.invoke()
        yield time.perf_counter() - started
