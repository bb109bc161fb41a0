"""A five-resolution sweep of mobilenet_v2: ours against the obvious script.

Whole processes, imports and conversion included, one after the other on the same
files. The obvious script is `image_dataset_from_directory` and `model.predict` once
a resolution.
"""

import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.pictures import class_folders

IMAGES = 2000
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
    """Prints images/s, the ratio, and the peak memory of both."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "pictures"
        what = class_folders(folder, IMAGES)
        sides = [str(side) for side in RESOLUTIONS]
        obvious = _run([sys.executable, "-c", _OBVIOUS, str(folder), *sides])
        ours = _run(
            [
                sys.executable,
                "-m",
                "reswise",
                "drop",
                "--model",
                "mobilenet_v2",
                "--weights",
                "random",
                "--dataset",
                f"folder:{folder}",
                "--crop",
                "squash",
                "--resolutions",
                ",".join(sides),
                "--run",
                str(Path(name) / "run"),
            ]
        )
    print(
        f"sweep: mobilenet_v2 at {', '.join(sides)} over {what}, {os.cpu_count()} CPUs"
    )
    for label, measured in (("obvious script", obvious), ("reswise drop", ours)):
        rate = IMAGES * len(RESOLUTIONS) / measured.seconds
        print(
            f"  {label:15} {measured.seconds:7.1f} s  {rate:6.1f} images/s  "
            f"peak {measured.peak_bytes / 1e9:.2f} GB"
        )
    print(f"  ratio of rates: {obvious.seconds / ours.seconds:.2f}")


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
