"""A five-resolution sweep of mobilenet_v2: ours against the obvious script.

Whole processes, imports and conversion included, on the same files: pairs, each in the
other order than the one before, since a machine is not as fast at all times. The
obvious script is `image_dataset_from_directory` and `model.predict` once a resolution.
"""

import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.pictures import class_folders

IMAGES = 2000
PAIRS = 3
RESOLUTIONS = (224, 192, 160, 128, 96)

_OBVIOUS = """
import sys, keras
folder, *sides = sys.argv[1:]
native = keras.applications.MobileNetV2(weights=None)
for side in map(int, sides):
    model = keras.applications.MobileNetV2(
        input_tensor=keras.Input((side, side, 3)), weights=None)
    model.set_weights(native.get_weights())
    images = keras.utils.image_dataset_from_directory(
        folder, image_size=(side, side), shuffle=False, batch_size=32)
    model.predict(images.map(lambda x, y: x / 127.5 - 1), verbose=0)
"""


@dataclass(frozen=True)
class _Measured:
    seconds: float
    peak_bytes: int


def main() -> None:
    """Prints images/s and peak memory of both, and the ratio of every pair."""
    obvious: list[_Measured] = []
    ours: list[_Measured] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "pictures"
        what = class_folders(folder, IMAGES)
        for pair in range(PAIRS):
            turns = [
                (obvious, _obvious(folder)),
                (ours, _ours(folder, Path(name) / f"run{pair}")),
            ]
            for results, command in turns[:: -1 if pair % 2 else 1]:
                results.append(_run(command))
    resolutions = ", ".join(map(str, RESOLUTIONS))
    print(f"sweep: mobilenet_v2 at {resolutions} over {what}, {os.cpu_count()} CPUs")
    for label, results in (("obvious script", obvious), ("reswise drop", ours)):
        seconds = median(one.seconds for one in results)
        rate = IMAGES * len(RESOLUTIONS) / seconds
        peak = max(one.peak_bytes for one in results)
        print(
            f"  {label:15} {seconds:7.1f} s  {rate:6.1f} images/s  "
            f"peak {peak / 1e9:.2f} GB"
        )
    ratios = [a.seconds / b.seconds for a, b in zip(obvious, ours, strict=True)]
    every = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"  ratio of rates: median {median(ratios):.2f} of {PAIRS} pairs ({every})")


def _obvious(folder: Path) -> list[str]:
    return [sys.executable, "-c", _OBVIOUS, str(folder), *map(str, RESOLUTIONS)]


def _ours(folder: Path, run: Path) -> list[str]:
    flags = {
        "--model": "mobilenet_v2",
        "--weights": "random",
        "--dataset": f"folder:{folder}",
        "--crop": "squash",
        "--resolutions": ",".join(map(str, RESOLUTIONS)),
        "--run": str(run),
    }
    words = [word for pair in flags.items() for word in pair]
    return [sys.executable, "-m", "reswise", "drop", *words]


def _run(command: list[str]) -> _Measured:
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    quiet = os.open(os.devnull, os.O_WRONLY)
    started = time.perf_counter()
    child = os.posix_spawn(
        command[0],
        command,
        environment,
        file_actions=[(os.POSIX_SPAWN_DUP2, quiet, 1)],
    )
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - started
    os.close(quiet)
    if status:
        raise RuntimeError(f"{' '.join(command[:3])} ended with {status}")
    return _Measured(seconds, 1024 * usage.ru_maxrss)
